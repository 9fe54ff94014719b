import Base
import JSON
package import Objects

/// Collects Pods that nothing else will end (`pod-garbage-collector`): Pods of Nodes that do not
/// exist, and Pods being deleted that never had a Node.
package enum PodGarbageController: Controller {
    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .nodes where change.new == nil || change.old == nil: return [change.key]
        case .pods:
            guard let pod = state.pod(change.key) else { return [] }
            guard let name = state.node(of: pod) else {
                return pod.isBeingDeleted ? [change.key] : []
            }
            return state.node(named: name) == nil ? [.node(name)] : []
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
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
            let due = pod.createdAt + context.configuration.orphanedPodDelay
            guard due <= context.wall else {
                result.requeue(after: due - context.wall)
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
}
