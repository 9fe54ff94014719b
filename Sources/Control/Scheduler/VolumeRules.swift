import JSON
import Objects

/// What the claims of a Pod ask of its Node (`VolumeBinding`).
struct VolumeRules {
    /// Why no Node can take the Pod, whichever it is.
    private(set) var refusal: String?
    /// Volumes of claims that are bound.
    private var bound: [VolumeRecord] = []
    /// Claims whose volumes are chosen with the Node.
    private(set) var open: [ClaimRecord] = []
    private let state: ClusterState
    /// Another Pod uses a claim that is for one Pod at a time (`VolumeRestrictions`).
    private var isTaken = false

    init(of pod: PodRecord, in state: ClusterState) {
        self.state = state
        for key in pod.claims {
            guard refusal == nil else { return }
            take(key, pod)
        }
    }

    private mutating func take(_ key: ObjectKey, _ pod: PodRecord) {
        guard let claim = state.claim(key) else {
            refusal = pod.hasEphemeralClaims && key.name.hasPrefix("\(pod.key.name)-")
                ? "waiting for ephemeral volume controller to create the persistentvolumeclaim "
                    + "\"\(key.name)\""
                : "persistentvolumeclaim \"\(key.name)\" not found"
            return
        }
        isTaken = isTaken || isTaken(claim, from: pod)
        if claim.record.isBeingDeleted {
            refusal = "persistentvolumeclaim \"\(key.name)\" is being deleted"
        } else if claim.phase == "Lost" {
            refusal = "persistentvolumeclaim \"\(key.name)\" bound to non-existent "
                + "persistentvolume \"\(claim.volumeName)\""
        } else if claim.isBound, let volume = state.volume(of: claim) {
            bound.append(volume)
        } else if ClassRecord.of(claim, in: state)?.waitsForConsumer == true,
            claim.volumeName.isEmpty
        {
            open.append(claim)
        } else {
            refusal = "pod has unbound immediate PersistentVolumeClaims"
        }
    }

    private func isTaken(_ claim: ClaimRecord, from pod: PodRecord) -> Bool {
        guard claim.accessModes.contains("ReadWriteOncePod") else { return false }
        return state.pods.values.contains { other in
            other.key != pod.key && !other.isFinished && state.node(of: other) != nil
                && other.claims.contains(claim.key)
        }
    }

    func refusal(of node: NodeRecord) -> Explain.Refusal? {
        guard !isTaken else {
            let reason = "node has pod using PersistentVolumeClaim with the same name and "
                + "ReadWriteOncePod access mode"
            return Explain.Refusal(reason, isResolvable: true)
        }
        guard bound.allSatisfy({ $0.isReachable(from: node) }) else {
            return Explain.Refusal(
                "node(s) didn't match PersistentVolume's node affinity", isResolvable: false)
        }
        let canBind = open.allSatisfy { claim in
            // One that is being bound is for one Node only.
            if let volume = state.volume(of: claim) { return volume.isReachable(from: node) }
            if state.freeVolume(for: claim, on: node) != nil { return true }
            return ClassRecord.of(claim, in: state)?.makesVolumes ?? false
        }
        guard canBind else {
            return Explain.Refusal(
                "node(s) didn't find available persistent volumes to bind", isResolvable: false)
        }
        return nil
    }

    /// The Node that an earlier decision named to the makers of the volumes.
    var chosenNode: String? { open.lazy.compactMap(\.selectedNode).first }

    /// Names the Node to the claims that wait for it; the Pod is bound once they are.
    func choose(_ node: String) -> Reconciliation {
        var result = Reconciliation.refused("waits for its volumes")
        for claim in open where claim.selectedNode != node {
            result.propose(
                .patch(
                    claim.key,
                    [
                        "metadata": [
                            "uid": .string(claim.uid),
                            "annotations": [ClaimRecord.selectedNode: .string(node)],
                        ]
                    ]),
                why: "a Pod that uses it is to run there")
        }
        return result
    }
}

extension Scheduler {
    /// Pods that wait and that a change of a claim, a volume or a class may concern.
    static func waitingPods(
        concernedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        var named: Set<ObjectKey>?
        if change.key.resource == .persistentVolumeClaims {
            named = [change.key]
        } else if let claim = change.record.flatMap({ VolumeRecord($0).claim }) {
            named = [claim]
        }
        return state.waitingPods.filter { key in
            guard let claims = state.pod(key)?.claims else { return false }
            return named.map { claims.contains(where: $0.contains) } ?? !claims.isEmpty
        }
    }
}
