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
        case .review(let kind, let namespace):
            self.init(
                verb: "create", group: kind.group, version: kind.version, resource: kind.plural,
                namespace: namespace)
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

/// Who may do what. Administrators and podmesh's own parts may do all; machines what a kubelet
/// needs; everybody else may discover and ask about himself. Roles take their place here.
struct Authorizer: Sendable {
    /// What anybody may ask, known or not.
    static func isOpenToAll(_ path: String) -> Bool {
        ["/livez", "/readyz", "/healthz"].contains { path == $0 || path.hasPrefix($0 + "/") }
            || path == "/version" || path == "/version/"
    }

    func allows(_ action: Action, for user: UserInfo) -> Bool {
        if user.isMaster { return true }
        if let path = action.path { return allowsPath(path, action.verb, user) }
        if user.isAnonymous { return false }
        if Self.selfReviews.contains(action.resource), action.verb == "create" { return true }
        return user.isMachine && allowsMachine(action)
    }

    private static let selfReviews = [
        "selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews",
    ]

    private func allowsPath(_ path: String, _ verb: String, _ user: UserInfo) -> Bool {
        guard verb == "get" || verb == "head" else { return false }
        if Self.isOpenToAll(path) { return true }
        guard !user.isAnonymous else { return false }
        return ["/api", "/apis", "/openapi", "/version"].contains {
            path == $0 || path.hasPrefix($0 + "/")
        } || path == "/"
    }

    /// Kubelets read what Pods need, and write what they see.
    private func allowsMachine(_ action: Action) -> Bool {
        switch (action.group, action.resource, action.subresource) {
        case ("", "secrets", ""), ("", "configmaps", ""), ("", "services", ""),
            ("", "endpoints", ""), ("discovery.k8s.io", "endpointslices", ""),
            ("", "namespaces", ""), ("", "serviceaccounts", ""):
            return action.isRead
        case ("", "nodes", ""), ("", "nodes", "status"), ("", "pods", ""),
            ("", "pods", "status"), ("", "pods", "eviction"), ("", "events", ""),
            ("coordination.k8s.io", "leases", ""):
            return action.verb != "deletecollection"
        case ("", "serviceaccounts", "token"):
            return action.verb == "create"
        case ("authentication.k8s.io", "tokenreviews", ""),
            ("authorization.k8s.io", "subjectaccessreviews", ""):
            return action.verb == "create"
        default:
            return false
        }
    }

    /// Throws 403 in Kubernetes' words.
    func check(_ action: Action, by user: UserInfo) throws(StatusError) {
        guard !allows(action, for: user) else { return }
        if let path = action.path {
            throw StatusError(
                .forbidden,
                "forbidden: User \(quotedText(user.name)) cannot \(action.verb) path "
                    + quotedText(path))
        }
        throw refusal(action, user)
    }

    private func refusal(_ action: Action, _ user: UserInfo) -> StatusError {
        let group = action.group.isEmpty ? "" : ".\(action.group)"
        var resource = action.resource
        if !action.subresource.isEmpty { resource += "/\(action.subresource)" }
        let subject =
            "\(action.resource)\(group)"
            + (action.name.isEmpty ? "" : " \(quotedText(action.name))")
        let place =
            action.namespace.isEmpty
            ? "at the cluster scope" : "in the namespace \(quotedText(action.namespace))"
        return StatusError(
            .forbidden,
            "\(subject) is forbidden: User \(quotedText(user.name)) cannot \(action.verb) "
                + "resource \(quotedText(resource)) in API group \(quotedText(action.group)) "
                + place,
            name: action.name, group: action.group, kind: action.resource)
    }

    /// Only administrators act as somebody else.
    func checkImpersonation(
        _ impersonation: Impersonation, by user: UserInfo
    ) throws(StatusError) {
        guard !user.isMaster else { return }
        let action = Action(
            verb: "impersonate", group: "", resource: "users", name: impersonation.user)
        throw refusal(action, user)
    }
}
