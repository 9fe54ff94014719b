import Base
import JSON
package import Objects

/// Collects Pods that nothing else will end (`pod-garbage-collector`): Pods of Nodes that do not
/// exist, Pods being deleted that never had a Node, and the oldest of too many Pods that ended.
package enum PodGarbageController: Controller {
    /// Stands for all Pods that have ended.
    static let terminated = ObjectKey(.pods, namespace: "", name: "")

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .nodes where change.new == nil || change.old == nil: return [change.key]
        case .pods:
            guard let pod = state.pod(change.key) else { return [] }
            let ended = pod.isFinished && !pod.isBeingDeleted ? [terminated] : []
            guard let name = state.node(of: pod) else {
                return pod.isBeingDeleted ? [change.key] : ended
            }
            return ended + (state.node(named: name) == nil ? [.node(name)] : [])
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        if key == terminated { return collectTerminated(in: state, context) }
        var result = Reconciliation()
        if key.resource == .pods {
            guard let pod = state.pod(key), pod.isBeingDeleted, state.node(of: pod) == nil,
                !state.isDeletionUnderWay(uid: pod.uid)
            else { return .nothing }
            result.propose(
                .delete(key, uid: pod.uid, gracePeriodSeconds: 0),
                why: "it is being deleted and never ran")
            return result
        }
        guard state.node(named: key.name) == nil else { return .nothing }
        for pod in state.pods(onNode: key.name) where !state.isDeletionUnderWay(uid: pod.uid) {
            let delay = context.configuration.orphanedPodDelay
            let age = context.wall - pod.createdAt
            // A Pod of the future was made before the clock was set back.
            guard age >= delay || age < .zero - delay else {
                result.requeue(after: delay - age)
                continue
            }
            guard result.proposals.count < context.configuration.burstMax else {
                result.requeue(after: .zero)
                break
            }
            result.propose(
                .delete(pod.key, uid: pod.uid, gracePeriodSeconds: 0),
                why: "its Node no longer exists")
        }
        return result
    }

    /// Evicted Pods go first, then the oldest (`byEvictionAndCreationTimestamp`).
    private static func collectTerminated(
        in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        let limit = context.configuration.terminatedPodsMax
        guard limit > 0, state.pods.count > limit else { return .nothing }
        let finished = state.pods.values.filter {
            $0.isFinished && !$0.isBeingDeleted && !state.isDeletionUnderWay(uid: $0.uid)
        }
        guard finished.count > limit else { return .nothing }
        // Whether a Pod was evicted stands in its document, which is read once for each.
        let entries = finished.map { pod in
            (pod, pod.pod.status["reason"]?.string == "Evicted" ? 0 : 1)
        }
        let order = entries.sorted { left, right in
            (left.1, left.0.createdAt, left.0.key) < (right.1, right.0.createdAt, right.0.key)
        }.map(\.0)
        var result = Reconciliation()
        let surplus = order.prefix(finished.count - limit)
        for pod in surplus.prefix(context.configuration.burstMax) {
            result.propose(
                .delete(pod.key, uid: pod.uid, gracePeriodSeconds: 0),
                why: "more Pods have ended than are kept")
        }
        if surplus.count > context.configuration.burstMax { result.requeue(after: .zero) }
        return result
    }
}
