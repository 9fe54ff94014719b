import Base
import JSON
import Objects
import Store

/// What a PodDisruptionBudget says to an eviction (`pkg/registry/core/pod/storage/eviction.go`).
extension Evaluation {
    /// How many granted evictions may be unconfirmed at once.
    private static let grantedMax = 2_000
    private static let secondsUntilCounted = 10

    /// Takes one eviction off the budget of the Pod, in the transaction that deletes it, so that
    /// no two evictions pass that only one may. Throws 429 when none is left.
    func chargeBudget(for document: JSON, _ writes: inout Writes) throws(StatusError) {
        let pod = Pod(document)
        guard !pod.isFinished, !pod.isBeingDeleted, pod.phase != "Pending" else { return }
        let budgets = budgets(of: pod)
        guard let (key, budget) = budgets.first else { return }
        guard budgets.count == 1 else {
            throw StatusError(
                .internalError,
                "This pod has more than one PodDisruptionBudget, which the eviction subresource "
                    + "does not support.")
        }
        var json = budget.json
        let status = json["status"] ?? [:]
        if !pod.isReady, mayGoUnready(json) { return }
        let observed = status.count("observedGeneration")
        guard observed >= json["metadata"]?.count("generation") ?? 0 else {
            throw refusal(
                "The disruption budget \(key.name) is still being processed by the server.")
        }
        let granted = status["disruptedPods"]?.object?.count ?? 0
        guard granted <= Self.grantedMax else {
            throw StatusError.forbidden(
                .podDisruptionBudgets, key.name,
                "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
        }
        let allowed = status.count("disruptionsAllowed")
        guard allowed > 0 else {
            throw refusal(
                "The disruption budget \(key.name) needs \(status.count("desiredHealthy")) healthy "
                    + "pods and has \(status.count("currentHealthy")) currently")
        }
        json[path: ["status", "disruptionsAllowed"]] = .integer(allowed - 1)
        json[path: ["status", "disruptedPods", pod.metadata.name]] = .string(now)
        writes.preconditions.append(.unchanged(key, since: budget.modRevision))
        writes.operations.append(.put(key, json.bytes))
    }

    private func budgets(of pod: Pod) -> [(Key, Document)] {
        let resource = Resource.podDisruptionBudgets
        let range = KeyRange.namespace(
            group: resource.group, resource: resource.plural, namespace: pod.metadata.namespace)
        return snapshot.list(range).filter { _, document in
            guard let selector = document.json["spec"]?["selector"] else { return false }
            return LabelSelector(selector).matches(pod.metadata.labels)
        }.map { ($0.key, $0.document) }
    }

    /// A Pod that is not ready keeps nobody's budget: always, or while the others are enough.
    private func mayGoUnready(_ budget: JSON) -> Bool {
        let status = budget["status"] ?? [:]
        switch budget["spec"]?.text("unhealthyPodEvictionPolicy") {
        case "AlwaysAllow": return true
        default:
            let desired = status.count("desiredHealthy")
            return desired > 0 && status.count("currentHealthy") >= desired
        }
    }

    private func refusal(_ why: String) -> StatusError {
        StatusError(
            .tooManyRequests,
            "Cannot evict pod as it would violate the pod's disruption budget.",
            causes: [StatusError.Cause(reason: "DisruptionBudget", message: why, field: "")],
            retryAfterSeconds: Self.secondsUntilCounted)
    }

    /// The operations of an eviction, with the condition that tells why the Pod goes.
    func tellEviction(_ operations: [Operation], of key: Key) -> [Operation] {
        operations.map { operation in
            guard case .put(key, let bytes) = operation, var document = try? JSON(parsing: bytes)
            else { return operation }
            document.setCondition([
                "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting", "lastTransitionTime": .string(now),
            ])
            return .put(key, document.bytes)
        }
    }
}
