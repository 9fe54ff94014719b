import JSON
import Objects

extension ClaimController {
    /// Makes the PersistentVolume of a folder on one machine, whose kubelet makes the folder.
    static func provision(
        _ claim: ClaimRecord, _ storage: ClassRecord, _ chosen: NodeRecord?,
        in state: ClusterState
    ) -> Reconciliation {
        guard let node = chosen ?? home(of: claim, in: state) else {
            return .refused("there is no machine to make the volume on")
        }
        var result = Reconciliation()
        guard claim.volumeMode == "Filesystem" else {
            result.events = [
                event(
                    claim, isWarning: true, "ProvisioningFailed",
                    "\(LocalProvisioner.name) does not provide block volumes")
            ]
            return result
        }
        let name = "pvc-\(claim.uid)"
        result.propose(
            .create(.persistentVolumes, volume(name, for: claim, storage, on: node)),
            why: "the claim's class makes volumes on demand",
            event: event(
                claim, "ProvisioningSucceeded", "Successfully provisioned volume \(name)"),
            failureEvent: event(
                claim, isWarning: true, "ProvisioningFailed",
                "failed to provision volume with StorageClass \"\(storage.name)\""))
        return result
    }

    /// A claim that no Pod waits for goes to one of the machines that take Pods, by its UID.
    private static func home(of claim: ClaimRecord, in state: ClusterState) -> NodeRecord? {
        let nodes = state.sortedNodes.filter {
            !$0.isUnschedulable && $0.ready == "True" && !state.isMachineLost($0.name)
        }
        guard !nodes.isEmpty else { return nil }
        let number = claim.uid.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % nodes.count }
        return nodes[abs(number)]
    }

    private static func volume(
        _ name: String, for claim: ClaimRecord, _ storage: ClassRecord, on node: NodeRecord
    ) -> JSON {
        let label = "kubernetes.io/hostname"
        let expression: JSON = [
            "key": .string(label), "operator": "In",
            "values": [.string(node.labels[label] ?? node.name)],
        ]
        var spec: JSON = [
            "accessModes": .array(claim.accessModes.map { .string($0) }),
            "capacity": [
                "storage": claim.record.spec["resources"]?["requests"]?["storage"] ?? "0"
            ],
            "claimRef": claim.reference,
            "persistentVolumeReclaimPolicy": .string(storage.reclaimPolicy),
            "storageClassName": .string(storage.name), "volumeMode": "Filesystem",
            "nodeAffinity": [
                "required": ["nodeSelectorTerms": [["matchExpressions": [expression]]]]
            ],
        ]
        spec["local"] = ["path": .string("\(LocalProvisioner.root)/\(name)")]
        return [
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": [
                "name": .string(name),
                "annotations": [
                    LocalProvisioner.provisionedBy: .string(LocalProvisioner.name)
                ],
            ],
            "spec": spec,
        ]
    }
}
