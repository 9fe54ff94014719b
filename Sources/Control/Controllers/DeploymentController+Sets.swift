import Base
import JSON
import Objects

extension DeploymentController {
    /// Makes the ReplicaSet of the current template.
    static func create(
        _ rollout: Rollout, in state: ClusterState, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        let deployment = rollout.deployment
        let template = deployment.spec["template"] ?? [:]
        let collisions = deployment.status["collisionCount"]?.integer ?? 0
        let hash = TemplateHash.text(of: template, collisions: collisions)
        let key = ObjectKey(
            .replicaSets, namespace: rollout.key.namespace, name: "\(rollout.key.name)-\(hash)")
        if let other = state.record(key) {
            // Another template with the same hash, or a set that belongs to somebody else.
            guard !(other.isBeingDeleted && other.controller?.uid == deployment.uid) else {
                result.explanation = "the ReplicaSet of this template is still being deleted"
                return
            }
            result.propose(
                .patch(
                    rollout.key, ["status": ["collisionCount": .integer(collisions + 1)]],
                    subresource: "status"),
                why: "the name \(key.name) is taken")
            return
        }
        let replicas = rollout.isRecreate
            ? rollout.replicas : min(rollout.replicas, rollout.currentTarget(existing: 0))
        let revision = (rollout.old.map(\.revision).max() ?? 0) + 1
        var labeled = template
        labeled[path: ["metadata", "labels", podTemplateHashLabel]] = .string(hash)
        var selector = deployment.spec["selector"] ?? [:]
        selector[path: ["matchLabels", podTemplateHashLabel]] = .string(hash)
        var annotations: JSON = .object([:])
        for (name, value) in copiedAnnotations(rollout).sorted(by: { $0.key < $1.key }) {
            annotations[name] = .string(value)
        }
        annotations[DeploymentAnnotation.revision] = .string(String(revision))
        annotations[DeploymentAnnotation.desiredReplicas] = .string(String(rollout.replicas))
        annotations[DeploymentAnnotation.maxReplicas] = .string(String(rollout.maxTotal))
        var spec: JSON = [
            "replicas": .integer(replicas), "selector": selector, "template": labeled,
        ]
        if rollout.minReadySeconds > 0 {
            spec["minReadySeconds"] = .integer(rollout.minReadySeconds)
        }
        let document: JSON = [
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": [
                "name": .string(key.name), "namespace": .string(key.namespace),
                "labels": labeled["metadata"]?["labels"] ?? [:], "annotations": annotations,
                "ownerReferences": [deployment.controllerReference],
            ],
            "spec": spec,
        ]
        result.propose(
            .create(.replicaSets, document), why: "no ReplicaSet has the current template",
            event: replicas > 0
                ? event(rollout, "Scaled up replica set \(key.name) from 0 to \(replicas)") : nil,
            failureEvent: EventDraft(
                about: rollout.key, uid: deployment.uid, isWarning: true,
                reason: "ReplicaSetCreateError",
                message: "Failed to create new replica set \"\(key.name)\": ", ending: .refusal,
                component: component))
        recordRevision(revision, rollout, &result)
    }

    /// Keeps the current set's annotations and size what they should be.
    static func bringUpToDate(
        _ set: RolloutSet, _ rollout: Rollout, replicas: Int64, _ result: inout Reconciliation
    ) {
        var changes: JSON = .object([:])
        for (name, value) in copiedAnnotations(rollout).sorted(by: { $0.key < $1.key })
        where set.annotations[name] != value {
            changes[name] = .string(value)
        }
        let newest = (rollout.old.map(\.revision).max() ?? 0) + 1
        let revision = max(newest, set.revision)
        if set.revision < newest {
            changes[DeploymentAnnotation.revision] = .string(String(newest))
            if set.revision > 0 {
                let history = set.annotations[DeploymentAnnotation.revisionHistory]
                changes[DeploymentAnnotation.revisionHistory] = .string(
                    (history.map { $0 + "," } ?? "") + String(set.revision))
            }
        }
        propose(set, replicas, rollout, annotations: changes, &result)
        recordRevision(revision, rollout, &result)
    }

    private static func copiedAnnotations(_ rollout: Rollout) -> [String: String] {
        rollout.deployment.metadata.annotations.filter {
            !DeploymentAnnotation.notCopied.contains($0.key)
        }
    }

    private static func recordRevision(
        _ revision: Int64, _ rollout: Rollout, _ result: inout Reconciliation
    ) {
        let text = String(revision)
        let annotations = rollout.deployment.metadata.annotations
        guard annotations[DeploymentAnnotation.revision] != text else { return }
        result.propose(
            .patch(
                rollout.key,
                ["metadata": ["annotations": [DeploymentAnnotation.revision: .string(text)]]]),
            why: "it rolled to revision \(revision)")
    }

    /// Scales a set and records for what size of the Deployment that was done.
    static func propose(
        _ set: RolloutSet, _ replicas: Int64, _ rollout: Rollout,
        annotations extra: JSON = .object([:]), _ result: inout Reconciliation
    ) {
        var annotations = extra
        let isScaled = replicas != set.replicas
        if isScaled || set.replicas > 0 || set.record.uid == rollout.current?.record.uid {
            for (name, value) in [
                (DeploymentAnnotation.desiredReplicas, rollout.replicas),
                (DeploymentAnnotation.maxReplicas, rollout.maxTotal),
            ] where set.annotations[name] != String(value) {
                annotations[name] = .string(String(value))
            }
        }
        var patch: JSON = .object([:])
        if annotations != .object([:]) { patch["metadata"] = ["annotations": annotations] }
        var spec: JSON = .object([:])
        if isScaled { spec["replicas"] = .integer(replicas) }
        let minReady = set.record.spec["minReadySeconds"]?.integer ?? 0
        if minReady != rollout.minReadySeconds,
            set.record.uid == rollout.current?.record.uid
        {
            spec["minReadySeconds"] = .integer(rollout.minReadySeconds)
        }
        if spec != .object([:]) { patch["spec"] = spec }
        guard patch != .object([:]) else { return }
        let direction = replicas > set.replicas ? "up" : "down"
        result.propose(
            .patch(set.record.key, patch),
            why: isScaled ? "the rollout moves on" : "its record of the Deployment is old",
            event: isScaled
                ? event(
                    rollout,
                    "Scaled \(direction) replica set \(set.name) from \(set.replicas) "
                        + "to \(replicas)") : nil)
    }

    private static func event(_ rollout: Rollout, _ message: String) -> EventDraft {
        EventDraft(
            about: rollout.key, uid: rollout.deployment.uid, reason: "ScalingReplicaSet",
            message: message, component: component)
    }
}
