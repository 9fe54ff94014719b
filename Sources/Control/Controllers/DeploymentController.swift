import Base
import JSON
package import Objects

/// Rolls Pod templates out through ReplicaSets (`kube-controller-manager`'s deployment controller).
///
/// 1. While a rolling update runs, the sets together never want more than `replicas` + maxSurge
///    Pods, and the old ones are not cut below `replicas` - maxUnavailable available Pods.
/// 2. Each reconciliation moves one kind of thing: the sets up, or the old ones down.
package enum DeploymentController: Controller {
    static let component = "deployment-controller"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .deployments: [change.key]
        case .replicaSets: state.keepers(of: change, .deployments)
        // Recreate waits for the last old Pod to be gone.
        case .pods where change.new == nil:
            state.controllers(of: change, .replicaSets).flatMap { key -> [ObjectKey] in
                guard let set = state.record(key), let owner = set.controller else { return [] }
                return [ObjectKey(.deployments, namespace: key.namespace, name: owner.name)]
            }
        default: []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let deployment = state.record(key) else { return .nothing }
        let selector = LabelSelector(deployment.spec["selector"] ?? [:])
        guard !selector.isEmpty else { return .refused("its selector is empty") }
        var result = Reconciliation()
        for set in state.unmanaged(.replicaSets, inNamespace: key.namespace)
        where !set.isBeingDeleted && !deployment.isBeingDeleted && selector.matches(set.labels) {
            result.propose(
                Ownership.adopt(set, by: deployment),
                why: "its labels match and nobody controls it")
        }
        guard result.proposals.isEmpty else { return result }
        let sets = state.dependents(ofUID: deployment.uid).compactMap { state.record($0) }
            .filter {
                $0.key.resource == .replicaSets && $0.controller?.uid == deployment.uid
                    && !$0.isBeingDeleted
            }
        let rollout = Rollout(deployment, sets)
        if !deployment.isBeingDeleted { advance(rollout, in: state, context, &result) }
        updateStatus(of: rollout, context, &result)
        return result
    }

    private static func advance(
        _ rollout: Rollout, in state: ClusterState, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        if rollout.isPaused || rollout.isScaling {
            scale(rollout, &result)
        } else if rollout.isRecreate {
            recreate(rollout, in: state, context, &result)
        } else {
            roll(rollout, in: state, context, &result)
        }
        let isComplete = RolloutStatus.isComplete(rollout, rollout.deployment.status)
        if result.proposals.isEmpty, rollout.isPaused || isComplete {
            cleanUp(rollout, &result)
        }
    }

    private static func roll(
        _ rollout: Rollout, in state: ClusterState, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        guard let current = rollout.current else {
            return create(rollout, in: state, context, &result)
        }
        let target = min(rollout.currentTarget(existing: current.replicas), rollout.replicas)
        bringUpToDate(current, rollout, replicas: target, &result)
        // Scaling up comes alone, as in Kubernetes; the old sets follow when it is done.
        guard target == current.replicas else { return }
        let minAvailable = rollout.replicas - rollout.maxUnavailable
        let unavailable = max(0, current.replicas - current.available)
        var allowance = rollout.total - minAvailable - unavailable
        guard allowance > 0 else { return }
        var targets: [String: Int64] = [:]
        for set in rollout.old where set.replicas > 0 && allowance > 0 {
            // Replicas that do not run go first; they cost no availability.
            let unhealthy = min(allowance, max(0, set.replicas - set.available))
            targets[set.name] = set.replicas - unhealthy
            allowance -= unhealthy
        }
        var spare = min(allowance, rollout.available - minAvailable)
        for set in rollout.old where spare > 0 {
            let left = targets[set.name] ?? set.replicas
            let cut = min(spare, left)
            targets[set.name] = left - cut
            spare -= cut
        }
        for set in rollout.old {
            if let target = targets[set.name] { propose(set, target, rollout, &result) }
        }
    }

    private static func recreate(
        _ rollout: Rollout, in state: ClusterState, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        for set in rollout.old { propose(set, 0, rollout, &result) }
        guard result.proposals.isEmpty else { return }
        let isOldRunning = rollout.old.contains { set in
            state.pods(controlledBy: set.record.uid).contains { !$0.isFinished }
        }
        guard !isOldRunning else {
            result.explanation = "Pods of the old template still run"
            return
        }
        guard let current = rollout.current else {
            return create(rollout, in: state, context, &result)
        }
        bringUpToDate(current, rollout, replicas: rollout.replicas, &result)
    }

    /// Keeps the sets in proportion when `spec.replicas` changes, without moving the rollout on.
    private static func scale(_ rollout: Rollout, _ result: inout Reconciliation) {
        if let only = rollout.activeOrLatest {
            return propose(only, rollout.replicas, rollout, &result)
        }
        if let current = rollout.current, current.replicas == rollout.replicas,
            current.desired == rollout.replicas, current.available == rollout.replicas
        {
            for set in rollout.old { propose(set, 0, rollout, &result) }
            return
        }
        guard !rollout.isRecreate else { return }
        let allowed = rollout.replicas > 0 ? rollout.maxTotal : 0
        var left = allowed - rollout.total
        let isGrowing = left > 0
        let sets = rollout.all.filter { $0.replicas > 0 }.sorted { one, other in
            if one.replicas != other.replicas { return one.replicas > other.replicas }
            return isGrowing ? RolloutSet.isOlder(other, one) : RolloutSet.isOlder(one, other)
        }
        var targets: [Int64] = []
        for set in sets {
            let share = fraction(of: set, rollout)
            let change = isGrowing ? max(0, min(share, left)) : min(0, max(share, left))
            targets.append(max(0, set.replicas + change))
            left -= change
        }
        if let largest = targets.first { targets[0] = max(0, largest + left) }
        for (set, target) in zip(sets, targets) { propose(set, target, rollout, &result) }
    }

    /// The change by which a set keeps its share of the whole.
    private static func fraction(of set: RolloutSet, _ rollout: Rollout) -> Int64 {
        guard rollout.replicas > 0 else { return -set.replicas }
        let recorded = set.annotations[DeploymentAnnotation.maxReplicas].flatMap { Int64($0) }
        let before = max(1, recorded ?? rollout.deployment.status["replicas"]?.integer ?? 1)
        let size = Double(set.replicas) * Double(rollout.maxTotal) / Double(before)
        return Int64(size.rounded()) - set.replicas
    }

    private static func cleanUp(_ rollout: Rollout, _ result: inout Reconciliation) {
        let idle = rollout.old.filter { set in
            set.replicas == 0 && set.actual == 0
                && set.record.generation <= set.record.status["observedGeneration"]?.integer ?? 0
        }.sorted { ($0.revision, $0.name) < ($1.revision, $1.name) }
        for set in idle.dropLast(min(idle.count, max(0, rollout.historyLimit))) {
            result.propose(
                .delete(set.record.key, uid: set.record.uid, propagation: .background),
                why: "more old ReplicaSets than revisionHistoryLimit")
        }
    }
}
