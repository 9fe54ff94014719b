import JSON
import Objects
import Synchronization

/// The OpenAPI documents of the resources served, as bytes that are made on first use and kept.
/// `kubectl explain`, `kubectl apply` and client-side validation read them.
package final class OpenAPIDocuments: Sendable {
    /// One group version's document.
    private struct Entry: Sendable {
        /// `api/v1`, `apis/apps/v1`.
        let path: String
        let bytes: [UInt8]
        let hash: String
    }

    private let registry: ResourceRegistry
    private let entries = Mutex<[Entry]?>(nil)
    private let swaggerBytes = Mutex<[UInt8]?>(nil)
    private let swaggerProtobufBytes = Mutex<[UInt8]?>(nil)

    package init(_ registry: ResourceRegistry) { self.registry = registry }

    /// The answer of `/openapi/v3`: each group version's path, with a hash by which clients know
    /// whether their copy is still good.
    package func index() -> [UInt8] {
        var paths: JSON = [:]
        for entry in allEntries() {
            paths[entry.path] = [
                "serverRelativeURL": .string("/openapi/v3/\(entry.path)?hash=\(entry.hash)")
            ]
        }
        return (["paths": paths] as JSON).bytes
    }

    /// The OpenAPI v3 document at a path such as `api/v1` or `apis/apps/v1`; nil when there is no
    /// such group version.
    package func document(_ path: String) -> [UInt8]? {
        allEntries().first { $0.path == path }?.bytes
    }

    /// The hash of that document, as the index tells it; also its ETag.
    package func hash(_ path: String) -> String? {
        allEntries().first { $0.path == path }?.hash
    }

    /// The answer of `/openapi/v2` as JSON: one Swagger document for everything.
    package func swagger() -> [UInt8] {
        swaggerBytes.withLock { known in
            let bytes = known ?? Self.make(.v2, registry.definitions).bytes
            known = bytes
            return bytes
        }
    }

    /// The same as protobuf, as far as kubectl reads it.
    func swaggerProtobuf() -> [UInt8] {
        swaggerProtobufBytes.withLock { known in
            let bytes = known ?? SwaggerProtobuf.bytes(of: Self.make(.v2, registry.definitions))
            known = bytes
            return bytes
        }
    }

    private func allEntries() -> [Entry] {
        entries.withLock { known in
            let list =
                known
                ?? registry.groupVersions.map { groupVersion in
                    let root = groupVersion.contains("/") ? "apis" : "api"
                    let bytes = Self.make(
                        .v3,
                        registry.definitions.filter { $0.resource.apiVersion == groupVersion }
                    ).bytes
                    return Entry(
                        path: "\(root)/\(groupVersion)", bytes: bytes, hash: Self.hash(bytes))
                }
            known = list
            return list
        }
    }

    /// Types of subresources' documents that are no resource themselves.
    static let subresourceTypes: [String: ObjectSchema] = [
        "Scale": AutoscalingV1.scale, "Binding": CoreV1.binding, "Eviction": PolicyV1.eviction,
    ]

    private static func make(
        _ dialect: OpenAPISchemas.Dialect, _ definitions: [ResourceDefinition]
    ) -> JSON {
        var schemas = OpenAPISchemas(dialect)
        var paths = JSONObject()
        for definition in definitions {
            schemas.add(definition.schema, kinds: [definition.resource])
            for subresource in definition.subresources {
                if let type = subresourceTypes[subresource.kind] {
                    schemas.add(
                        type,
                        kinds: [
                            Resource(
                                group: subresource.group ?? definition.resource.group,
                                version: subresource.version ?? definition.resource.version,
                                plural: "", kind: subresource.kind, isNamespaced: true)
                        ])
                }
            }
            let list = schemas.addList(of: definition.schema, definition.resource)
            let all = OpenAPIPaths(dialect: dialect, definition: definition, listName: list).all()
            for (path, item) in all { paths[path] = item }
        }
        schemas.add(patch)
        let info: JSON = ["title": "podmesh", "version": "v1.36.0"]
        switch dialect {
        case .v2:
            return [
                "swagger": "2.0", "info": info, "paths": .object(paths),
                "definitions": schemas.json,
            ]
        case .v3:
            return [
                "openapi": "3.0.0", "info": info, "paths": .object(paths),
                "components": ["schemas": schemas.json],
            ]
        }
    }

    /// The body of a patch.
    private static let patch = ObjectSchema(
        .meta, "Patch", "The changes of a patch, in the form that its content type names."
    ) {}

    /// FNV-1a in 64 bits, in hexadecimal: it tells copies apart and keeps no secret.
    private static func hash(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes {
            hash ^= UInt64(byte)
            hash = hash &* 0x100_0000_01B3
        }
        return String(hash, radix: 16, uppercase: true)
    }
}
