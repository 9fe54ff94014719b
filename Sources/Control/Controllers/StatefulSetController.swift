import Base
import JSON
package import Objects

/// Keeps numbered Pods, each with its name, its claims and its turn
/// (`kube-controller-manager`'s statefulset controller).
///
/// 1. There is at most one Pod of a name: a successor is made when its predecessor is gone.
/// 2. Unless `podManagementPolicy` is Parallel, Pods come in ascending and go in descending order,
///    and each waits until all before it are available.
/// 3. A rolling update replaces one Pod after the other from the last one down to `partition`.
package enum StatefulSetController: Controller {
    static let component = "statefulset-controller"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .statefulSets: return [change.key]
        case .pods, .controllerRevisions:
            return state.keepers(of: change, .statefulSets)
        // A Pod waits until the claim of its predecessor is gone.
        case .persistentVolumeClaims where change.new == nil:
            return state.records(.statefulSets, inNamespace: change.key.namespace).map(\.key)
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        PodOwnership.reconcile(
            key, in: state,
            accepts: { StatefulMember.ordinal(of: $0.key.name, in: key.name) != nil }
        ) { set, members, result in
            let history = RevisionHistory(
                of: set, hashLabel: "controller.kubernetes.io/hash", in: state)
            guard let update = history.current(in: state, &result), result.proposals.isEmpty
            else { return }
            let recorded = set.status["currentRevision"]?.string ?? ""
            let plan = StatefulPlan(
                set, members, current: history.named(recorded) ?? update, update: update,
                in: state, context)
            plan.act(&result)
            plan.updateStatus(&result)
            if result.proposals.isEmpty { history.truncate(keeping: plan.liveRevisions, &result) }
        }
    }
}

/// A Pod of a StatefulSet by its number.
struct StatefulMember {
    let ordinal: Int
    let pod: PodRecord

    /// The number of a Pod's name, such as 2 of `web-2`.
    static func ordinal(of name: String, in set: String) -> Int? {
        guard name.hasPrefix(set + "-") else { return nil }
        let digits = name.dropFirst(set.utf8.count + 1)
        guard let number = Int(digits), number >= 0, String(number) == digits else { return nil }
        return number
    }
}

/// The Pod of a number, and the claims of its own.
struct StatefulIdentity {
    private static let podNameLabel = "statefulset.kubernetes.io/pod-name"
    private static let indexLabel = "apps.kubernetes.io/pod-index"

    let set: ObjectRecord
    let ordinal: Int

    var name: String { "\(set.key.name)-\(ordinal)" }

    private var claimTemplates: [JSON] { self.set.spec["volumeClaimTemplates"]?.array ?? [] }

    private func claimName(_ template: JSON) -> String {
        "\(template["metadata"]?["name"]?.string ?? "")-\(name)"
    }

    func claimKeys() -> [ObjectKey] {
        claimTemplates.map {
            ObjectKey(
                .persistentVolumeClaims, namespace: set.key.namespace, name: claimName($0))
        }
    }

    /// The Pod as a revision's template says.
    func pod(_ template: JSON, revision: String) -> JSON {
        var template = template
        for (label, value) in [
            (RevisionHistory.podLabel, revision), (Self.podNameLabel, name),
            (Self.indexLabel, String(ordinal)),
        ] {
            template[path: ["metadata", "labels", label]] = .string(value)
        }
        var spec = template["spec"] ?? [:]
        spec["hostname"] = .string(name)
        let service = set.spec["serviceName"]?.string ?? ""
        if !service.isEmpty { spec["subdomain"] = .string(service) }
        let claims = claimTemplates
        let names = Set(claims.compactMap { $0["metadata"]?["name"]?.string })
        let others = (spec["volumes"]?.array ?? []).filter {
            !names.contains($0["name"]?.string ?? "")
        }
        let volumes = claims.map { claim -> JSON in
            [
                "name": claim["metadata"]?["name"] ?? "",
                "persistentVolumeClaim": ["claimName": .string(claimName(claim))],
            ]
        }
        if !(volumes + others).isEmpty { spec["volumes"] = .array(volumes + others) }
        template["spec"] = spec
        return PodTemplate.pod(template, of: set, name: name)
    }

    /// The claims of the Pod that are not there yet.
    func missingClaims(in state: ClusterState) -> [JSON] {
        claimTemplates.compactMap { template in
            let key = ObjectKey(
                .persistentVolumeClaims, namespace: set.key.namespace, name: claimName(template))
            guard state.record(key) == nil else { return nil }
            var claim = template
            claim["apiVersion"] = "v1"
            claim["kind"] = "PersistentVolumeClaim"
            claim["status"] = JSON?.none
            claim[path: ["metadata", "name"]] = .string(key.name)
            claim[path: ["metadata", "namespace"]] = .string(key.namespace)
            for (label, value) in set.spec["selector"]?["matchLabels"]?.object ?? JSONObject() {
                claim[path: ["metadata", "labels", label]] = value
            }
            // Without a controller flag: the claim is kept by nobody, it only goes with the set.
            let policy = set.spec["persistentVolumeClaimRetentionPolicy"]
            if policy?["whenDeleted"]?.string == "Delete" {
                claim[path: ["metadata", "ownerReferences"]] = [owner(of: set)]
            }
            return claim
        }
    }

    private func owner(of record: ObjectRecord) -> JSON {
        [
            "apiVersion": .string(record.key.resource.apiVersion),
            "kind": .string(record.key.resource.kind), "name": .string(record.key.name),
            "uid": .string(record.uid),
        ]
    }

    /// Makes the claims go with a Pod that the set no longer wants, where its policy says so.
    func condemnClaims(
        with pod: PodRecord, in state: ClusterState, _ result: inout Reconciliation
    ) {
        let policy = set.spec["persistentVolumeClaimRetentionPolicy"]?["whenScaled"]?.string
        guard policy == "Delete", let record = state.record(pod.key) else { return }
        for key in claimKeys() {
            guard let claim = state.record(key), !claim.isBeingDeleted,
                !claim.owners.contains(where: { $0.uid == pod.uid })
            else { continue }
            result.propose(
                .patch(
                    key,
                    [
                        "metadata": [
                            "uid": .string(claim.uid), "ownerReferences": [owner(of: record)],
                        ]
                    ]),
                why: "it goes with its Pod, which is one too many")
        }
    }
}
