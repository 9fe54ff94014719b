import JSON
package import Objects

/// Makes the rules of a ClusterRole that has an `aggregationRule` from those of the ClusterRoles
/// that its selectors find. So a role that somebody adds with the label
/// `rbac.authorization.k8s.io/aggregate-to-view` becomes part of `view`.
package enum RoleAggregationController: Controller {
    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        guard change.key.resource == .clusterRoles else { return [] }
        return state.records(.clusterRoles).filter { $0.json["aggregationRule"] != nil }
            .map(\.key)
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let role = state.record(key), !role.isBeingDeleted,
            let selectors = role.json["aggregationRule"]?["clusterRoleSelectors"]?.array
        else { return .nothing }
        let matchers = selectors.map(LabelSelector.init)
        var rules: [JSON] = []
        for part in state.records(.clusterRoles) where part.key != key {
            guard matchers.contains(where: { $0.matches(part.labels) }) else { continue }
            for rule in part.json["rules"]?.array ?? [] where !rules.contains(rule) {
                rules.append(rule)
            }
        }
        guard rules != role.json["rules"]?.array ?? [] else { return .nothing }
        var document = role.json
        document["rules"] = .array(rules)
        var result = Reconciliation()
        result.propose(
            .update(.clusterRoles, document), why: "the roles that it is made of have changed")
        return result
    }
}
