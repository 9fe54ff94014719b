import Base
import JSON

/// Classes and networks that every cluster has from its start.
enum DefaultClasses {
    /// The classes of Pods without which a cluster does not work; their numbers are Kubernetes'.
    static let priorities: [JSON] = [
        priority(
            "system-cluster-critical", 2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to "
                + "another node if necessary."),
        priority(
            "system-node-critical", 2_000_001_000,
            "Used for system critical pods that must not be moved from their current node."),
    ]

    /// The block from which Services get addresses.
    static func serviceNetwork(_ network: IPv4Network) -> JSON {
        [
            "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR",
            "metadata": ["name": "kubernetes"],
            "spec": ["cidrs": [.string(network.description)]],
        ]
    }

    private static func priority(_ name: String, _ value: Int64, _ description: String) -> JSON {
        [
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": ["name": .string(name)], "value": .integer(value),
            "description": .string(description),
        ]
    }
}
