import Base
import JSON
package import Objects

/// Turns what the mesh and the kubelets say of a machine into its Node's condition and taints, and
/// evicts the Pods that do not tolerate them (`node-lifecycle-controller` and
/// `taint-eviction-controller`).
///
/// A machine that the mesh declared failed cannot stop its Pods, so they leave the API without
/// grace; a Node that is merely not ready stops them in good order. Evictions do not wait for the
/// taint or the condition to be written.
package enum NodeLifecycleController: Controller {
    private static let statusInterval = Span.seconds(1)

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .nodes: return [change.key]
        case .pods:
            guard let pod = state.pod(change.key), let name = state.node(of: pod),
                let node = state.node(named: name),
                state.effectiveTaints(of: node).contains(where: { $0.effect == "NoExecute" })
            else { return [] }
            return [.node(name)]
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let record = state.record(key), let node = state.node(named: key.name),
            !record.isBeingDeleted
        else { return .nothing }
        var result = Reconciliation()
        evict(from: node, in: state, context, &result)
        updateTaints(of: node, record, in: state, context, &result)
        updateStatus(of: node, record, in: state, context, &result)
        return result
    }

    private static func updateTaints(
        of node: NodeRecord, _ record: ObjectRecord, in state: ClusterState,
        _ context: ControlContext, _ result: inout Reconciliation
    ) {
        let managed = [
            WellKnownTaint.notReady, WellKnownTaint.unreachable, WellKnownTaint.unschedulable,
        ] + WellKnownTaint.ofConditions.map(\.key)
        let wanted = state.wantedTaints(of: node)
        func same(_ left: Taint, _ right: Taint) -> Bool {
            left.key == right.key && left.effect == right.effect
        }
        var taints = node.taints.filter { taint in
            !managed.contains(taint.key) || wanted.contains { same($0, taint) }
        }.map { taint in
            // Tolerations for some seconds count from here on.
            guard taint.effect == "NoExecute", taint.json["timeAdded"] == nil else {
                return taint
            }
            var json = taint.json
            json["timeAdded"] = .string(context.wall.rfc3339)
            return Taint(json)
        }
        for taint in wanted where !taints.contains(where: { same($0, taint) }) {
            taints.append(
                Taint(
                    key: taint.key, effect: taint.effect, timeAdded: context.wall.rfc3339))
        }
        guard taints != node.taints else { return }
        result.propose(
            .patch(
                record.key,
                [
                    "metadata": ["resourceVersion": .string(record.metadata.resourceVersion)],
                    "spec": [
                        "taints": taints.isEmpty ? .null : .array(taints.map(\.json))
                    ],
                ]),
            why: "its condition changed what may run on it")
    }

    /// A lost machine cannot say so itself; the leader does.
    private static func updateStatus(
        of node: NodeRecord, _ record: ObjectRecord, in state: ClusterState,
        _ context: ControlContext, _ result: inout Reconciliation
    ) {
        guard state.isMachineLost(node.name), node.ready != "Unknown" else { return }
        // Two views of one machine must not write in turns without pause.
        let ready = Node(record.json).condition("Ready")
        let since = ready?.json["lastTransitionTime"]?.string.flatMap(WallTime.init(rfc3339:))
        if let since, context.wall - since < statusInterval, context.refusals == 0,
            since <= context.wall
        {
            return result.requeue(after: statusInterval)
        }
        var list = ConditionList(
            record.status["conditions"], now: context.wall, hasUpdateTime: false)
        let before = list.json
        for type in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            let isNew = list[type] == nil
            let reason = isNew ? "NodeStatusNeverUpdated" : "NodeStatusUnknown"
            let message =
                isNew ? "Kubelet never posted node status." : "Kubelet stopped posting node status."
            list.set(type, "Unknown", reason: reason, message: message)
        }
        guard list.json != before else { return }
        result.propose(
            .patch(record.key, ["status": ["conditions": list.json]], subresource: "status"),
            why: "its machine does not answer the mesh",
            event: EventDraft(
                about: record.key, uid: record.uid, reason: "NodeNotReady",
                message: "Node \(node.name) status is now: NodeNotReady",
                component: "node-controller"))
    }
}

