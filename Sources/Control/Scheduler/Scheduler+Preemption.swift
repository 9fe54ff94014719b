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
        /// How many of them no budget lets go.
        let violations: Int

        /// The Node whose victims matter least: by the budgets that they break, by the most
        /// important of them, by all of them, by their number, and last the Node whose most
        /// important victims ran the shortest time (`pickOneNodeForPreemption`).
        fileprivate func costsLess(than other: Preemption) -> Bool {
            for (left, right) in zip(cost, other.cost) where left != right { return left < right }
            guard let oldest, let others = other.oldest else { return false }
            return others < oldest
        }

        private var cost: [Int64] {
            let priorities = victims.map(\.priority)
            return [
                Int64(violations), priorities.max() ?? 0,
                priorities.reduce(0) { $0 + $1 + Int64(Int32.max) }, Int64(victims.count),
            ]
        }

        /// When the first of the most important victims was made.
        private var oldest: WallTime? {
            let highest = victims.map(\.priority).max()
            return victims.filter { $0.priority == highest }.map(\.createdAt).min()
        }
    }

    /// Nil when no Node can be made to fit, and while room is being made already.
    static func preemption(
        for pod: PodRecord, _ volumes: VolumeRules, in state: ClusterState
    ) -> Preemption? {
        guard pod.pod.spec["preemptionPolicy"]?.string != "Never" else { return nil }
        let nodes = state.sortedNodes
        let topology = TopologyRules(of: pod, in: state, nodes)
        var best: Preemption?
        for node in nodes {
            let refusals = refusals(of: node, for: pod, volumes, topology, in: state)
            guard !refusals.isEmpty, refusals.allSatisfy(\.isResolvable) else { continue }
            var search = VictimSearch(
                node: node, nodes: nodes, pod: pod, state: state,
                minds: topology.isEmpty ? topology : nil)
            guard let found = search.run() else { continue }
            // Those that leave already make the room.
            guard !found.victims.isEmpty else { return nil }
            if let best, !found.costsLess(than: best) { continue }
            best = found
        }
        return best
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
