import Base
import JSON
package import Objects

/// Keeps as many Pods of a template as `spec.replicas` says (`kube-controller-manager`'s
/// replicaset controller).
///
/// A Pod whose deletion was asked for is no replica, so a failed machine's Pods are replaced in the
/// step that evicts them. After a refusal one Pod is tried before the rest follow, which is what
/// Kubernetes' slow start is for; without one all missing Pods are made at once.
package enum ReplicaSetController: Controller {
    private static let component = "replicaset-controller"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .replicaSets: [change.key]
        case .pods:
            state.controllers(of: change, .replicaSets) + state.adopters(of: change, .replicaSets)
        default: []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let set = state.record(key), !set.isBeingDeleted else { return .nothing }
        let selector = LabelSelector(set.spec["selector"] ?? [:])
        guard !selector.isEmpty else { return .refused("its selector is empty") }
        var result = Reconciliation()
        let owned = state.pods(controlledBy: set.uid)
        let claimed = owned.filter { selector.matches($0.labels) }
        adoptAndRelease(set, selector, owned, in: state, &result)
        let active = claimed.filter(state.isActive)
        if result.proposals.isEmpty {
            let wanted = set.spec["replicas"]?.integer ?? 1
            let missing = wanted - Int64(active.count)
            if missing > 0 {
                create(missing, of: set, context, &result)
            } else if missing < 0 {
                let surplus = Int(min(-missing, Int64(context.configuration.burstMax)))
                delete(surplus, of: active, set, in: state, &result)
            }
        }
        updateStatus(of: set, claimed, active, context, &result)
        return result
    }

    private static func adoptAndRelease(
        _ set: ObjectRecord, _ selector: LabelSelector, _ owned: [PodRecord],
        in state: ClusterState, _ result: inout Reconciliation
    ) {
        for pod in owned where !selector.matches(pod.labels) && !state.isDeparting(pod) {
            guard let record = state.record(pod.key) else { continue }
            result.propose(
                Ownership.release(record, from: [set.uid]), why: "its labels no longer match")
        }
        for record in state.unmanaged(.pods, inNamespace: set.key.namespace) {
            guard let pod = state.pod(record.key), state.isActive(pod),
                selector.matches(pod.labels)
            else { continue }
            result.propose(
                Ownership.adopt(record, by: set), why: "its labels match and nobody controls it")
        }
    }

    private static func create(
        _ missing: Int64, of set: ObjectRecord, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        let limit = context.refusals > 0 ? 1 : context.configuration.burstMax
        let document = pod(of: set)
        for _ in 0..<Int(min(missing, Int64(limit))) {
            result.propose(
                .create(.pods, document), why: "fewer Pods than replicas",
                event: event(set, "SuccessfulCreate", "Created pod: ", .name),
                failureEvent: event(set, "FailedCreate", "Error creating: ", .refusal))
        }
    }

    private static func pod(of set: ObjectRecord) -> JSON {
        let template = set.spec["template"] ?? [:]
        var metadata: JSON = [
            "generateName": .string(set.key.name + "-"), "namespace": .string(set.key.namespace),
        ]
        for name in ["labels", "annotations", "finalizers"] {
            if let value = template["metadata"]?[name] { metadata[name] = value }
        }
        metadata["ownerReferences"] = [set.controllerReference]
        return [
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": template["spec"] ?? [:],
        ]
    }

    private static func delete(
        _ surplus: Int, of active: [PodRecord], _ set: ObjectRecord, in state: ClusterState,
        _ result: inout Reconciliation
    ) {
        for pod in PodRanking(active, in: state).sorted.prefix(surplus) {
            result.propose(
                .delete(pod.key, uid: pod.uid), why: "more Pods than replicas",
                event: event(set, "SuccessfulDelete", "Deleted pod: \(pod.key.name)", .none),
                failureEvent: event(set, "FailedDelete", "Error deleting: ", .refusal))
        }
    }

    private static func event(
        _ set: ObjectRecord, _ reason: String, _ message: String, _ ending: EventDraft.Ending
    ) -> EventDraft {
        EventDraft(
            about: set.key, uid: set.uid, isWarning: ending == .refusal, reason: reason,
            message: message, ending: ending, component: component)
    }

    private static func updateStatus(
        of set: ObjectRecord, _ claimed: [PodRecord], _ active: [PodRecord],
        _ context: ControlContext, _ result: inout Reconciliation
    ) {
        let minReady = set.spec["minReadySeconds"]?.integer ?? 0
        let template = set.spec["template"]?["metadata"]?["labels"].stringMap ?? [:]
        let available = active.filter {
            $0.isAvailable(minReadySeconds: minReady, at: context.wall)
        }
        for pod in active where pod.isReady && minReady > 0 {
            guard let since = pod.readySince else { continue }
            let due = since + .seconds(minReady)
            if due > context.wall { result.requeue(after: due - context.wall) }
        }
        var status = set.status
        func store(_ name: String, _ count: Int) {
            // Kubernetes leaves out counts of zero, but for `replicas`.
            status[name] = count == 0 && name != "replicas" ? JSON?.none : .integer(Int64(count))
        }
        store("replicas", active.count)
        store(
            "fullyLabeledReplicas",
            active.filter { pod in template.allSatisfy { pod.labels[$0.key] == $0.value } }.count)
        store("readyReplicas", active.filter(\.isReady).count)
        store("availableReplicas", available.count)
        store("terminatingReplicas", claimed.filter { $0.isBeingDeleted && !$0.isFinished }.count)
        status["observedGeneration"] = .integer(set.generation)
        guard status != set.status else { return }
        var document = set.json
        document["status"] = status
        result.propose(
            .update(.replicaSets, document, subresource: "status"), why: "its counts changed")
    }
}

/// Which replicas to give up first (`controller.ActivePodsWithRanks`).
struct PodRanking {
    let sorted: [PodRecord]

    private struct Rank: Comparable {
        var key: [Int64]
        var name: String

        static func < (left: Rank, right: Rank) -> Bool {
            for (one, other) in zip(left.key, right.key) where one != other { return one < other }
            return left.name < right.name
        }
    }

    init(_ pods: [PodRecord], in state: ClusterState) {
        var neighbours: [String: Int64] = [:]
        for pod in pods {
            if let node = state.node(of: pod) { neighbours[node, default: 0] += 1 }
        }
        sorted = pods.map { pod -> (Rank, PodRecord) in
            let node = state.node(of: pod)
            let document = pod.pod
            let cost = document.metadata.annotations["controller.kubernetes.io/pod-deletion-cost"]
                .flatMap { Int64($0) } ?? 0
            let phase: Int64 =
                document.phase == "Running" ? 2 : (document.phase == "Unknown" ? 1 : 0)
            let restarts = (document.status["containerStatuses"]?.array ?? [])
                .reduce(Int64(0)) { max($0, $1["restartCount"]?.integer ?? 0) }
            let key: [Int64] = [
                node.map(state.isMachineLost) ?? false ? 0 : 1,
                node == nil ? 0 : 1, phase, pod.isReady ? 1 : 0, cost,
                -(node.flatMap { neighbours[$0] } ?? 0), -(pod.readySince?.seconds ?? 0),
                -restarts, -pod.createdAt.seconds,
            ]
            return (Rank(key: key, name: pod.key.name), pod)
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
