import JSON
package import Objects

/// Keeps claims that Pods use, and volumes that claims are bound to, from being removed under
/// them: each has a finalizer that goes when it is deleted and nobody uses it any more.
package enum StorageProtectionController: Controller {
    private static let claimFinalizer = "kubernetes.io/pvc-protection"
    private static let volumeFinalizer = "kubernetes.io/pv-protection"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .persistentVolumes, .persistentVolumeClaims: return [change.key]
        case .pods:
            return state.pod(change.key)?.claims
                ?? change.old.map { ClaimRecord.keys(of: Pod($0.json)) } ?? []
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let record = state.record(key) else { return .nothing }
        let isClaim = key.resource == .persistentVolumeClaims
        let finalizer = isClaim ? claimFinalizer : volumeFinalizer
        let isProtected = record.finalizers.contains(finalizer)
        var metadata: JSON = ["uid": .string(record.uid)]
        if record.isBeingDeleted {
            let isUsed = isClaim
                ? isUsed(key, in: state) : VolumeRecord(record).phase == "Bound"
            guard isProtected, !isUsed else { return .nothing }
            metadata["$deleteFromPrimitiveList/finalizers"] = [.string(finalizer)]
        } else {
            guard !isProtected else { return .nothing }
            metadata["finalizers"] = [.string(finalizer)]
        }
        var result = Reconciliation()
        result.propose(
            .patch(key, ["metadata": metadata]),
            why: record.isBeingDeleted ? "nobody uses it any more" : "it may be in use")
        return result
    }

    private static func isUsed(_ claim: ObjectKey, in state: ClusterState) -> Bool {
        state.records(.pods, inNamespace: claim.namespace).contains { record in
            guard let pod = state.pod(record.key) else { return false }
            return !pod.isFinished && pod.nodeName != nil && pod.claims.contains(claim)
        }
    }
}
