import Base
import JSON
package import Objects

/// Keeps as many Pods of a template as `spec.replicas` of a ReplicaSet says
/// (`kube-controller-manager`'s replicaset controller).
package enum ReplicaSetController: Controller {
    private static let replicas = Replicas(of: .replicaSets, component: "replicaset-controller")

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] { replicas.keys(affectedBy: change, in: state) }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation { replicas.reconcile(key, in: state, context) }
}

/// The same for ReplicationControllers, which are ReplicaSets with an older form of selector
/// (the replication manager).
package enum ReplicationManager: Controller {
    private static let replicas = Replicas(
        of: .replicationControllers, component: "replication-controller")

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] { replicas.keys(affectedBy: change, in: state) }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation { replicas.reconcile(key, in: state, context) }
}

/// What ReplicaSets and ReplicationControllers do alike.
///
/// A Pod whose deletion was asked for is no replica, so a failed machine's Pods are replaced in the
/// step that evicts them. After a refusal one Pod is tried before the rest follow, which is what
/// Kubernetes' slow start is for; without one all missing Pods are made at once.
private struct Replicas {
    private let resource: Resource
    private let component: String

    init(of resource: Resource, component: String) {
        self.resource = resource
        self.component = component
    }

    func keys(affectedBy change: ObjectChange, in state: ClusterState) -> [ObjectKey] {
        switch change.key.resource {
        case resource: [change.key]
        case .pods: state.keepers(of: change, resource)
        default: []
        }
    }

    func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        PodOwnership.reconcile(key, in: state) { set, members, result in
            let active = members.filter(state.isActive)
            let missing = (set.spec["replicas"]?.integer ?? 1) - Int64(active.count)
            if result.proposals.isEmpty {
                if missing > 0 {
                    create(missing, of: set, context, &result)
                } else if missing < 0 {
                    let surplus = Int(min(-missing, Int64(context.configuration.burstMax)))
                    delete(surplus, of: active, set, in: state, &result)
                }
            }
            updateStatus(of: set, members, active, missing: missing, context, &result)
        }
    }

    private func create(
        _ missing: Int64, of set: ObjectRecord, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        let limit = context.refusals > 0 ? 1 : context.configuration.burstMax
        let document = PodTemplate.pod(of: set)
        for _ in 0..<Int(min(missing, Int64(limit))) {
            result.propose(
                .create(.pods, document), why: "fewer Pods than replicas",
                event: event(set, "SuccessfulCreate", "Created pod: ", .name),
                failureEvent: event(set, "FailedCreate", "Error creating: ", .refusal))
        }
    }

    private func delete(
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

    private func event(
        _ set: ObjectRecord, _ reason: String, _ message: String, _ ending: EventDraft.Ending
    ) -> EventDraft {
        EventDraft(
            about: set.key, uid: set.uid, isWarning: ending == .refusal, reason: reason,
            message: message, ending: ending, component: component)
    }

    private func updateStatus(
        of set: ObjectRecord, _ members: [PodRecord], _ active: [PodRecord],
        missing: Int64, _ context: ControlContext, _ result: inout Reconciliation
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
        if resource == .replicaSets {
            store(
                "terminatingReplicas", members.filter { $0.isBeingDeleted && !$0.isFinished }.count)
        }
        noteFailure(in: &status, missing: missing, context)
        status["observedGeneration"] = .integer(set.generation)
        result.proposeStatus(status, of: set, why: "its counts changed")
    }

    /// The condition ReplicaFailure stands while Pods are missing that could not be made.
    private func noteFailure(
        in status: inout JSON, missing: Int64, _ context: ControlContext
    ) {
        var list = ConditionList(status["conditions"], now: context.wall, hasUpdateTime: false)
        let type = "ReplicaFailure"
        if missing > 0, context.refusals > 0 {
            list.set(type, "True", reason: "FailedCreate", message: context.refusal)
        } else if missing <= 0 {
            list.remove(type)
        }
        if list.conditions.isEmpty {
            status["conditions"] = JSON?.none
        } else {
            status["conditions"] = list.json
        }
    }
}
