import Base
import JSON
package import Objects

/// Makes the Lease of each Node, in the namespace `kube-node-lease`, for clients that look there.
/// Nothing here depends on it: gossip tells who is alive. So it is written once, and the API tells
/// the time of its renewal by what gossip knows (docs/decisions/0025).
package enum NodeLeaseController: Controller {
    private static let namespace = "kube-node-lease"
    /// Kubernetes' own; clients take a Lease that is older for that of a lost machine.
    private static let durationSeconds: JSON = 40

    private static func lease(_ node: String) -> ObjectKey {
        ObjectKey(.leases, namespace: namespace, name: node)
    }

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .nodes: [lease(change.key.name)]
        case .leases where change.key.namespace == namespace: [change.key]
        case .namespaces where change.key.name == namespace:
            state.records(.nodes).map { lease($0.key.name) }
        default: []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let node = state.record(ObjectKey(.nodes, name: key.name)), !node.isBeingDeleted,
            let home = state.record(ObjectKey(.namespaces, name: namespace)),
            !home.isBeingDeleted
        else { return .nothing }
        let owner: JSON = [
            "apiVersion": "v1", "kind": "Node", "name": .string(key.name),
            "uid": .string(node.uid),
        ]
        var result = Reconciliation()
        guard let lease = state.record(key) else {
            result.propose(
                .create(
                    .leases,
                    [
                        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                        "metadata": [
                            "name": .string(key.name), "namespace": .string(namespace),
                            "ownerReferences": [owner],
                        ],
                        "spec": [
                            "holderIdentity": .string(key.name),
                            "leaseDurationSeconds": durationSeconds,
                            "renewTime": .string(context.wall.rfc3339Micro),
                        ],
                    ]), why: "every Node has a Lease")
            return result
        }
        // The Lease of a Node that was deleted and made again names the old one.
        guard !lease.isBeingDeleted, lease.json["metadata"]?["ownerReferences"] != [owner],
            lease.json["spec"]?["holderIdentity"]?.string == key.name
        else { return result }
        var document = lease.json
        document[path: ["metadata", "ownerReferences"]] = [owner]
        result.propose(.update(.leases, document), why: "the Node is another one")
        return result
    }
}
