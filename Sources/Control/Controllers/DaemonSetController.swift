import Base
import JSON
package import Objects

/// Keeps one Pod of a template on every Node that the template allows
/// (`kube-controller-manager`'s daemonset controller).
///
/// The scheduler binds the Pods: each is made for one Node by its affinity. A Pod that has ended is
/// deleted and made anew; what a Node refuses again and again is made anew once in
/// `ControlConfiguration.daemonRetryDelay`.
package enum DaemonSetController: Controller {
    static let component = "daemonset-controller"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .daemonSets: return [change.key]
        case .pods, .controllerRevisions:
            return state.keepers(of: change, .daemonSets)
        case .nodes:
            // Nodes report often; only what places Pods matters.
            let (old, new) = (change.old.map(NodeRecord.init), change.new.map(NodeRecord.init))
            return old == new ? [] : state.keys(.daemonSets)
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        PodOwnership.reconcile(key, in: state) { set, members, result in
            let label = RevisionHistory.podLabel
            let history = RevisionHistory(of: set, hashLabel: label, in: state)
            guard let current = history.current(in: state, &result), result.proposals.isEmpty
            else { return }
            let hash = current.labels[label] ?? ""
            let plan = DaemonPlan(set, members, hash: hash, in: state, context)
            plan.manage(&result)
            if result.proposals.isEmpty, plan.isRolling { plan.roll(&result) }
            if result.proposals.isEmpty {
                let hashes = Set(members.compactMap { $0.labels[label] } + [hash])
                let live = history.revisions.filter { hashes.contains($0.labels[label] ?? "") }
                history.truncate(keeping: Set(live.map(\.key.name)), &result)
            }
            plan.updateStatus(&result)
        }
    }
}

/// Which Nodes a DaemonSet's Pods belong to.
struct DaemonPlacement {
    private let template: Pod
    private let tolerations: [Toleration]

    /// What every daemon endures, so that it stays where other Pods have to go.
    private static func added(usesHostNetwork: Bool) -> [JSON] {
        func toleration(_ name: String, _ effect: String) -> JSON {
            [
                "key": .string("node.kubernetes.io/\(name)"), "operator": "Exists",
                "effect": .string(effect),
            ]
        }
        var all = [
            toleration("not-ready", "NoExecute"), toleration("unreachable", "NoExecute"),
            toleration("disk-pressure", "NoSchedule"),
            toleration("memory-pressure", "NoSchedule"),
            toleration("pid-pressure", "NoSchedule"), toleration("unschedulable", "NoSchedule"),
        ]
        if usesHostNetwork { all.append(toleration("network-unavailable", "NoSchedule")) }
        return all
    }

    init(_ template: JSON) {
        var spec = template["spec"] ?? [:]
        let given = spec["tolerations"]?.array ?? []
        let added = Self.added(usesHostNetwork: Pod(["spec": spec]).usesHostNetwork)
        spec["tolerations"] = .array(given + added.filter { !given.contains($0) })
        self.template = Pod(["metadata": template["metadata"] ?? [:], "spec": spec])
        tolerations = self.template.tolerations
    }

    /// Whether the Node should have a Pod, and whether one that is there may stay.
    func judge(_ node: NodeRecord, in state: ClusterState) -> (shouldRun: Bool, mayStay: Bool) {
        if let name = template.nodeName, name != node.name { return (false, false) }
        guard NodeAffinity.allows(template, on: node) else { return (false, false) }
        let untolerated = state.effectiveTaints(of: node).filter { taint in
            !tolerations.contains { $0.tolerates(taint) }
        }
        if untolerated.contains(where: { $0.effect == "NoExecute" }) { return (false, false) }
        return (!untolerated.contains { $0.effect == "NoSchedule" }, true)
    }

    /// The Pod for one Node: it may go nowhere else.
    func pod(on node: String, of set: ObjectRecord, hash: String) -> JSON {
        var spec = template.spec
        let term: JSON = [
            "matchFields": [
                ["key": "metadata.name", "operator": "In", "values": [.string(node)]]
            ]
        ]
        spec[path: [
            "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
        ]] = ["nodeSelectorTerms": [term]]
        var metadata = template.json["metadata"] ?? [:]
        metadata[path: ["labels", RevisionHistory.podLabel]] = .string(hash)
        return PodTemplate.pod(["metadata": metadata, "spec": spec], of: set)
    }

    /// The Node that a Pod is on or was made for.
    static func target(of pod: PodRecord, in state: ClusterState) -> String? {
        if let node = state.node(of: pod) { return node }
        let required = pod.pod.spec["affinity"]?["nodeAffinity"]?[
            "requiredDuringSchedulingIgnoredDuringExecution"]
        let field = required?["nodeSelectorTerms"]?[0]?["matchFields"]?[0]
        return field?["values"]?[0]?.string
    }
}
