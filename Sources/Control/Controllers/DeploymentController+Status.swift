import Base
import JSON
import Objects

/// What a Deployment's status says of its rollout.
enum RolloutStatus {
    /// All replicas wanted are of the current template, available, and there are no others.
    static func isComplete(_ rollout: Rollout, _ status: JSON) -> Bool {
        (status["updatedReplicas"]?.integer ?? 0) == rollout.replicas
            && (status["replicas"]?.integer ?? 0) == rollout.replicas
            && (status["availableReplicas"]?.integer ?? 0) == rollout.replicas
            && (status["observedGeneration"]?.integer ?? 0) >= rollout.deployment.generation
    }

    /// Whether `new` is nearer to the end than `old` (`DeploymentProgressing`).
    static func isProgress(_ old: JSON, _ new: JSON) -> Bool {
        func count(_ status: JSON, _ name: String) -> Int64 { status[name]?.integer ?? 0 }
        func rest(_ status: JSON) -> Int64 {
            count(status, "replicas") - count(status, "updatedReplicas")
        }
        return count(new, "updatedReplicas") > count(old, "updatedReplicas")
            || rest(new) < rest(old)
            || count(new, "readyReplicas") > count(old, "readyReplicas")
            || count(new, "availableReplicas") > count(old, "availableReplicas")
    }

    static func counts(_ rollout: Rollout) -> JSON {
        var status = rollout.deployment.status
        func store(_ name: String, _ count: Int64) {
            status[name] = count > 0 ? .integer(count) : JSON?.none
        }
        store("replicas", rollout.actual)
        store("updatedReplicas", rollout.current?.actual ?? 0)
        store("readyReplicas", rollout.all.reduce(0) { $0 + $1.ready })
        store("availableReplicas", rollout.available)
        store("unavailableReplicas", max(0, rollout.total - rollout.available))
        store("terminatingReplicas", rollout.all.reduce(0) { $0 + $1.terminating })
        status["observedGeneration"] = .integer(rollout.deployment.generation)
        return status
    }
}

extension DeploymentController {
    static func updateStatus(
        of rollout: Rollout, _ context: ControlContext, _ result: inout Reconciliation
    ) {
        let old = rollout.deployment.status
        // A write of the Deployment itself would make this one conflict; it comes round again.
        let touches = result.proposals.contains { proposal in
            guard case .patch(let key, _, _) = proposal.write else { return false }
            return key == rollout.key
        }
        guard !touches else { return }
        var status = RolloutStatus.counts(rollout)
        var list = ConditionList(old["conditions"], now: context.wall, hasUpdateTime: true)
        let isAvailable =
            (status["availableReplicas"]?.integer ?? 0)
            >= rollout.replicas - rollout.maxUnavailable
        list.set(
            "Available", isAvailable ? "True" : "False",
            reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            message: isAvailable
                ? "Deployment has minimum availability."
                : "Deployment does not have minimum availability.")
        updateProgress(&list, rollout, status, context, &result)
        status["conditions"] = list.json
        result.proposeStatus(status, of: rollout.deployment, why: "its rollout moved")
    }

    private static func updateProgress(
        _ list: inout ConditionList, _ rollout: Rollout, _ status: JSON, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        let type = "Progressing"
        guard let deadline = rollout.progressDeadline else { return list.remove(type) }
        let before = list[type]
        if rollout.isPaused {
            guard before?.reason != "ProgressDeadlineExceeded" else { return }
            return list.set(
                type, "Unknown", reason: "DeploymentPaused", message: "Deployment is paused")
        }
        if before?.reason == "DeploymentPaused" {
            list.set(
                type, "Unknown", reason: "DeploymentResumed", message: "Deployment is resumed")
        }
        guard let current = rollout.current else { return }
        let name = "ReplicaSet \"\(current.name)\""
        let complete = "NewReplicaSetAvailable"
        let isNew = current.actual == 0 && rollout.replicas > 0
        if before == nil || (isNew && before?.reason == complete) {
            list.set(
                type, "True", reason: isNew ? "NewReplicaSetCreated" : "FoundNewReplicaSet",
                message: (isNew ? "Created new" : "Found new") + " replica set \"\(current.name)\"")
        }
        let wasComplete =
            status["replicas"]?.integer == status["updatedReplicas"]?.integer
            && before?.reason == complete && !isNew
        guard !wasComplete else { return }
        if RolloutStatus.isComplete(rollout, status) {
            list.set(
                type, "True", reason: complete, message: "\(name) has successfully progressed.")
        } else if RolloutStatus.isProgress(rollout.deployment.status, status) {
            list.set(
                type, "True", reason: "ReplicaSetUpdated", message: "\(name) is progressing.",
                renewing: true)
        } else if let since = list[type]?.json["lastUpdateTime"]?.string
            .flatMap(WallTime.init(rfc3339:))
        {
            guard list[type]?.reason != complete else { return }
            let due = since + .seconds(deadline)
            guard due > context.wall else {
                return list.set(
                    type, "False", reason: "ProgressDeadlineExceeded",
                    message: "\(name) has timed out progressing.")
            }
            // A second more, because the times in conditions have no fraction.
            result.requeue(after: due - context.wall + .seconds(1))
        }
    }
}
