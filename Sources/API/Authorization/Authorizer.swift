import Objects
import Store

/// Who may do what. Administrators and podmesh's own parts may do all; machines what a kubelet
/// needs; everybody with a credential may discover and ask about himself, and do what roles that
/// are bound to him allow (`rbac.authorization.k8s.io`).
struct Authorizer: Sendable {
    let roles: RoleIndex
    /// What Pods and volumes there are, which decides what a machine may see.
    private let snapshot: Snapshot

    /// - Parameter snapshot: the state that the request is judged on.
    init(roles: RoleIndex = RoleIndex(), snapshot: Snapshot = Snapshot()) {
        self.roles = roles
        self.snapshot = snapshot
    }

    /// What anybody may ask, known or not.
    static func isOpenToAll(_ path: String) -> Bool {
        ["/livez", "/readyz", "/healthz"].contains { path == $0 || path.hasPrefix($0 + "/") }
            || path == "/version" || path == "/version/"
    }

    func allows(_ action: Action, for user: UserInfo) -> Bool {
        if user.isMaster { return true }
        if let path = action.path, allowsPath(path, action.verb, user) { return true }
        if action.path == nil, !user.isAnonymous {
            if Self.selfReviews.contains(action.resource), action.verb == "create" { return true }
            if user.isMachine,
                NodeAuthorizer(snapshot: snapshot).judge(action, by: user) == .allowed
            {
                return true
            }
        }
        return roles.rules(for: user, in: action.namespace).contains { $0.allows(action) }
    }

    /// Whether something is allowed, and why.
    struct Decision: Sendable, Equatable {
        var isAllowed: Bool
        /// Which binding allows it, or why a machine may not; often there is nothing to say.
        var reason: String
    }

    /// As ``allows(_:for:)``, with the reason, which costs more.
    func decide(_ action: Action, for user: UserInfo) -> Decision {
        guard allows(action, for: user) else {
            return Decision(isAllowed: false, reason: nodeReason(action, user))
        }
        guard !user.isMaster, let grant = roles.grant(of: action, to: user) else {
            return Decision(isAllowed: true, reason: "")
        }
        return Decision(isAllowed: true, reason: "RBAC: allowed by \(grant)")
    }

    private static let selfReviews = [
        "selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews",
    ]

    private func allowsPath(_ path: String, _ verb: String, _ user: UserInfo) -> Bool {
        guard verb == "get" || verb == "head" else { return false }
        if Self.isOpenToAll(path) { return true }
        guard !user.isAnonymous else { return false }
        // What Kubernetes' ClusterRole `system:monitoring` allows.
        if path == "/metrics", user.groups.contains("system:monitoring") { return true }
        return ["/api", "/apis", "/openapi", "/version"].contains {
            path == $0 || path.hasPrefix($0 + "/")
        } || path == "/"
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
        let reason = nodeReason(action, user)
        return StatusError(
            .forbidden,
            "\(subject) is forbidden: User \(quotedText(user.name)) cannot \(action.verb) "
                + "resource \(quotedText(resource)) in API group \(quotedText(action.group)) "
                + place + (reason.isEmpty ? "" : ": " + reason),
            name: action.name, group: action.group, kind: action.resource)
    }

    /// Why a machine's own rules do not allow it; empty for anybody else.
    private func nodeReason(_ action: Action, _ user: UserInfo) -> String {
        guard user.isMachine,
            case .noOpinion(let reason) = NodeAuthorizer(snapshot: snapshot)
                .judge(action, by: user)
        else { return "" }
        return reason
    }

    /// Whoever acts as somebody else must be allowed to take that name, each of the groups, the
    /// extra values and the UID.
    func checkImpersonation(
        _ impersonation: Impersonation, by user: UserInfo
    ) throws(StatusError) {
        try check(impersonation.identity, by: user)
        for group in impersonation.groups {
            try check(
                Action(verb: "impersonate", group: "", resource: "groups", name: group), by: user)
        }
        for extra in impersonation.extra {
            for value in extra.values {
                try check(
                    Action(
                        verb: "impersonate", group: "authentication.k8s.io",
                        resource: "userextras", subresource: extra.name, name: value),
                    by: user)
            }
        }
        guard !impersonation.uid.isEmpty else { return }
        try check(
            Action(
                verb: "impersonate", group: "authentication.k8s.io", resource: "uids",
                name: impersonation.uid),
            by: user)
    }
}

extension Impersonation {
    /// A service account is a resource of its namespace, any other name a user.
    fileprivate var identity: Action {
        guard let account = serviceAccount else {
            return Action(verb: "impersonate", group: "", resource: "users", name: user)
        }
        return Action(
            verb: "impersonate", group: "", resource: "serviceaccounts",
            namespace: account.namespace, name: account.name)
    }
}
