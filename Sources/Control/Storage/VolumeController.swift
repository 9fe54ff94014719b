import Base
import JSON
package import Objects

/// Says of every volume whether it is free, bound or left by its claim. What is left stays, or is
/// removed with its data by the kubelet of its machine.
package enum VolumeController: Controller {
    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .persistentVolumes: return [change.key]
        case .persistentVolumeClaims:
            return state.records(.persistentVolumes).filter {
                VolumeRecord($0).claim == change.key
            }.map(\.key)
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let record = state.record(key), !record.isBeingDeleted else { return .nothing }
        let volume = VolumeRecord(record)
        let phase = phase(of: volume, in: state)
        guard phase != volume.phase else { return .nothing }
        var status: JSON = ["phase": .string(phase)]
        status["lastPhaseTransitionTime"] = .string(context.wall.rfc3339)
        var result = Reconciliation()
        result.propose(
            .patch(
                key, ["metadata": ["uid": .string(record.uid)], "status": status],
                subresource: "status"),
            why: "its claim says so")
        return result
    }

    private static func phase(of volume: VolumeRecord, in state: ClusterState) -> String {
        guard let key = volume.claim, !volume.claimUID.isEmpty else { return "Available" }
        guard let claim = state.claim(key), claim.uid == volume.claimUID else { return "Released" }
        return "Bound"
    }
}
