package import JSON

/// What one object takes of the resources that a ResourceQuota bounds
/// (`k8s.io/kubernetes/pkg/quota/v1/evaluator/core`).
package enum QuotaUsage {
    /// Resources that each of their objects counts for under their own name, too.
    private static let counted: [Resource] = [
        .services, .persistentVolumeClaims, .configMaps, .resourceQuotas,
        .replicationControllers, .secrets,
    ]

    private static let storageSuffix = ".storageclass.storage.k8s.io/"

    package static func usage(of document: JSON, _ resource: Resource) -> ResourceList {
        var usage = ResourceList()
        usage["count/\(resource)"] = Amount(count: 1)
        if counted.contains(resource) { usage[resource.plural] = Amount(count: 1) }
        switch resource {
        case .pods: addPod(Pod(document), &usage)
        case .services: addService(document["spec"] ?? [:], &usage)
        case .persistentVolumeClaims: addClaim(document["spec"] ?? [:], &usage)
        default: break
        }
        return usage
    }

    /// The resources whose objects count for an amount of that name.
    package static func resources(behind name: String, among all: [Resource]) -> [Resource] {
        if let plural = name.dropping(prefix: "count/") {
            return all.filter { $0.isNamespaced && $0.description == plural }
        }
        if let own = counted.first(where: { $0.plural == name }) { return [own] }
        if name.hasPrefix("services.") { return [.services] }
        if name == "requests.storage" || name.contains(storageSuffix) {
            return [.persistentVolumeClaims]
        }
        return name.contains("/") && !name.hasPrefix("requests.") ? [] : [.pods]
    }

    /// A Pod that has ended takes nothing any more, but it is still there.
    private static func addPod(_ pod: Pod, _ usage: inout ResourceList) {
        guard !pod.isFinished else { return }
        usage["pods"] = Amount(count: 1)
        let requests = pod.totalRequests
        for name in requests.names {
            let isStandard = ["cpu", "memory", "ephemeral-storage"].contains(name)
            if isStandard || name.hasPrefix("hugepages-") { usage[name] = requests[name] }
            usage["requests.\(name)"] = requests[name]
        }
        let limits = pod.totalLimits
        for name in ["cpu", "memory", "ephemeral-storage"] where limits[name] != nil {
            usage["limits.\(name)"] = limits[name]
        }
    }

    private static func addService(_ spec: JSON, _ usage: inout ResourceList) {
        let ports = spec["ports"]?.array ?? []
        let open = ports.filter { ($0["nodePort"]?.integer ?? 0) != 0 }.count
        switch spec["type"]?.string {
        case "NodePort":
            usage["services.nodeports"] = Amount(count: ports.count)
        case "LoadBalancer":
            let isAllocating = spec["allocateLoadBalancerNodePorts"]?.bool ?? true
            usage["services.nodeports"] = Amount(count: isAllocating ? ports.count : open)
            usage["services.loadbalancers"] = Amount(count: 1)
        default:
            break
        }
    }

    private static func addClaim(_ spec: JSON, _ usage: inout ResourceList) {
        let storage = Amount(spec["resources"]?["requests"]?["storage"])
        usage["requests.storage"] = storage
        guard let name = spec["storageClassName"]?.string, !name.isEmpty else { return }
        usage["\(name)\(storageSuffix)persistentvolumeclaims"] = Amount(count: 1)
        usage["\(name)\(storageSuffix)requests.storage"] = storage
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

/// A view of `v1.ResourceQuota`.
package struct ResourceQuota: KubernetesObject {
    package static var resource: Resource { .resourceQuotas }
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package var hard: ResourceList { ResourceList(json["spec"]?["hard"]) }
    /// The bounds that hold now.
    package var enforced: ResourceList { ResourceList(json["status"]?["hard"]) }
    package var used: ResourceList { ResourceList(json["status"]?["used"]) }

    /// Whether the object is one that the quota counts, by its scopes.
    package func covers(_ document: JSON, _ resource: Resource) -> Bool {
        scopes.allSatisfy { scope in
            switch resource {
            case .pods: Self.matches(Pod(document), scope)
            case .persistentVolumeClaims: Self.matches(claim: document, scope)
            // Scopes are about Pods and volumes; other objects are outside of any.
            default: false
            }
        }
    }

    private struct Scope {
        var name: String
        var `operator`: String
        var values: [String]
    }

    private var scopes: [Scope] {
        var scopes = json["spec"]?["scopes"].strings.map {
            Scope(name: $0, operator: "Exists", values: [])
        } ?? []
        for expression in json["spec"]?["scopeSelector"]?["matchExpressions"]?.array ?? [] {
            scopes.append(
                Scope(
                    name: expression["scopeName"]?.string ?? "",
                    operator: expression["operator"]?.string ?? "",
                    values: expression["values"].strings))
        }
        return scopes
    }

    private static func matches(_ pod: Pod, _ scope: Scope) -> Bool {
        switch scope.name {
        case "Terminating": return pod.spec["activeDeadlineSeconds"]?.integer ?? -1 >= 0
        case "NotTerminating": return !(pod.spec["activeDeadlineSeconds"]?.integer ?? -1 >= 0)
        case "BestEffort": return pod.status["qosClass"]?.string == "BestEffort"
        case "NotBestEffort": return pod.status["qosClass"]?.string != "BestEffort"
        case "PriorityClass":
            return matches(pod.spec["priorityClassName"]?.string ?? "", scope)
        case "CrossNamespacePodAffinity": return pod.reachesOtherNamespaces
        default: return false
        }
    }

    private static func matches(claim: JSON, _ scope: Scope) -> Bool {
        guard scope.name == "VolumeAttributesClass" else { return false }
        return matches(claim["spec"]?["volumeAttributesClassName"]?.string ?? "", scope)
    }

    private static func matches(_ value: String, _ scope: Scope) -> Bool {
        switch scope.operator {
        case "Exists": !value.isEmpty
        case "DoesNotExist": value.isEmpty
        case "In": scope.values.contains(value)
        case "NotIn": !scope.values.contains(value)
        default: false
        }
    }

    /// The status that the objects of the namespace make.
    ///
    /// - Parameters:
    ///   - known: the resources that there are.
    ///   - documents: the objects of one of them in the quota's namespace.
    package func status(
        _ known: [Resource], documents: (Resource) -> [JSON]
    ) -> JSON {
        let bounds = hard
        var used = ResourceList()
        for name in bounds.names { used[name] = Amount(.zero) }
        var resources: [Resource] = []
        for name in bounds.names {
            for resource in QuotaUsage.resources(behind: name, among: known)
            where !resources.contains(resource) { resources.append(resource) }
        }
        for resource in resources {
            for document in documents(resource) where covers(document, resource) {
                let usage = QuotaUsage.usage(of: document, resource)
                used = used + usage.filter { name, _ in bounds[name] != nil }
            }
        }
        return ["hard": json["spec"]?["hard"] ?? [:], "used": used.json]
    }
}

extension Pod {
    /// Whether a term of its affinity looks at Pods of other namespaces.
    fileprivate var reachesOtherNamespaces: Bool {
        ["podAffinity", "podAntiAffinity"].contains { kind in
            let affinity = spec["affinity"]?[kind]
            let required =
                affinity?["requiredDuringSchedulingIgnoredDuringExecution"]?.array ?? []
            let preferred =
                (affinity?["preferredDuringSchedulingIgnoredDuringExecution"]?.array ?? [])
                .compactMap { $0["podAffinityTerm"] }
            return (required + preferred).contains {
                !($0["namespaces"]?.array ?? []).isEmpty || $0["namespaceSelector"] != nil
            }
        }
    }
}
