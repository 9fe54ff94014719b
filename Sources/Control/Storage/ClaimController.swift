import Base
import JSON
package import Objects

/// Binds claims to volumes, and makes volumes for claims of the built-in class.
///
/// One write of a claim is under way at a time, and each is worked out from what the objects say:
///
///     no volume ──► reserved (claimRef of the volume) ──► named (volumeName of claim) ──► Bound
package enum ClaimController: Controller {
    static let component = "persistentvolume-controller"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .persistentVolumeClaims: return [change.key]
        case .persistentVolumes:
            let named = [change.old, change.new].compactMap { $0 }.compactMap {
                VolumeRecord($0).claim
            }
            return named.isEmpty || change.new == nil ? named + waiting(in: state) : named
        case .storageClasses: return waiting(in: state)
        default: return []
        }
    }

    private static func waiting(in state: ClusterState) -> [ObjectKey] {
        state.records(.persistentVolumeClaims).filter { !ClaimRecord($0).isBound }.map(\.key)
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let claim = state.claim(key), !claim.record.isBeingDeleted else { return .nothing }
        guard let volume = state.volume(of: claim) else {
            return claim.volumeName.isEmpty
                ? search(claim, in: state, context) : lose(claim, "ClaimLost")
        }
        guard volume.claim == nil || volume.isReserved(for: claim) else {
            return lose(claim, "ClaimMisbound")
        }
        return bind(claim, volume)
    }

    // MARK: A volume that is there

    private static func bind(_ claim: ClaimRecord, _ volume: VolumeRecord) -> Reconciliation {
        var result = Reconciliation()
        if volume.claimUID != claim.uid {
            var document = volume.record.json
            document[path: ["spec", "claimRef"]] = claim.reference
            if volume.claim == nil {
                document[path: ["metadata", "annotations", ClaimRecord.boundByController]] = "yes"
            }
            // With the version that was seen, so that no volume is given to two claims.
            result.propose(
                .update(.persistentVolumes, document), why: "the claim fits the volume")
        } else if !claim.isBound {
            var annotations: JSON = [ClaimRecord.bindCompleted: "yes"]
            var patch: JSON = ["metadata": ["uid": .string(claim.uid)]]
            if claim.volumeName.isEmpty {
                annotations[ClaimRecord.boundByController] = "yes"
                patch["spec"] = ["volumeName": .string(volume.key.name)]
            }
            patch["metadata"]?["annotations"] = annotations
            result.propose(.patch(claim.key, patch), why: "the volume is the claim's")
        } else if claim.phase != "Bound" {
            let status: JSON = [
                "phase": "Bound", "accessModes": .array(volume.accessModes.map { .string($0) }),
                "capacity": volume.record.spec["capacity"] ?? [:],
            ]
            result.propose(
                .patch(
                    claim.key, ["metadata": ["uid": .string(claim.uid)], "status": status],
                    subresource: "status"),
                why: "claim and volume name each other")
        }
        return result
    }

    /// The volume that the claim names is gone or another claim's.
    private static func lose(_ claim: ClaimRecord, _ reason: String) -> Reconciliation {
        guard claim.isBound else {
            var result = Reconciliation.refused("its volume is not there or not free")
            if reason == "ClaimMisbound" {
                result.events = [
                    event(
                        claim, isWarning: true, "FailedBinding",
                        "volume \"\(claim.volumeName)\" already bound to a different claim.")
                ]
            }
            return result
        }
        guard claim.phase != "Lost" else { return .nothing }
        let message = reason == "ClaimLost"
            ? "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            : "Two claims are bound to the same volume, this one is bound incorrectly"
        var result = Reconciliation()
        result.propose(
            .patch(claim.key, ["status": ["phase": "Lost"]], subresource: "status"),
            why: "its volume is gone", event: event(claim, isWarning: true, reason, message))
        return result
    }

    // MARK: A volume to be found or made

    private static func search(
        _ claim: ClaimRecord, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let className = claim.className else {
            if let found = ClassRecord.chosenByDefault(in: state) { return adopt(claim, found) }
            return settle(claim, in: state)
        }
        let storage = ClassRecord.named(className, in: state)
        if storage?.waitsForConsumer == true, claim.selectedNode == nil {
            var result = Reconciliation.refused("no Pod that uses it is placed yet")
            result.events = [
                event(
                    claim, "WaitForFirstConsumer",
                    "waiting for first consumer to be created before binding")
            ]
            return result
        }
        let node = claim.selectedNode.flatMap(state.node(named:))
        if let volume = state.freeVolume(for: claim, on: node) { return bind(claim, volume) }
        guard let storage else { return settle(claim, in: state) }
        guard storage.makesVolumes else { return refuse(claim, "no volume plugin matched") }
        guard storage.provisioner == LocalProvisioner.name else {
            return waitForProvisioner(claim, storage.provisioner)
        }
        return provision(claim, storage, node, in: state)
    }

    private static func adopt(_ claim: ClaimRecord, _ storage: ClassRecord) -> Reconciliation {
        var result = Reconciliation()
        result.propose(
            .patch(
                claim.key,
                [
                    "metadata": ["uid": .string(claim.uid)],
                    "spec": ["storageClassName": .string(storage.name)],
                ]),
            why: "it names no class, and this one is the default")
        return result
    }

    /// Nothing makes a volume for the claim; one that is there must do.
    private static func settle(_ claim: ClaimRecord, in state: ClusterState) -> Reconciliation {
        if let volume = state.freeVolume(for: claim, on: nil) { return bind(claim, volume) }
        if let name = claim.className, !name.isEmpty {
            return refuse(claim, "storageclass.storage.k8s.io \"\(name)\" not found")
        }
        var result = Reconciliation.refused("no free volume fits")
        result.events = [
            event(
                claim, "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set")
        ]
        return result
    }

    private static func refuse(_ claim: ClaimRecord, _ message: String) -> Reconciliation {
        var result = Reconciliation.refused(message)
        result.events = [event(claim, isWarning: true, "ProvisioningFailed", message)]
        return result
    }

    /// Another program makes the volume; the annotation tells it so.
    private static func waitForProvisioner(
        _ claim: ClaimRecord, _ provisioner: String
    ) -> Reconciliation {
        var result = Reconciliation.refused("the provisioner \(provisioner) has made no volume yet")
        result.events = [
            event(
                claim, "ExternalProvisioning",
                "Waiting for a volume to be created either by the external provisioner "
                    + "'\(provisioner)' or manually by the system administrator. If volume "
                    + "creation is delayed, please verify that the provisioner is running and "
                    + "correctly registered.")
        ]
        guard claim.annotations[ClaimRecord.provisioner] != provisioner else { return result }
        result.propose(
            .patch(
                claim.key,
                [
                    "metadata": [
                        "uid": .string(claim.uid),
                        "annotations": [ClaimRecord.provisioner: .string(provisioner)],
                    ]
                ]),
            why: "its provisioner waits for the annotation")
        return result
    }

    static func event(
        _ claim: ClaimRecord, isWarning: Bool = false, _ reason: String, _ message: String
    ) -> EventDraft {
        EventDraft(
            about: claim.key, uid: claim.uid, isWarning: isWarning, reason: reason,
            message: message, component: component)
    }
}
