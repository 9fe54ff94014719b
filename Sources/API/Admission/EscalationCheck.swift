import JSON
import Objects
import Store

/// Nobody gives away, in a role or a binding, what he does not have himself, unless he is allowed
/// to `escalate` the role or to `bind` it.
extension Evaluation {
    /// Single permissions of one document that are looked at; a rule that multiplies out to more
    /// needs an administrator.
    private static let actionsMax = 20_000

    func checkEscalation(_ document: JSON, _ target: ResourceTarget) throws(StatusError) {
        guard !user.isMaster else { return }
        switch target.resource {
        case .roles, .clusterRoles:
            guard !may("escalate", target.resource, target.namespace, target.name ?? "") else {
                return
            }
            try checkHeld(document.list("rules").map(PolicyRule.init), target)
            guard document["aggregationRule"] != nil, !holdsEverything else { return }
            // It can gather anything, and would keep others from taking rights away.
            throw StatusError.forbidden(
                target.resource, target.name ?? "",
                "must have cluster-admin privileges to use an aggregationRule")
        case .roleBindings, .clusterRoleBindings:
            let role = RoleIndex.role(of: document, in: target.namespace)
            let kind: Resource = role.namespace.isEmpty ? .clusterRoles : .roles
            guard !may("bind", kind, target.namespace, role.name) else { return }
            guard authorizer.roles.has(role) else { throw StatusError.notFound(kind, role.name) }
            try checkHeld(authorizer.roles.rules(of: role), target)
        default:
            break
        }
    }

    private var holdsEverything: Bool {
        let held = authorizer.roles.rules(for: user, in: "")
        let everything = [
            Action(verb: "*", group: "*", resource: "*"), Action(verb: "*", path: "*"),
        ]
        return everything.allSatisfy { action in held.contains { $0.allows(action) } }
    }

    private func may(
        _ verb: String, _ resource: Resource, _ namespace: String, _ name: String
    ) -> Bool {
        authorizer.allows(
            Action(
                verb: verb, group: resource.group, version: resource.version,
                resource: resource.plural, namespace: namespace, name: name),
            for: user)
    }

    private func checkHeld(
        _ rules: [PolicyRule], _ target: ResourceTarget
    ) throws(StatusError) {
        let held = authorizer.roles.rules(for: user, in: target.namespace)
        var missing: [PolicyRule] = []
        var budget = Self.actionsMax
        for rule in rules where !held.contains(rule) {
            guard let actions = rule.actions(limit: budget) else {
                missing.append(rule)
                continue
            }
            budget -= actions.count
            if !actions.allSatisfy({ action in held.contains { $0.allows(action) } }) {
                missing.append(rule)
            }
        }
        guard !missing.isEmpty else { return }
        let groups = user.groups.map { "\"\($0)\"" }.joined(separator: " ")
        let list = missing.map(\.description).joined(separator: "\n")
        throw StatusError.forbidden(
            target.resource, target.name ?? "",
            "user \"\(user.name)\" (groups=[\(groups)]) is attempting to grant RBAC permissions "
                + "not currently held:\n\(list)")
    }
}
