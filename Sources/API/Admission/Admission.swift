import Base
import JSON
import Objects
import Store

/// Admission: what a write must pass, and what it gets, besides the rules of its own type. The
/// order is that of Kubernetes: NamespaceLifecycle, then what changes the document, then
/// validation, which the verb does after this.
extension Evaluation {
    /// Completes a new document and claims what belongs to it alone.
    mutating func admitCreate(
        _ document: inout JSON, _ target: ResourceTarget, _ writes: inout Writes
    ) throws(StatusError) {
        switch target.resource {
        case .pods:
            applyLimitDefaults(&document, target)
            try admitServiceAccount(&document, target)
            applyPodPresets(&document, target, &writes)
            admitTolerations(&document)
            try admitPriority(&document, target)
            try admitRuntimeClass(&document, target)
            // What admission adds may change the class that the Pod is in.
            document[path: ["status", "qosClass"]] = .string(
                PodDefaults.qosClass(document["spec"] ?? [:]))
        case .resourceQuotas:
            countQuota(&document, target)
        case .services:
            try allocateAddresses(&document, replacing: nil, target, &writes)
        case .certificateSigningRequests:
            nameRequestor(&document)
        case .roles, .clusterRoles, .roleBindings, .clusterRoleBindings:
            try checkEscalation(document, target)
        default:
            break
        }
    }

    /// A request for a certificate tells who asks, whatever its author wrote there.
    private func nameRequestor(_ document: inout JSON) {
        document.update("spec") { spec in
            spec["username"] = .string(user.name)
            spec["uid"] = user.uid.isEmpty ? JSON?.none : .string(user.uid)
            spec["groups"] = .array(user.groups.map { .string($0) })
            var extra: JSON = [:]
            for entry in user.extra { extra[entry.name] = .array(entry.values.map { .string($0) }) }
            spec["extra"] = user.extra.isEmpty ? JSON?.none : extra
        }
    }

    mutating func admitUpdate(
        _ document: inout JSON, from old: JSON, _ target: ResourceTarget, _ writes: inout Writes
    ) throws(StatusError) {
        if target.resource == .certificateSigningRequests {
            try checkSigner(document, replacing: old, target)
        }
        guard target.subresource == nil else { return }
        switch target.resource {
        case .services:
            try allocateAddresses(&document, replacing: old, target, &writes)
        case .resourceQuotas:
            if document["spec"] != old["spec"] { countQuota(&document, target) }
        case .roles, .clusterRoles:
            if document["rules"] != old["rules"]
                || document["aggregationRule"] != old["aggregationRule"]
            {
                try checkEscalation(document, target)
            }
        case .roleBindings, .clusterRoleBindings:
            if document["subjects"] != old["subjects"] { try checkEscalation(document, target) }
        default:
            break
        }
    }

    /// Judges a document that is complete and valid. These steps change nothing of it, and the
    /// last of them charges what it takes.
    mutating func checkAdmission(
        _ document: JSON, replacing old: JSON?, _ target: ResourceTarget, _ writes: inout Writes
    ) throws(StatusError) {
        let subresource = target.subresource?.name
        let isResize = target.resource == .pods && subresource == "resize"
        guard subresource == nil || isResize || subresource == "ephemeralcontainers" else {
            return
        }
        switch target.resource {
        case .namespaces:
            try checkSecurityLabels(document, replacing: old, target)
        case .pods:
            if old == nil || isResize { try checkLimits(document, target) }
            if old.map({ Self.isSignificantForSecurity(document, $0) }) ?? true {
                try checkPodSecurity(document, target)
            }
        case .persistentVolumeClaims:
            try checkLimits(document, target)
        default:
            try checkPodSecurity(document, target)
        }
        let isCharged =
            old == nil || isResize
            || [.services, .persistentVolumeClaims].contains(target.resource)
        if isCharged { try chargeQuotas(document, replacing: old, target, &writes) }
    }

    /// Few texts need to be read to know that they hold no such member.
    private static let deletionMark = ByteSearch(for: Array("\"deletionTimestamp\"".utf8))

    /// NamespaceLifecycle: objects are made in namespaces that exist and stay.
    func checkNamespace(
        for target: ResourceTarget, _ writes: inout Writes
    ) throws(StatusError) {
        guard target.resource.isNamespaced else { return }
        let key = Resource.namespaces.key(name: target.namespace)
        guard let namespace = snapshot[key] else {
            throw StatusError.notFound(.namespaces, target.namespace)
        }
        // The namespace controller looks again after it has emptied a namespace, so what slips
        // in before it is terminating goes with it; it must only never outlive it.
        writes.preconditions.append(.present(key))
        guard Self.deletionMark.isFound(in: namespace.bytes) else { return }
        guard namespace.json["metadata"]?["deletionTimestamp"]?.string != nil else { return }
        throw StatusError.forbidden(
            target.resource, target.name ?? "",
            "unable to create new content in namespace \(target.namespace) because it is being "
                + "terminated",
            causes: [
                StatusError.Cause(
                    reason: "NamespaceTerminating",
                    message: "namespace \(target.namespace) is being terminated",
                    field: "metadata.namespace")
            ])
    }

    /// DefaultTolerationSeconds: how long a Pod stays on a Node that is gone.
    private func admitTolerations(_ document: inout JSON) {
        var tolerations = document["spec"]?["tolerations"]?.array ?? []
        let present = tolerations.map(Toleration.init)
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let isCovered = present.contains {
                ($0.key == key || $0.key.isEmpty)
                    && ($0.effect == "NoExecute" || $0.effect.isEmpty)
            }
            guard !isCovered else { continue }
            tolerations.append([
                "key": .string(key), "operator": "Exists", "effect": "NoExecute",
                "tolerationSeconds": .integer(configuration.defaultTolerationSeconds),
            ])
        }
        if !tolerations.isEmpty {
            document[path: ["spec", "tolerations"]] = .array(tolerations)
        }
    }
}

extension Resource {
    /// The key of a document of this resource.
    func key(namespace: String = "", name: String) -> Key {
        Key(group: group, resource: plural, namespace: namespace, name: name)
    }
}
