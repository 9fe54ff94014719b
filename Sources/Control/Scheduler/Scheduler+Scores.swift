import Objects

extension Scheduler {
    /// What weighs how much. Replicas of one owner are spread before load is balanced, so that
    /// one machine's death takes as few of them as possible.
    private enum Weight {
        static let spread: Int64 = 3
        static let taint: Int64 = 3
        static let affinity: Int64 = 2
        static let topology: Int64 = 2
        static let podAffinity: Int64 = 2
        static let load: Int64 = 1
        static let images: Int64 = 1
    }

    /// The Node with the highest score; of equals the one with fewer Pods, then the first by name.
    static func best(
        of nodes: [NodeRecord], for pod: PodRecord, _ topology: TopologyRules,
        in state: ClusterState
    ) -> String? {
        guard nodes.count > 1 else { return nodes.first?.name }
        let replicas = nodes.map { node in
            pod.controllerUID.map {
                Int64(state.ledger(node.name).countByController[$0] ?? 0)
            } ?? 0
        }
        let images = ImageRules(of: pod, state.sortedNodes)
        let disliked = nodes.map { dislikedTaints($0, pod) }
        let preferred = nodes.map { NodeAffinity.preference(of: pod.pod, for: $0) }
        let crowding = nodes.map { topology.crowding(of: $0) }
        let most = crowding.compactMap { $0 }.max() ?? 0
        let welcome = nodes.map { topology.welcome(on: $0) }
        var best: (score: Int64, pods: Int, name: String)?
        for (index, node) in nodes.enumerated() {
            let ledger = state.ledger(node.name)
            var score = Weight.load * load(node, ledger, pod)
            score += Weight.images * images.score(of: node)
            score += Weight.spread * lowIsGood(replicas, index)
            score += Weight.taint * lowIsGood(disliked, index)
            score += Weight.affinity * (100 - lowIsGood(preferred, index))
            if let crowd = crowding[index] {
                score += Weight.topology * lowIsGood(crowd, of: most)
            }
            score += Weight.podAffinity * share(welcome, index)
            let candidate = (score, ledger.runningCount, node.name)
            guard let current = best else {
                best = candidate
                continue
            }
            if candidate.0 > current.score
                || (candidate.0 == current.score && candidate.1 < current.pods)
            {
                best = candidate
            }
        }
        return best?.name
    }

    /// 100 for none, 0 for the most of all.
    private static func lowIsGood(_ values: [Int64], _ index: Int) -> Int64 {
        lowIsGood(values[index], of: values.max() ?? 0)
    }

    private static func lowIsGood(_ value: Int64, of most: Int64) -> Int64 {
        most > 0 ? (most - value) * 100 / most : 100
    }

    /// 0 for the least of all, 100 for the most; 0 when all are alike.
    private static func share(_ values: [Int64], _ index: Int) -> Int64 {
        guard let least = values.min(), let most = values.max(), most > least else { return 0 }
        return (values[index] - least) * 100 / (most - least)
    }

    /// `NodeResourcesFit` with LeastAllocated: the share of CPU and memory that stays free.
    private static func load(
        _ node: NodeRecord, _ ledger: NodeLedger, _ pod: PodRecord
    ) -> Int64 {
        let used = ledger.requestedForScore + NodeLedger.scored(pod.requests)
        func free(_ used: Int64, _ offered: Int64) -> Int64 {
            guard offered > 0, used < offered else { return 0 }
            return Int64(Double(offered - used) / Double(offered) * 100)
        }
        return (free(used.milliCPU, node.allocatable.milliCPU)
            + free(used.memory, node.allocatable.memory)) / 2
    }

    private static func dislikedTaints(_ node: NodeRecord, _ pod: PodRecord) -> Int64 {
        let tolerations = pod.pod.tolerations
        return Int64(
            node.taints.filter { taint in
                taint.effect == "PreferNoSchedule"
                    && !tolerations.contains { $0.tolerates(taint) }
            }.count)
    }
}
