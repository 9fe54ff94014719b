import Base
import JSON
import Objects

/// Makes room for a Pod that fits nowhere, at the cost of less important ones
/// (`DefaultPreemption`).
extension Scheduler {
    /// The Pods that have to go for another to fit on a Node.
    struct Preemption {
        let node: String
        let victims: [PodRecord]

        /// The Node whose victims matter least: by the most important of them, then by all of
        /// them, then by their number.
        fileprivate var cost: (Int64, Int64, Int, String) {
            let priorities = victims.map(\.priority)
            return (
                priorities.max() ?? 0,
                priorities.reduce(0) { $0 + $1 + Int64(Int32.max) }, victims.count, node
            )
        }
    }

    /// Nil when no Node can be made to fit, and while room is being made already.
    static func preemption(for pod: PodRecord, in state: ClusterState) -> Preemption? {
        guard pod.pod.spec["preemptionPolicy"]?.string != "Never" else { return nil }
        let nodes = state.sortedNodes
        let topology = TopologyRules(of: pod, in: state, nodes)
        var best: Preemption?
        for node in nodes {
            let refusals = refusals(of: node, for: pod, topology, in: state)
            guard !refusals.isEmpty, refusals.allSatisfy(\.isResolvable),
                topology.refusal(of: node) == nil,
                let victims = victims(on: node, for: pod, in: state)
            else { continue }
            // Those that leave already make the room.
            guard !victims.isEmpty else { return nil }
            let found = Preemption(node: node.name, victims: victims)
            if let known = best, known.cost <= found.cost { continue }
            best = found
        }
        return best
    }

    /// As few less important Pods as possible, the least important first; nil when all of them
    /// are not enough.
    private static func victims(
        on node: NodeRecord, for pod: PodRecord, in state: ClusterState
    ) -> [PodRecord]? {
        var ledger = NodeLedger()
        var weaker: [PodRecord] = []
        for other in state.pods(onNode: node.name) where !other.isFinished {
            if other.priority >= pod.priority {
                ledger.add(other)
            } else if !state.isDeparting(other) {
                weaker.append(other)
            }
        }
        guard fits(pod, on: node, ledger) else { return nil }
        weaker.sort { left, right in
            (-left.priority, left.createdAt, left.key)
                < (-right.priority, right.createdAt, right.key)
        }
        var victims: [PodRecord] = []
        for other in weaker {
            var fuller = ledger
            fuller.add(other)
            if fits(pod, on: node, fuller) {
                ledger = fuller
            } else {
                victims.append(other)
            }
        }
        return victims
    }

    private static func fits(
        _ pod: PodRecord, on node: NodeRecord, _ ledger: NodeLedger
    ) -> Bool {
        let hasPorts = pod.hostPorts.allSatisfy { port in
            !ledger.hostPorts.contains { $0.clashes(with: port) }
        }
        return hasPorts && shortages(of: node, ledger, for: pod).isEmpty
    }

    /// Ends the victims with their grace, and says whom the room is for.
    static func preempt(
        _ preemption: Preemption, for pod: PodRecord, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        for victim in preemption.victims {
            let condition: JSON = [
                "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
                "message": .string("\(name): preempting to accommodate a higher priority pod"),
                "lastTransitionTime": .string(context.wall.rfc3339),
            ]
            result.propose(
                .patch(
                    victim.key,
                    [
                        "metadata": ["uid": .string(victim.uid)],
                        "status": ["conditions": [condition]],
                    ], subresource: "status"),
                why: "it makes room for a more important Pod")
            result.propose(
                .delete(victim.key, uid: victim.uid),
                why: "it makes room for a more important Pod",
                event: EventDraft(
                    about: victim.key, uid: victim.uid, reason: "Preempted",
                    message: "Preempted by pod \(pod.uid) on node \(preemption.node)",
                    component: name))
        }
        guard pod.pod.status["nominatedNodeName"]?.string != preemption.node else { return }
        result.propose(
            .patch(
                pod.key,
                [
                    "metadata": ["uid": .string(pod.uid)],
                    "status": ["nominatedNodeName": .string(preemption.node)],
                ], subresource: "status"),
            why: "room is being made for it")
    }
}
