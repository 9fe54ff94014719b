import JSON
import Objects
import Store

/// The roles and bindings of a Store.
struct RoleIndex: Sendable {
    /// Namespace (empty for a ClusterRole) and name of a role.
    struct RoleName: Hashable, Sendable {
        var namespace: String
        var name: String
    }

    private struct Binding: Sendable {
        /// Where it holds; empty for the whole cluster.
        var namespace: String
        var role: RoleName
        var name: String
        /// As messages describe the subject.
        var subject: String

        var description: String {
            let kind = namespace.isEmpty ? "ClusterRoleBinding" : "RoleBinding"
            let name = namespace.isEmpty ? name : "\(name)/\(namespace)"
            let role = "\(role.namespace.isEmpty ? "ClusterRole" : "Role") \"\(role.name)\""
            return "\(kind) \"\(name)\" of \(role) to \(subject)"
        }
    }

    private var rules: [RoleName: [PolicyRule]] = [:]
    /// The bindings of each subject: `user:`, `group:` and its name.
    private var bindings: [String: [Binding]] = [:]

    static let kinds: [Resource] = [
        .clusterRoles, .roles, .clusterRoleBindings, .roleBindings,
    ]

    init() {}

    init(_ snapshot: Snapshot) {
        for kind in [Resource.clusterRoles, .roles] {
            for (key, document) in snapshot.list(.all(of: kind)) {
                rules[RoleName(namespace: key.namespace, name: key.name)] =
                    document.json.list("rules").map(PolicyRule.init)
            }
        }
        for kind in [Resource.clusterRoleBindings, .roleBindings] {
            for (key, document) in snapshot.list(.all(of: kind)) {
                add(document.json, named: key.name, in: key.namespace)
            }
        }
    }

    private mutating func add(_ json: JSON, named name: String, in namespace: String) {
        for subject in json.list("subjects") {
            let binding = Binding(
                namespace: namespace, role: Self.role(of: json, in: namespace), name: name,
                subject: Self.description(of: subject))
            bindings[Self.identity(of: subject), default: []].append(binding)
        }
    }

    private static func description(of subject: JSON) -> String {
        let kind = subject.text("kind")
        var name = subject.text("name")
        if kind == "ServiceAccount" { name += "/" + subject.text("namespace") }
        return "\(kind) \"\(name)\""
    }

    /// The role that a binding in a namespace names.
    static func role(of binding: JSON, in namespace: String) -> RoleName {
        let reference = binding["roleRef"] ?? [:]
        let isLocal = reference.text("kind") == "Role"
        return RoleName(namespace: isLocal ? namespace : "", name: reference.text("name"))
    }

    private static func identity(of subject: JSON) -> String {
        switch subject.text("kind") {
        case "Group": "group:" + subject.text("name")
        case "ServiceAccount":
            "user:system:serviceaccount:\(subject.text("namespace")):\(subject.text("name"))"
        default: "user:" + subject.text("name")
        }
    }

    /// The rules of a role; none when there is no such role.
    func rules(of role: RoleName) -> [PolicyRule] { rules[role] ?? [] }

    /// Whether there is such a role.
    func has(_ role: RoleName) -> Bool { rules[role] != nil }

    private func bindings(of user: UserInfo, in namespace: String) -> [Binding] {
        let subjects = ["user:" + user.name] + user.groups.map { "group:" + $0 }
        return subjects.flatMap { bindings[$0] ?? [] }
            .filter { $0.namespace.isEmpty || $0.namespace == namespace }
    }

    /// What a user may do in a namespace, or at the cluster scope when it is empty.
    func rules(for user: UserInfo, in namespace: String) -> [PolicyRule] {
        bindings(of: user, in: namespace).flatMap { rules[$0.role] ?? [] }
    }

    /// The binding that allows an action, in Kubernetes' words; those of the whole cluster first.
    func grant(of action: Action, to user: UserInfo) -> String? {
        let granting = bindings(of: user, in: action.namespace).filter { binding in
            (rules[binding.role] ?? []).contains { $0.allows(action) }
        }
        return (granting.first { $0.namespace.isEmpty } ?? granting.first)?.description
    }
}
