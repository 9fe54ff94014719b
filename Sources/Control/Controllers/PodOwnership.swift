import JSON
import Objects

/// Which Pods an object keeps, when labels and owners change under it.
enum PodOwnership {
    /// Settles whose Pods are whose, and lets `manage` decide about the owner's: those that it
    /// controls and selects.
    static func reconcile(
        _ key: ObjectKey, in state: ClusterState, accepts: (PodRecord) -> Bool = { _ in true },
        manage: (ObjectRecord, _ members: [PodRecord], inout Reconciliation) -> Void
    ) -> Reconciliation {
        guard let owner = state.record(key), !owner.isBeingDeleted else { return .nothing }
        let selector = owner.podSelector
        guard !selector.isEmpty else { return .refused("its selector is empty") }
        var result = Reconciliation()
        let owned = state.pods(controlledBy: owner.uid)
        settle(owner, selector, owned, in: state, accepts: accepts, &result)
        manage(owner, owned.filter { selector.matches($0.labels) }, &result)
        return result
    }

    /// Takes in Pods that match and nobody controls, and lets go of those that match no longer.
    private static func settle(
        _ owner: ObjectRecord, _ selector: LabelSelector, _ owned: [PodRecord],
        in state: ClusterState, accepts: (PodRecord) -> Bool,
        _ result: inout Reconciliation
    ) {
        for pod in owned where !selector.matches(pod.labels) && !state.isDeparting(pod) {
            guard let record = state.record(pod.key) else { continue }
            result.propose(
                Ownership.release(record, from: [owner.uid]), why: "its labels no longer match")
        }
        for record in state.unmanaged(.pods, inNamespace: owner.key.namespace) {
            guard let pod = state.pod(record.key), state.isActive(pod),
                selector.matches(pod.labels), accepts(pod)
            else { continue }
            result.propose(
                Ownership.adopt(record, by: owner), why: "its labels match and nobody controls it")
        }
    }
}

/// A Pod as the template of an object says.
enum PodTemplate {
    static func pod(of owner: ObjectRecord) -> JSON {
        pod(owner.spec["template"] ?? [:], of: owner)
    }

    static func pod(_ template: JSON, of owner: ObjectRecord, name: String? = nil) -> JSON {
        var metadata: JSON = ["namespace": .string(owner.key.namespace)]
        if let name {
            metadata["name"] = .string(name)
        } else {
            metadata["generateName"] = .string(owner.key.name + "-")
        }
        for name in ["labels", "annotations", "finalizers"] {
            if let value = template["metadata"]?[name] { metadata[name] = value }
        }
        metadata["ownerReferences"] = [owner.controllerReference]
        return [
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": template["spec"] ?? [:],
        ]
    }
}
