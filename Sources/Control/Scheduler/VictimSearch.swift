import JSON
import Objects

/// Which Pods would have to leave one Node for a more important one to fit there
/// (`SelectVictimsOnNode`).
struct VictimSearch {
    let node: NodeRecord
    let nodes: [NodeRecord]
    let pod: PodRecord
    let state: ClusterState
    /// What other Pods mean for this one, when nobody's end changes it.
    let minds: TopologyRules?

    private var ledger = NodeLedger()
    private var gone: Set<ObjectKey> = []

    init(
        node: NodeRecord, nodes: [NodeRecord], pod: PodRecord, state: ClusterState,
        minds: TopologyRules?
    ) {
        self.node = node
        self.nodes = nodes
        self.pod = pod
        self.state = state
        self.minds = minds
    }

    /// As few as possible: with all less important Pods gone, one after the other is let stay
    /// that can, those first whose going would break a budget, the more important before the
    /// less. Nil when even all of them are not enough. Pods that leave already do not count.
    mutating func run() -> Scheduler.Preemption? {
        var weaker: [PodRecord] = []
        for other in state.pods(onNode: node.name) where !other.isFinished {
            if other.priority >= pod.priority {
                ledger.add(other)
            } else {
                gone.insert(other.key)
                if !state.isDeparting(other) { weaker.append(other) }
            }
        }
        guard fits(ledger, without: gone) else { return nil }
        weaker.sort { left, right in
            (-left.priority, left.createdAt, left.key)
                < (-right.priority, right.createdAt, right.key)
        }
        let (protected, free) = divide(weaker)
        let broken = protected.filter { !spare($0) }
        let others = free.filter { !spare($0) }
        return Scheduler.Preemption(
            node: node.name, victims: broken + others, violations: broken.count)
    }

    /// Lets a Pod stay if the new one fits beside it.
    private mutating func spare(_ other: PodRecord) -> Bool {
        var fuller = ledger
        fuller.add(other)
        let fewer = gone.subtracting([other.key])
        guard fits(fuller, without: fewer) else { return false }
        (ledger, gone) = (fuller, fewer)
        return true
    }

    private func fits(_ ledger: NodeLedger, without gone: Set<ObjectKey>) -> Bool {
        let hasPorts = pod.hostPorts.allSatisfy { port in
            !ledger.hostPorts.contains { $0.clashes(with: port) }
        }
        guard hasPorts, Scheduler.shortages(of: node, ledger, for: pod).isEmpty else {
            return false
        }
        let rules = minds ?? TopologyRules(of: pod, in: state, nodes, without: gone)
        return rules.refusal(of: node) == nil
    }

    /// Splits Pods by whether a PodDisruptionBudget lets them go, each taking one of what its
    /// budgets allow (`filterPodsWithPDBViolation`).
    private func divide(_ pods: [PodRecord]) -> (protected: [PodRecord], free: [PodRecord]) {
        var budgets = Set(pods.map(\.key.namespace)).sorted().flatMap { namespace in
            state.records(.podDisruptionBudgets, inNamespace: namespace).map(Budget.init)
        }
        var (protected, free): ([PodRecord], [PodRecord]) = ([], [])
        for pod in pods {
            var isFree = true
            for index in budgets.indices where budgets[index].covers(pod) {
                budgets[index].allowed -= 1
                if budgets[index].allowed < 0 { isFree = false }
            }
            if isFree { free.append(pod) } else { protected.append(pod) }
        }
        return (protected, free)
    }

    private struct Budget {
        private let namespace: String
        /// Nil or empty: it covers nothing.
        private let selector: LabelSelector?
        /// Pods whose eviction is already taken off what is allowed.
        private let disrupted: Set<String>
        var allowed: Int64

        init(_ record: ObjectRecord) {
            let json = record.json
            namespace = record.key.namespace
            selector = json["spec"]?["selector"].map { LabelSelector($0) }
            disrupted = Set(json["status"]?["disruptedPods"]?.object?.map { $0.name } ?? [])
            allowed = json["status"]?["disruptionsAllowed"]?.integer ?? 0
        }

        func covers(_ pod: PodRecord) -> Bool {
            guard let selector, !selector.isEmpty, pod.key.namespace == namespace,
                !pod.labels.isEmpty, !disrupted.contains(pod.key.name)
            else { return false }
            return selector.matches(pod.labels)
        }
    }
}
