import Objects

/// How much of what a Pod would have to pull is on each Node (`ImageLocality`). An image that few
/// Nodes have counts less, so that not all Pods go where the first one was.
struct ImageRules {
    private static let mebibyte: Int64 = 1_024 * 1_024
    /// What is smaller does not matter, and nothing matters more than the largest.
    private static let sizeMin = 23 * mebibyte
    private static let sizeMaxOfContainer = 1_000 * mebibyte

    /// The names by which Nodes may call each container's image.
    private let wanted: [[String]]
    private let sizeMax: Int64
    /// How many Nodes have each of them.
    private let holders: [Int64]
    private let nodeCount: Int64

    init(of pod: PodRecord, _ nodes: [NodeRecord]) {
        let containers = pod.pod.initContainers + pod.pod.containers
        wanted = containers.map { Self.names(of: $0.image) }
        sizeMax = Int64(max(1, containers.count)) * Self.sizeMaxOfContainer
        nodeCount = Int64(max(1, nodes.count))
        holders = wanted.map { names in
            Int64(nodes.count { node in names.contains { node.images[$0] != nil } })
        }
    }

    /// From 0 to 100.
    func score(of node: NodeRecord) -> Int64 {
        guard !node.images.isEmpty else { return 0 }
        var sum: Int64 = 0
        for (names, count) in zip(wanted, holders) {
            guard let size = names.lazy.compactMap({ node.images[$0] }).first else { continue }
            sum += min(size, sizeMax) / nodeCount * count
        }
        let counted = min(max(sum, Self.sizeMin), sizeMax) - Self.sizeMin
        return counted * 100 / (sizeMax - Self.sizeMin)
    }

    /// With its tag, as written and as the runtime completes it.
    private static func names(of image: String) -> [String] {
        let last = image.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        let tagged = last.contains(":") || image.contains("@") ? image : "\(image):latest"
        let first = tagged.prefix { $0 != "/" }
        guard first.count < tagged.count else { return [tagged, "docker.io/library/\(tagged)"] }
        let isHost = first.contains(".") || first.contains(":") || first == "localhost"
        return isHost ? [tagged] : [tagged, "docker.io/\(tagged)"]
    }
}
