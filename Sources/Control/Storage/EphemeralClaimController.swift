import JSON
package import Objects

/// Makes the claims of generic ephemeral volumes (`volumes[].ephemeral`). They belong to their
/// Pod and go with it.
package enum EphemeralClaimController: Controller {
    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .pods:
            return state.pod(change.key)?.hasEphemeralClaims == true ? [change.key] : []
        case .persistentVolumeClaims:
            return change.record?.controller.flatMap { owner in
                owner.kind == "Pod"
                    ? [ObjectKey(.pods, namespace: change.key.namespace, name: owner.name)] : nil
            } ?? []
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let record = state.record(key), !record.isBeingDeleted else { return .nothing }
        let pod = Pod(record.json)
        guard !pod.isFinished else { return .nothing }
        var result = Reconciliation()
        for volume in pod.volumes {
            guard let template = volume["ephemeral"]?["volumeClaimTemplate"],
                let claim = ClaimRecord.key(of: volume, in: pod)
            else { continue }
            if let present = state.record(claim) {
                guard present.controller?.uid != pod.uid else { continue }
                result.events.append(
                    EventDraft(
                        about: key, uid: pod.uid, isWarning: true,
                        reason: "EphemeralVolumeConflict",
                        message: "PVC \"\(claim.namespace)/\(claim.name)\" was not created for "
                            + "pod \"\(key.namespace)/\(key.name)\" (pod is not owner)",
                        component: "ephemeral_volume"))
                continue
            }
            var metadata = template["metadata"] ?? [:]
            metadata["name"] = .string(claim.name)
            metadata["namespace"] = .string(claim.namespace)
            metadata["ownerReferences"] = [record.controllerReference]
            result.propose(
                .create(
                    .persistentVolumeClaims,
                    [
                        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                        "metadata": metadata, "spec": template["spec"] ?? [:],
                    ]),
                why: "a volume of the Pod asks for it")
        }
        return result
    }
}
