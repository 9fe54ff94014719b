import Base
package import JSON
package import Objects

/// Everything that the API knows of a resource: the one place that discovery, decoding,
/// defaulting, validation, printing and OpenAPI read. It is plain data with a few functions, so a
/// resource that a user defines can have one too. It never changes; it is a class because it is
/// large and every request hands it on.
package final class ResourceDefinition: Sendable {
    package let resource: Resource
    package let singularName: String
    package let shortNames: [String]
    /// Groups of resources that `kubectl get` knows by one word, such as `all`.
    package let categories: [String]
    package let verbs: [String]
    package let subresources: [Subresource]
    package let schema: ObjectSchema
    package let columns: [TableColumn]
    /// What a field selector may ask for besides `metadata.name` and `metadata.namespace`.
    package let selectableFields: [SelectableField]
    let strategy: ResourceStrategy
    /// Set for a version whose objects are kept as objects of another version.
    let conversion: ResourceConversion?
    /// The objects of a resource that is never written; the Store holds none of them.
    let constants: [JSON]

    init(
        _ resource: Resource, singularName: String? = nil, shortNames: [String] = [],
        categories: [String] = [], verbs: [String] = ResourceDefinition.allVerbs,
        subresources: [Subresource] = [], schema: ObjectSchema, columns: [TableColumn],
        selectableFields: [SelectableField] = [], strategy: ResourceStrategy,
        conversion: ResourceConversion? = nil, constants: [JSON] = []
    ) {
        self.resource = resource
        self.singularName = singularName ?? resource.kind.lowercased()
        self.shortNames = shortNames
        self.categories = categories
        self.verbs = verbs
        self.subresources = subresources
        self.schema = schema
        self.columns = columns
        self.selectableFields = selectableFields
        self.strategy = strategy
        self.conversion = conversion
        self.constants = constants
    }

    static let allVerbs = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]

    package func subresource(_ name: String) -> Subresource? {
        subresources.first { $0.name == name }
    }

    package var hasStatusSubresource: Bool { subresource("status") != nil }
}

/// A path under an object, such as `pods/web/log`.
package struct Subresource: Sendable, Equatable {
    package let name: String
    /// The group and version of its documents where they differ from the resource's own.
    package let group: String?
    package let version: String?
    package let kind: String
    package let verbs: [String]

    init(
        _ name: String, kind: String, group: String? = nil, version: String? = nil,
        verbs: [String]
    ) {
        self.name = name
        self.group = group
        self.version = version
        self.kind = kind
        self.verbs = verbs
    }

    static func status(_ kind: String) -> Subresource {
        Subresource("status", kind: kind, verbs: ["get", "patch", "update"])
    }

    static func proxy(_ kind: String) -> Subresource {
        Subresource("proxy", kind: kind, verbs: ["create", "delete", "get", "patch", "update"])
    }

    static let scale = Subresource(
        "scale", kind: "Scale", group: "autoscaling", version: "v1",
        verbs: ["get", "patch", "update"])
}

/// A field that selectors may name, and what a document holds there.
package struct SelectableField: Sendable {
    package let name: String
    /// The value as selectors compare it; empty when the document has none.
    package let value: @Sendable (JSON) -> String

    /// A field at the path that its name spells.
    init(_ name: String) {
        let path = name.split(separator: ".").map(String.init)
        self.init(name) { $0[path: path]?.selectorText ?? "" }
    }

    init(_ name: String, _ value: @escaping @Sendable (JSON) -> String) {
        self.name = name
        self.value = value
    }
}

extension JSON {
    fileprivate var selectorText: String {
        switch self {
        case .string(let text): text
        case .bool(let value): value ? "true" : "false"
        case .integer(let number): String(number)
        default: ""
        }
    }
}

/// What is particular to a resource beyond its schema: how its documents are completed, judged
/// and printed.
struct ResourceStrategy: Sendable {
    /// What `metadata.name` must look like.
    var nameFormat: StringFormat = .dnsSubdomain
    /// Whether the server counts changes of the spec in `metadata.generation`.
    var hasGeneration = false
    /// Whether a change of the annotations counts too.
    var countsAnnotations = false
    /// Whether an update may create the object (`PUT` of a name that is not there).
    var allowsCreateOnUpdate = false
    /// Defaults that depend on other fields; those that do not are in the schema.
    var defaults: @Sendable (inout JSON) -> Void = { _ in }
    /// Completes a new document, after defaults.
    var prepareForCreate: @Sendable (inout JSON) -> Void = { _ in }
    /// Completes a changed document: new, old, subresource.
    var prepareForUpdate: @Sendable (inout JSON, JSON, String?) -> Void = { _, _, _ in }
    /// Subresources besides `status` that write a part of the status.
    var statusWriters: Set<String> = []
    /// Judges the part of a document that is the resource's own; metadata and what the schema says
    /// have been judged before.
    var validate: @Sendable (JSON, inout Validation) -> Void = { _, _ in }
    /// Judges a change: new, old, subresource.
    var validateUpdate: @Sendable (JSON, JSON, String?, inout Validation) -> Void = {
        _, _, _, _ in
    }
    /// The cells of a table, one a column.
    var cells: @Sendable (JSON, WallTime) -> [JSON] = { _, _ in [] }

    /// Whether a change makes a new generation.
    func isGenerationBumped(_ document: JSON, _ old: JSON) -> Bool {
        if document["spec"] != old["spec"] { return true }
        return countsAnnotations
            && document["metadata"]?["annotations"] != old["metadata"]?["annotations"]
    }
}
