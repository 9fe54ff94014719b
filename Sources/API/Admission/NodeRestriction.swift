import JSON
import Objects
import Store

/// NodeRestriction (`plugin/pkg/admission/noderestriction`): a machine that writes over the API
/// changes its own Node, the status of its own Pods, and mirror Pods of its own.
extension Evaluation {
    /// Throws 403 for what a machine may not write.
    ///
    /// - Parameter old: the object before an update or a deletion.
    func restrictNode(
        _ document: JSON?, replacing old: JSON?, _ target: ResourceTarget
    ) throws(StatusError) {
        guard isRestrictedToNode else { return }
        guard let node = NodeAuthorizer.node(of: user) else {
            throw refused(
                target, "could not determine node from user \(quotedText(user.name))")
        }
        switch (target.resource, target.subresource?.name) {
        case (.pods, nil):
            try restrictPod(document, replacing: old, node, target)
        case (.pods, "status"):
            try restrictPodStatus(document ?? [:], old ?? [:], node, target)
        case (.pods, "eviction"):
            guard Pod(old ?? [:]).nodeName == node else {
                throw refused(
                    target, "node \(node) can only evict pods with spec.nodeName set to itself")
            }
        case (.pods, let subresource?):
            throw refused(
                target,
                "unexpected pod subresource \(quotedText(subresource)), only 'status' and "
                    + "'eviction' are allowed")
        case (.nodes, _):
            try restrictOwnNode(document, replacing: old, node, target)
        case (.persistentVolumeClaims, _):
            throw refused(target, "may only update PVC status")
        default:
            break
        }
    }

    private func refused(_ target: ResourceTarget, _ why: String) -> StatusError {
        .forbidden(target.resource, target.name ?? "", why)
    }

    private func restrictPod(
        _ document: JSON?, replacing old: JSON?, _ node: String, _ target: ResourceTarget
    ) throws(StatusError) {
        let quoted = quotedText(node)
        switch (document, old) {
        case (let document?, nil):
            try restrictMirrorPod(Pod(document), node, target)
        case (nil, let old?):
            guard Pod(old).nodeName == node else {
                throw refused(
                    target, "node \(quoted) can only delete pods with spec.nodeName set to itself")
            }
        default:
            throw refused(
                target,
                "unexpected operation \"UPDATE\", node \(quoted) can only create and delete "
                    + "mirror pods")
        }
    }

    private func restrictMirrorPod(
        _ pod: Pod, _ node: String, _ target: ResourceTarget
    ) throws(StatusError) {
        let quoted = quotedText(node)
        let mirror = "kubernetes.io/config.mirror"
        guard pod.metadata.annotations[mirror] != nil else {
            throw refused(
                target,
                "pod does not have \(quotedText(mirror)) annotation, node \(quoted) can only "
                    + "create mirror pods")
        }
        guard pod.nodeName == node else {
            throw refused(
                target, "node \(quoted) can only create pods with spec.nodeName set to itself")
        }
        let owners = pod.metadata.ownerReferences
        guard let owner = owners.first, owners.count == 1, owner.apiVersion == "v1",
            owner.kind == "Node", owner.name == node
        else {
            throw refused(
                target,
                owners.count > 1
                    ? "node \(quoted) can only create pods with a single owner reference set to "
                        + "itself"
                    : "node \(quoted) can only create pods with an owner reference set to itself")
        }
        guard owner.isController else {
            throw refused(
                target,
                "node \(quoted) can only create pods with a controller owner reference set to "
                    + "itself")
        }
        let uid = stored(.nodes, name: node).map { Node($0.json).uid } ?? ""
        guard owner.uid == uid else {
            throw refused(
                target, "node \(node) UID mismatch: expected \(owner.uid) got \(uid)")
        }
        let references = PodReferences(pod)
        for (resource, words) in [
            ("secrets", "secrets"), ("configmaps", "configmaps"),
            ("persistentvolumeclaims", "persistentvolumeclaims"),
        ] where !references.names(of: resource).isEmpty {
            throw refused(target, "node \(quoted) can not create pods that reference \(words)")
        }
        guard pod.spec.text("serviceAccountName").isEmpty else {
            throw refused(
                target, "node \(quoted) can not create pods that reference a service account")
        }
    }

    private func restrictPodStatus(
        _ document: JSON, _ old: JSON, _ node: String, _ target: ResourceTarget
    ) throws(StatusError) {
        let quoted = quotedText(node)
        guard Pod(old).nodeName == node else {
            throw refused(
                target,
                "node \(quoted) can only update pod status for pods with spec.nodeName set to "
                    + "itself")
        }
        guard Pod(document).metadata.labels == Pod(old).metadata.labels else {
            throw refused(target, "node \(quoted) cannot update labels through pod status")
        }
    }

    private func restrictOwnNode(
        _ document: JSON?, replacing old: JSON?, _ node: String, _ target: ResourceTarget
    ) throws(StatusError) {
        let quoted = quotedText(node)
        guard target.name == node else {
            throw refused(
                target,
                "node \(quoted) is not allowed to modify node \(quotedText(target.name ?? ""))")
        }
        guard let document else { return }
        let labels = Node(document).metadata.labels
        let before = Node(old ?? [:]).metadata.labels
        let changed = Set(labels.keys).union(before.keys).filter { labels[$0] != before[$0] }
        let forbidden = changed.filter { !Self.mayLabelItself($0) }.sorted()
        if let old {
            if document["spec"]?["taints"] != old["spec"]?["taints"] {
                throw refused(target, "node \(quoted) is not allowed to modify taints")
            }
            if document["metadata"]?["ownerReferences"] != old["metadata"]?["ownerReferences"] {
                throw refused(target, "node \(quoted) is not allowed to modify ownerReferences")
            }
            guard forbidden.isEmpty else {
                throw refused(
                    target,
                    "is not allowed to modify labels: \(forbidden.joined(separator: ", "))")
            }
        } else if !forbidden.isEmpty {
            throw refused(
                target,
                "node \(quoted) is not allowed to set the following labels: "
                    + forbidden.joined(separator: ", "))
        }
    }

    /// Labels of Kubernetes' own that a kubelet sets (`k8s.io/kubelet/pkg/apis`).
    private static let ownLabels: Set<String> = [
        "kubernetes.io/hostname", "kubernetes.io/instance-type", "kubernetes.io/os",
        "kubernetes.io/arch", "beta.kubernetes.io/instance-type", "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch", "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region", "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
    ]

    /// Labels with other prefixes are free, but those that steer Pods to trusted machines are not.
    private static func mayLabelItself(_ label: String) -> Bool {
        guard let slash = label.firstIndex(of: "/") else { return true }
        let prefix = label[..<slash]
        func isBelow(_ domain: String) -> Bool {
            prefix == domain || prefix.hasSuffix("." + domain)
        }
        if isBelow("node-restriction.kubernetes.io") { return false }
        guard isBelow("kubernetes.io") || isBelow("k8s.io") else { return true }
        return ownLabels.contains(label) || isBelow("kubelet.kubernetes.io")
            || isBelow("node.kubernetes.io")
    }
}
