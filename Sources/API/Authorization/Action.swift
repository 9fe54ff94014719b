import Objects

/// What a request wants to do, as authorization sees it (`authorization.k8s.io/v1`
/// ResourceAttributes and NonResourceAttributes).
struct Action: Sendable, Equatable {
    var verb: String
    var group = ""
    var version = ""
    var resource = ""
    var subresource = ""
    var namespace = ""
    var name = ""
    /// Set for requests that are about no resource, such as `/version`.
    var path: String?
    /// The Node whose Pods alone are asked for (`fieldSelector=spec.nodeName=…`).
    var selectedNode: String?

    init(verb: String, path: String) {
        self.verb = verb
        self.path = path
    }

    init(
        verb: String, group: String, version: String = "", resource: String,
        subresource: String = "", namespace: String = "", name: String = ""
    ) {
        self.verb = verb
        self.group = group
        self.version = version
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }

    init(_ request: APIRequest, _ target: RequestTarget, _ query: QueryParameters) {
        switch target {
        case .resource(let target):
            self.init(
                verb: Self.verb(request.method, target, query), group: target.resource.group,
                version: target.resource.version, resource: target.resource.plural,
                subresource: target.subresource?.name ?? "",
                namespace: target.resource == .namespaces ? target.name ?? "" : target.namespace,
                name: target.name ?? "")
            guard target.name == nil, isRead, let text = query.first("fieldSelector"),
                let fields = try? FieldExpression(parsing: text, for: target.definition)
            else { return }
            // One object that is listed by its name counts as named, as in Kubernetes.
            name = fields.required("metadata.name") ?? ""
            selectedNode = fields.required("spec.nodeName")
        case .review(let kind, let namespace):
            self.init(
                verb: "create", group: kind.group, version: kind.version, resource: kind.plural,
                namespace: namespace)
        case .usage(let kind, let target):
            self.init(
                verb: Self.verb(request.method, target, query), group: UsageKind.group,
                version: UsageKind.version, resource: kind.plural, namespace: target.namespace,
                name: target.name ?? "")
        default:
            self.init(verb: request.method.rawValue.lowercased(), path: request.path)
        }
    }

    private static func verb(
        _ method: APIRequest.Method, _ target: ResourceTarget, _ query: QueryParameters
    ) -> String {
        switch method {
        case .get, .head:
            if target.subresource == nil, query.bool("watch") { return "watch" }
            return target.name == nil ? "list" : "get"
        case .post: return "create"
        case .put: return "update"
        case .patch: return "patch"
        case .delete: return target.name == nil ? "deletecollection" : "delete"
        case .other: return "unknown"
        }
    }

    var isRead: Bool { ["get", "list", "watch"].contains(verb) }
}
