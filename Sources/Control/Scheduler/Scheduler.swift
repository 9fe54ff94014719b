import Base
import JSON
package import Objects

/// Chooses a Node for each Pod that has none, as `kube-scheduler` does: filters say where the Pod
/// could run, scores say where it fits best.
///
/// 1. A Pod is bound once: while its binding is under way it counts on its Node and does not wait.
/// 2. A Pod that fits nowhere is told why, per Node, in its condition `PodScheduled` and by an
///    Event; it is looked at again when the cluster changes, not by time.
package enum Scheduler: Controller {
    package static let name = "default-scheduler"

    /// Higher priority first, then the older Pod.
    static func arrange(_ keys: [ObjectKey], in state: ClusterState) -> [ObjectKey] {
        let entries = keys.map { key -> (Int64, WallTime, ObjectKey) in
            let pod = state.pod(key)
            return (-(pod?.priority ?? 0), pod?.createdAt ?? WallTime(seconds: 0), key)
        }
        return entries.sorted { $0 < $1 }.map(\.2)
    }

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .pods:
            if change.new != nil, state.isWaiting(change.key) { return [change.key] }
            return makesRoom(change, in: state) ? state.waitingPods : []
        case .nodes:
            let old = change.old.map { NodeRecord($0) }
            let new = change.new.map { NodeRecord($0) }
            return old != new ? state.waitingPods : []
        case .persistentVolumeClaims, .persistentVolumes, .storageClasses:
            return waitingPods(concernedBy: change, in: state)
        default:
            return []
        }
    }

    /// A Pod that ended or is gone from its Node, or whose labels changed what others may do.
    private static func makesRoom(_ change: ObjectChange, in state: ClusterState) -> Bool {
        guard change.old != nil else { return change.new != nil && !state.isWaiting(change.key) }
        guard let before = change.oldPod else { return false }
        guard change.new != nil, let after = state.pod(change.key) else {
            return before.nodeName != nil
        }
        return before.isFinished != after.isFinished || before.labels != after.labels
            || before.nodeName != after.nodeName
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard state.isWaiting(key), let pod = state.podWithDocument(key) else { return .nothing }
        guard pod.pod.schedulerName == name else {
            return .refused("another scheduler places it: \(pod.pod.schedulerName)")
        }
        guard pod.pod.spec["schedulingGates"]?.array?.isEmpty ?? true else {
            return .refused("its scheduling gates are not all open")
        }
        let volumes = VolumeRules(of: pod, in: state)
        switch decide(pod, volumes, in: state) {
        case .node(let node):
            guard volumes.open.isEmpty else { return volumes.choose(node) }
            var result = Reconciliation()
            result.propose(
                .bind(key, uid: pod.uid, node: node), why: "best score of the feasible Nodes",
                event: EventDraft(
                    about: key, uid: pod.uid, reason: "Scheduled",
                    message: "Successfully assigned \(key.namespace)/\(key.name) to \(node)",
                    component: name))
            return result
        case .unschedulable(let explain):
            let preemption =
                volumes.refusal == nil ? preemption(for: pod, volumes, in: state) : nil
            var result = refuse(pod, explain, isPreempting: preemption != nil, context)
            if let preemption { preempt(preemption, for: pod, context, &result) }
            return result
        }
    }

    package enum Decision: Equatable, Sendable {
        case node(String)
        case unschedulable(Explain)
    }

    package static func decide(_ pod: PodRecord, in state: ClusterState) -> Decision {
        decide(pod, VolumeRules(of: pod, in: state), in: state)
    }

    private static func decide(
        _ pod: PodRecord, _ volumes: VolumeRules, in state: ClusterState
    ) -> Decision {
        let nodes = state.sortedNodes
        var explain = Explain(nodeCount: nodes.count)
        if let refusal = volumes.refusal {
            explain.whole = refusal
            return .unschedulable(explain)
        }
        let topology = TopologyRules(of: pod, in: state, nodes)
        var feasible: [NodeRecord] = []
        for node in nodes {
            let refusals = refusals(of: node, for: pod, volumes, topology, in: state)
            if refusals.isEmpty {
                feasible.append(node)
            } else {
                explain.add(refusals)
            }
        }
        if let chosen = volumes.chosenNode, feasible.contains(where: { $0.name == chosen }) {
            return .node(chosen)
        }
        guard let best = best(of: feasible, for: pod, topology, in: state) else {
            return .unschedulable(explain)
        }
        return .node(best)
    }

    private static func refuse(
        _ pod: PodRecord, _ explain: Explain, isPreempting: Bool, _ context: ControlContext
    ) -> Reconciliation {
        let message = isPreempting ? explain.headline : explain.message
        var result = Reconciliation.refused(message)
        // Making room for the Pod is more than a report.
        result.isReport = !isPreempting
        let old = pod.pod.condition("PodScheduled")
        if old?.status != "False" || old?.message != message {
            var condition = Condition(
                type: "PodScheduled", status: "False", reason: "Unschedulable",
                message: message
            ).json
            condition["lastTransitionTime"] =
                old?.status == "False"
                ? old?.json["lastTransitionTime"] : .string(context.wall.rfc3339)
            result.propose(
                .patch(pod.key, ["status": ["conditions": [condition]]], subresource: "status"),
                why: "the Pod fits nowhere")
        }
        result.events.append(
            EventDraft(
                about: pod.key, uid: pod.uid, isWarning: true, reason: "FailedScheduling",
                message: message, component: name))
        return result
    }
}

/// Why a Pod fits nowhere, in the words of `framework.FitError`.
package struct Explain: Sendable, Equatable {
    /// One reason of one Node.
    package struct Refusal: Sendable, Equatable {
        package let reason: String
        /// Whether other Pods' end could change it (`UnschedulableAndUnresolvable` when not).
        package let isResolvable: Bool

        package init(_ reason: String, isResolvable: Bool) {
            self.reason = reason
            self.isResolvable = isResolvable
        }
    }

    package let nodeCount: Int
    /// A reason that holds for every Node.
    package var whole: String?
    private var counts: [String: Int] = [:]
    private var resolvableNodes = 0

    package init(nodeCount: Int) { self.nodeCount = nodeCount }

    /// The refusals of one Node.
    package mutating func add(_ refusals: [Refusal]) {
        for refusal in refusals { counts[refusal.reason, default: 0] += 1 }
        if refusals.allSatisfy(\.isResolvable) { resolvableNodes += 1 }
    }

    /// What every Node said, without a word about preemption.
    package var headline: String {
        guard nodeCount > 0 else { return "no nodes available to schedule pods" }
        let reasons = whole ?? Self.list(counts.map { ($0.value, $0.key) })
        return "\(head): \(reasons)."
    }

    private var head: String { "0/\(nodeCount) nodes are available" }

    package var message: String {
        guard nodeCount > 0 else { return headline }
        let preemption = [
            (resolvableNodes, "No preemption victims found for incoming pod"),
            (nodeCount - resolvableNodes, "Preemption is not helpful for scheduling"),
        ]
        return "\(headline) preemption: \(head): \(Self.list(preemption))."
    }

    private static func list(_ entries: [(Int, String)]) -> String {
        entries.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.sorted().joined(separator: ", ")
    }
}
