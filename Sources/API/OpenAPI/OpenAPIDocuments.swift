import Objects

/// The OpenAPI documents of the resources served, as bytes that are made on first use.
package final class OpenAPIDocuments: Sendable {
    private let registry: ResourceRegistry

    package init(_ registry: ResourceRegistry) { self.registry = registry }

    /// The answer of `/openapi/v3`: each group version's path with a hash of its document.
    package func index() -> [UInt8] { [] }

    /// The OpenAPI v3 document at a path such as `api/v1` or `apis/apps/v1`.
    package func document(_ path: String) -> [UInt8]? { nil }

    /// The answer of `/openapi/v2`: one Swagger document for everything.
    package func swagger() -> [UInt8] { [] }
}
