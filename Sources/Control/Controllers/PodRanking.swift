import Base
import JSON
import Objects

/// Which replicas to give up first (`controller.ActivePodsWithRanks`).
struct PodRanking {
    let sorted: [PodRecord]

    private struct Rank: Comparable {
        var key: [Int64]
        var name: String

        static func < (left: Rank, right: Rank) -> Bool {
            for (one, other) in zip(left.key, right.key) where one != other { return one < other }
            return left.name < right.name
        }
    }

    init(_ pods: [PodRecord], in state: ClusterState) {
        var neighbours: [String: Int64] = [:]
        for pod in pods {
            if let node = state.node(of: pod) { neighbours[node, default: 0] += 1 }
        }
        sorted = pods.map { pod -> (Rank, PodRecord) in
            let node = state.node(of: pod)
            let document = pod.pod
            let cost = document.metadata.annotations["controller.kubernetes.io/pod-deletion-cost"]
                .flatMap { Int64($0) } ?? 0
            let phase: Int64 =
                document.phase == "Running" ? 2 : (document.phase == "Unknown" ? 1 : 0)
            let restarts = (document.status["containerStatuses"]?.array ?? [])
                .reduce(Int64(0)) { max($0, $1["restartCount"]?.integer ?? 0) }
            let key: [Int64] = [
                node.map(state.isMachineLost) ?? false ? 0 : 1,
                node == nil ? 0 : 1, phase, pod.isReady ? 1 : 0, cost,
                -(node.flatMap { neighbours[$0] } ?? 0), -(pod.readySince?.seconds ?? 0),
                -restarts, -pod.createdAt.seconds,
            ]
            return (Rank(key: key, name: pod.key.name), pod)
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
