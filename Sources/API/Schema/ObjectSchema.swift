package import JSON

/// A named type of the API: the one declaration of its fields. Instances are made once, as
/// `static let`, and shared by every use.
package final class ObjectSchema: Sendable {
    package let package: APIPackage
    /// The type's own name, such as `PodSpec`.
    package let name: String
    package let description: String
    package let fields: [Field]
    /// Whether a strategic merge patch clears the fields that it does not name
    /// (`retainKeys`, as on a Deployment's strategy).
    package let retainsKeys: Bool
    /// Whether server-side apply owns the object as one value (`x-kubernetes-map-type: atomic`).
    package let isAtomic: Bool
    /// Fields that a document must hold and that may not be empty.
    let requiredFields: [Field]
    /// Fields that have a default, or whose type may hold some.
    let defaultedFields: [Field]
    private let table: FieldTable

    package init(
        _ package: APIPackage, _ name: String, _ description: String, retainsKeys: Bool = false,
        isAtomic: Bool = false, @FieldListBuilder _ fields: () -> [Field]
    ) {
        self.package = package
        self.name = name
        self.description = description
        self.fields = fields()
        self.retainsKeys = retainsKeys
        self.isAtomic = isAtomic
        requiredFields = self.fields.filter(\.isRequired)
        defaultedFields = self.fields.filter { $0.default != nil || $0.holdsDefaults }
        table = FieldTable(self.fields.map(\.name))
    }

    package func field(_ name: String) -> Field? {
        table.position(of: name).map { fields[$0] }
    }

    /// The name of the definition in OpenAPI documents, such as `io.k8s.api.core.v1.PodSpec`.
    package var definitionName: String { package.definitionPrefix + name }

    /// The type as Go prints it in decoding errors, such as `v1.PodSpec`.
    var goName: String { "\(package.goName).\(name)" }
}

/// One field of a type. It is a class because walks over documents look fields up all the time, and
/// a reference is handed out at less cost than its parts.
package final class Field: Sendable {
    package let name: String
    package let schema: Schema
    package let description: String
    /// A required field must be present and, for strings, lists and numbers, not be empty.
    package let isRequired: Bool
    /// What the server fills in when a document leaves the field out.
    package let `default`: JSON?
    /// Whether a value of the field may hold fields that have defaults.
    let holdsDefaults: Bool
    /// Whether validation has anything to look at in a value of the field.
    let isJudged: Bool

    init(
        _ name: String, _ schema: Schema, _ description: String, required: Bool = false,
        default: JSON? = nil
    ) {
        self.name = name
        self.schema = schema
        self.description = description
        self.isRequired = required
        holdsDefaults = schema.holdsDefaults
        isJudged = schema.isJudged
        self.default = `default`.map { schema.completed($0) ?? $0 }
    }

    convenience init(
        _ name: String, _ type: ObjectSchema, _ description: String, required: Bool = false,
        default: JSON? = nil
    ) {
        self.init(name, .object(type), description, required: required, default: `default`)
    }
}

@resultBuilder
package enum FieldListBuilder {
    package static func buildBlock(_ fields: [Field]...) -> [Field] { fields.flatMap { $0 } }
    package static func buildExpression(_ field: Field) -> [Field] { [field] }
    package static func buildExpression(_ fields: [Field]) -> [Field] { fields }
}

/// Where Kubernetes declares a type; it makes the name of its OpenAPI definition.
package enum APIPackage: Sendable {
    case core, apps, batch, discovery, coordination, autoscaling, autoscalingV2, policy
    case networking, rbac, scheduling, node, storage, certificates, meta, util, quantity
    case settings, events, flowcontrol
    case custom(prefix: String)

    var definitionPrefix: String {
        switch self {
        case .core: "io.k8s.api.core.v1."
        case .apps: "io.k8s.api.apps.v1."
        case .discovery: "io.k8s.api.discovery.v1."
        case .coordination: "io.k8s.api.coordination.v1."
        case .autoscaling: "io.k8s.api.autoscaling.v1."
        case .autoscalingV2: "io.k8s.api.autoscaling.v2."
        case .batch: "io.k8s.api.batch.v1."
        case .certificates: "io.k8s.api.certificates.v1."
        case .networking: "io.k8s.api.networking.v1."
        case .node: "io.k8s.api.node.v1."
        case .policy: "io.k8s.api.policy.v1."
        case .rbac: "io.k8s.api.rbac.v1."
        case .scheduling: "io.k8s.api.scheduling.v1."
        case .events: "io.k8s.api.events.v1."
        case .flowcontrol: "io.k8s.api.flowcontrol.v1."
        case .settings: "io.k8s.api.settings.v1alpha1."
        case .storage: "io.k8s.api.storage.v1."
        case .meta: "io.k8s.apimachinery.pkg.apis.meta.v1."
        case .util: "io.k8s.apimachinery.pkg.util.intstr."
        case .quantity: "io.k8s.apimachinery.pkg.api.resource."
        case .custom(let prefix): prefix
        }
    }

    /// The name of the Go package.
    var goName: String {
        switch self {
        case .util: "intstr"
        case .quantity: "resource"
        case .autoscalingV2: "v2"
        case .settings: "v1alpha1"
        default: "v1"
        }
    }
}

extension Schema {
    /// Whether a value of this shape may hold fields that have defaults.
    var holdsDefaults: Bool {
        switch self {
        case .object(let type): !type.defaultedFields.isEmpty
        case .list(let element, _): element.holdsDefaults
        case .map(let element, _): element.holdsDefaults
        default: false
        }
    }
}