extension NodeLifecycleController {
    private static func evict(
        from node: NodeRecord, in state: ClusterState, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        let taints = state.effectiveTaints(of: node).filter { $0.effect == "NoExecute" }
        guard !taints.isEmpty else { return }
        let isLost = state.isMachineLost(node.name)
        for pod in state.pods(onNode: node.name) {
            let isGoing = state.isDeletionUnderWay(uid: pod.uid)
            let isForced = isLost && !isNumbered(pod, in: state)
            if isGoing || (pod.isBeingDeleted && !isForced) { continue }
            guard let due = evictionTime(of: pod, node, taints, context) else { continue }
            guard due <= context.wall else {
                result.requeue(after: due - context.wall)
                continue
            }
            guard result.proposals.count < context.configuration.burstMax else {
                return result.requeue(after: .zero)
            }
            propose(evictionOf: pod, isLost: isLost, isForced: isForced, context, &result)
        }
    }

    /// A StatefulSet's Pod must not run twice: what a machine that is only cut off still runs stays
    /// in the API until the machine, or somebody who knows, says that it is gone.
    private static func isNumbered(_ pod: PodRecord, in state: ClusterState) -> Bool {
        state.record(pod.key)?.controller?.kind == Resource.statefulSets.kind
    }

    /// When the Pod has to go; nil when it tolerates all taints without end.
    private static func evictionTime(
        of pod: PodRecord, _ node: NodeRecord, _ taints: [Taint], _ context: ControlContext
    ) -> WallTime? {
        let tolerations = pod.pod.tolerations
        var due: WallTime?
        for taint in taints {
            let written = node.taints.first { $0.key == taint.key && $0.effect == taint.effect }
            let added = written?.json["timeAdded"]?.string.flatMap(WallTime.init(rfc3339:))
            let matching = tolerations.filter { $0.tolerates(taint) }
            let seconds: Int64
            if matching.isEmpty {
                let isOurs =
                    taint.key == WellKnownTaint.notReady || taint.key == WellKnownTaint.unreachable
                seconds = isOurs ? context.configuration.defaultTolerationSeconds : 0
            } else if let least = matching.compactMap(\.tolerationSeconds).min() {
                seconds = max(0, least)
            } else {
                continue
            }
            let time = seconds == 0 ? context.wall : (added ?? context.wall) + .seconds(seconds)
            due = min(due ?? time, time)
        }
        return due
    }

    private static func propose(
        evictionOf pod: PodRecord, isLost: Bool, isForced: Bool, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        if !isLost, pod.pod.condition("DisruptionTarget")?.isTrue != true {
            // Without grace the object is gone before anybody could read the condition.
            var condition = Condition(
                type: "DisruptionTarget", status: "True", reason: "DeletionByTaintManager",
                message: "Taint manager: deleting due to NoExecute taint")
            condition.json["lastTransitionTime"] = .string(context.wall.rfc3339)
            result.propose(
                .patch(
                    pod.key, ["status": ["conditions": [condition.json]]], subresource: "status"),
                why: "it is about to be evicted")
        }
        result.propose(
            .delete(pod.key, uid: pod.uid, gracePeriodSeconds: isForced ? 0 : nil),
            why: isLost
                ? "its machine does not answer the mesh and it does not tolerate that"
                : "it does not tolerate a taint of its Node")
        result.events.append(
            EventDraft(
                about: pod.key, uid: pod.uid, reason: "TaintManagerEviction",
                message: "Marking for deletion Pod \(pod.key.namespace)/\(pod.key.name)",
                component: "taint-eviction-controller"))
    }
}
