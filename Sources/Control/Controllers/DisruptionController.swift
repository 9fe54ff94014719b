import Base
import JSON
package import Objects

/// Counts how many Pods of a budget may be evicted now (`kube-controller-manager`'s disruption
/// controller). The eviction itself takes one off, so that two at once cannot both pass.
package enum DisruptionController: Controller {
    /// So long an eviction that was granted counts although its Pod still stands.
    private static let grace = Span.minutes(2)

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        let namespace = change.key.namespace
        switch change.key.resource {
        case .podDisruptionBudgets: return [change.key]
        case .pods:
            let labels = [change.old, change.new].compactMap { $0?.labels }
            return state.records(.podDisruptionBudgets, inNamespace: namespace).filter { budget in
                labels.contains { selects(budget, $0) }
            }.map(\.key)
        case .replicaSets, .replicationControllers, .deployments, .statefulSets:
            guard change.old?.generation != change.new?.generation else { return [] }
            return state.records(.podDisruptionBudgets, inNamespace: namespace).map(\.key)
        default: return []
        }
    }

    /// A budget without a selector has no Pods; one with an empty selector has all.
    private static func selects(_ budget: ObjectRecord, _ labels: [String: String]) -> Bool {
        budget.spec["selector"].map { LabelSelector($0).matches(labels) } ?? false
    }

    /// Looked up by labels where the selector names some.
    private static func members(of budget: ObjectRecord, in state: ClusterState) -> [PodRecord] {
        let namespace = budget.key.namespace
        let labels = (budget.spec["selector"]?["matchLabels"]).stringMap.map { ($0.key, $0.value) }
        let pods =
            labels.isEmpty
            ? state.records(.pods, inNamespace: namespace).compactMap { state.pod($0.key) }
            : state.pods(withLabels: labels, inNamespace: namespace)
        return pods.filter { selects(budget, $0.labels) }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let budget = state.record(key), !budget.isBeingDeleted else { return .nothing }
        var result = Reconciliation()
        let pods = members(of: budget, in: state).filter { !$0.isFinished }
        let (expected, desired) = expectation(of: budget, pods, in: state)
        var granted: JSON = .object([:])
        for (name, time) in budget.status["disruptedPods"]?.object ?? JSONObject() {
            guard let pod = pods.first(where: { $0.key.name == name }), !pod.isBeingDeleted,
                let since = time.string.flatMap(WallTime.init(rfc3339:))
            else { continue }
            let end = since + grace
            guard end > context.wall else { continue }
            granted[name] = time
            result.requeue(after: end - context.wall)
        }
        let healthy = pods.count {
            $0.isReady && !state.isDeparting($0) && granted[$0.key.name] == nil
        }
        let allowed = expected > 0 ? max(0, healthy - desired) : 0
        var status = budget.status
        status["currentHealthy"] = .integer(Int64(healthy))
        status["desiredHealthy"] = .integer(Int64(desired))
        status["expectedPods"] = .integer(Int64(expected))
        status["disruptionsAllowed"] = .integer(Int64(allowed))
        status["disruptedPods"] = granted == .object([:]) ? JSON?.none : granted
        status["observedGeneration"] = .integer(budget.generation)
        status["conditions"] = conditions(of: budget, isAllowed: allowed > 0, context)
        result.proposeStatus(status, of: budget, why: "its Pods changed")
        return result
    }

    private static func conditions(
        of budget: ObjectRecord, isAllowed: Bool, _ context: ControlContext
    ) -> JSON {
        let type = "DisruptionAllowed"
        var list = ConditionList(
            budget.status["conditions"], now: context.wall, hasUpdateTime: false)
        list.set(
            type, isAllowed ? "True" : "False",
            reason: isAllowed ? "SufficientPods" : "InsufficientPods", message: "")
        return .array(
            list.conditions.map { condition in
                var json = condition.json
                if condition.type == type {
                    json["observedGeneration"] = .integer(budget.generation)
                }
                return json
            })
    }

    /// How many Pods there should be, and how many of them have to be healthy.
    private static func expectation(
        of budget: ObjectRecord, _ pods: [PodRecord], in state: ClusterState
    ) -> (expected: Int, desired: Int) {
        if let bound = budget.spec["maxUnavailable"] {
            let expected = scale(of: pods, in: state)
            return (expected, max(0, expected - IntOrPercent.resolve(bound, of: expected)))
        }
        guard let bound = budget.spec["minAvailable"] else { return (pods.count, 0) }
        if bound.integer != nil { return (pods.count, IntOrPercent.resolve(bound, of: 0)) }
        let expected = scale(of: pods, in: state)
        return (expected, IntOrPercent.resolve(bound, of: expected))
    }

    /// What the controllers of the Pods want together; a Pod without one counts for nothing.
    private static func scale(of pods: [PodRecord], in state: ClusterState) -> Int {
        var seen: Set<String> = []
        var total: Int64 = 0
        for pod in pods {
            guard let uid = pod.controllerUID, var owner = state.record(uid: uid) else { continue }
            if owner.key.resource == .replicaSets, let parent = owner.controller,
                let deployment = state.record(uid: parent.uid)
            {
                owner = deployment
            }
            guard seen.insert(owner.uid).inserted else { continue }
            total += owner.spec["replicas"]?.integer ?? 1
        }
        return Int(clamping: total)
    }
}
