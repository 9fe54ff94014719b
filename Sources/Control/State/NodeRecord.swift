import JSON
package import Objects

/// What scheduling and eviction need of a Node, worked out once per change.
package struct NodeRecord: Sendable, Equatable {
    package let name: String
    package let labels: [String: String]
    package let taints: [Taint]
    package let isUnschedulable: Bool
    package let allocatable: ResourceVector
    package let podsMax: Int64
    /// The status of the condition Ready; nil before the kubelet has posted any.
    package let ready: String?
    /// The taints that its conditions of pressure ask for.
    package let pressureTaints: [String]
    /// The sizes of the images that it has, by each of their names.
    let images: [String: Int64]

    /// What Kubernetes' kubelet allows unless told otherwise.
    private static let podsMaxDefault: Int64 = 110

    package init(_ record: ObjectRecord) {
        let node = Node(record.json)
        name = record.key.name
        labels = record.labels
        taints = node.taints
        isUnschedulable = node.isUnschedulable
        let quantities = node.allocatable
        allocatable = ResourceVector(quantities)
        podsMax = quantities["pods"]?.value ?? Self.podsMaxDefault
        ready = node.condition("Ready")?.status
        pressureTaints = WellKnownTaint.ofConditions.filter {
            node.condition($0.condition)?.isTrue ?? false
        }.map(\.key)
        var sizes: [String: Int64] = [:]
        for image in node.json["status"]?["images"]?.array ?? [] {
            for name in image["names"].strings { sizes[name] = image["sizeBytes"]?.integer ?? 0 }
        }
        images = sizes
    }
}

/// The taints that Kubernetes' controllers put on Nodes (`core/v1/well_known_taints.go`).
package enum WellKnownTaint {
    package static let notReady = "node.kubernetes.io/not-ready"
    package static let unreachable = "node.kubernetes.io/unreachable"
    package static let unschedulable = "node.kubernetes.io/unschedulable"
    package static let ofConditions = [
        (condition: "MemoryPressure", key: "node.kubernetes.io/memory-pressure"),
        (condition: "DiskPressure", key: "node.kubernetes.io/disk-pressure"),
        (condition: "PIDPressure", key: "node.kubernetes.io/pid-pressure"),
    ]
}

extension ClusterState {
    /// The taints that a Node should have for its condition and for what the mesh says.
    package func wantedTaints(of node: NodeRecord) -> [Taint] {
        var taints: [Taint] = []
        let isUnreachable = isMachineLost(node.name) || node.ready == "Unknown"
        if isUnreachable || node.ready != "True" {
            let key = isUnreachable ? WellKnownTaint.unreachable : WellKnownTaint.notReady
            taints = [
                Taint(key: key, effect: "NoSchedule"), Taint(key: key, effect: "NoExecute"),
            ]
        }
        if node.isUnschedulable {
            taints.append(Taint(key: WellKnownTaint.unschedulable, effect: "NoSchedule"))
        }
        return taints + node.pressureTaints.map { Taint(key: $0, effect: "NoSchedule") }
    }

    /// The taints that it has and those that it is about to get. Nothing is placed on a failed
    /// machine because its taint is still on the way to the Store.
    package func effectiveTaints(of node: NodeRecord) -> [Taint] {
        let wanted = wantedTaints(of: node)
        let kept = node.taints.filter { taint in
            let isManaged = [WellKnownTaint.notReady, WellKnownTaint.unreachable]
                .contains(taint.key)
            return !isManaged
                && !wanted.contains { $0.key == taint.key && $0.effect == taint.effect }
        }
        return kept + wanted
    }
}
