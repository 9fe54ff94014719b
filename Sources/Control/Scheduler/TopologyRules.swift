import Objects

/// What the Pods that run, by where they do, mean for one that waits.
struct TopologyRules {
    private let spread: SpreadRules
    private let affinity: AffinityRules

    /// - Parameter gone: Pods that are taken for ended.
    init(
        of pod: PodRecord, in state: ClusterState, _ nodes: [NodeRecord],
        without gone: Set<ObjectKey> = []
    ) {
        spread = SpreadRules(of: pod, in: state, nodes, without: gone)
        affinity = AffinityRules(of: pod, in: state, nodes, without: gone)
    }

    /// Whether no Pod's end could change what is refused.
    var isEmpty: Bool { spread.isEmpty && affinity.isEmpty }

    func refusal(of node: NodeRecord) -> Explain.Refusal? {
        spread.refusal(of: node) ?? affinity.refusal(of: node)
    }

    func crowding(of node: NodeRecord) -> Int64? { spread.crowding(of: node) }

    func welcome(on node: NodeRecord) -> Int64 { affinity.welcome(on: node) }
}
