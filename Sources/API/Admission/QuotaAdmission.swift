import JSON
import Objects
import Store

/// ResourceQuota: what a namespace may use altogether. The quota's new count is written in the
/// transaction that makes the object, under the condition that nobody else has changed the quota,
/// so that any number of machines at once cannot exceed it. What becomes free is given back by the
/// quota controller.
extension Evaluation {
    /// Charges a new object, or what a changed one takes more, to the quotas of its namespace;
    /// throws 403 when one of them does not have enough left.
    func chargeQuotas(
        _ document: JSON, replacing old: JSON?, _ target: ResourceTarget, _ writes: inout Writes
    ) throws(StatusError) {
        guard target.resource.isNamespaced else { return }
        let resource = Resource.resourceQuotas
        let range = KeyRange.namespace(
            group: resource.group, resource: resource.plural, namespace: target.namespace)
        guard snapshot.count(range) > 0 else { return }
        let usage = QuotaUsage.usage(of: document, target.resource)
        for (key, stored) in snapshot.list(range) {
            var quota = ResourceQuota(stored.json)
            let bounds = quota.enforced
            let wanted = usage.filter { name, _ in bounds[name] != nil }
            guard !wanted.isEmpty || requiresAmounts(bounds, target),
                quota.covers(document, target.resource)
            else { continue }
            if old == nil { try checkAmounts(of: document, quota, target) }
            var more = wanted
            if let old, quota.covers(old, target.resource) {
                let before = QuotaUsage.usage(of: old, target.resource)
                more = wanted - before.filter { name, _ in bounds[name] != nil }
            }
            more = more.filter { $1.quantity > .zero }
            guard !more.isEmpty else { continue }
            try check(more, fits: quota, target)
            quota.json[path: ["status", "used"]] = (quota.used + more).json
            writes.preconditions.append(.unchanged(key, since: stored.modRevision))
            writes.operations.append(.put(key, quota.json.bytes))
        }
    }

    private func check(
        _ more: ResourceList, fits quota: ResourceQuota, _ target: ResourceTarget
    ) throws(StatusError) {
        let bounds = quota.enforced
        let used = quota.used
        let unknown = more.names.filter { used[$0] == nil }
        guard unknown.isEmpty else {
            throw StatusError.forbidden(
                target.resource, target.name ?? "",
                "status unknown for quota: \(quota.name), resources: "
                    + unknown.joined(separator: ","))
        }
        let sum = used + more
        let exceeded = more.names.filter { name in
            (sum[name]?.quantity ?? .zero) > (bounds[name]?.quantity ?? .zero)
        }
        guard !exceeded.isEmpty else { return }
        func text(_ list: ResourceList) -> String {
            list.filter { name, _ in exceeded.contains(name) }.text
        }
        throw StatusError.forbidden(
            target.resource, target.name ?? "",
            "exceeded quota: \(quota.name), requested: \(text(more)), used: \(text(used)), "
                + "limited: \(text(bounds))")
    }

    /// Where these are bounded, every container must say how much it wants.
    private static let explicitAmounts: [(name: String, list: String, amount: String)] = [
        ("cpu", "requests", "cpu"), ("limits.cpu", "limits", "cpu"),
        ("limits.memory", "limits", "memory"), ("memory", "requests", "memory"),
        ("requests.cpu", "requests", "cpu"), ("requests.memory", "requests", "memory"),
    ]

    private func requiresAmounts(_ bounds: ResourceList, _ target: ResourceTarget) -> Bool {
        target.resource == .pods && Self.explicitAmounts.contains { bounds[$0.name] != nil }
    }

    private func checkAmounts(
        of document: JSON, _ quota: ResourceQuota, _ target: ResourceTarget
    ) throws(StatusError) {
        guard target.resource == .pods else { return }
        let pod = Pod(document)
        guard !pod.isFinished else { return }
        let bounds = quota.enforced
        var missing: [String] = []
        for rule in Self.explicitAmounts where bounds[rule.name] != nil {
            guard pod.spec["resources"]?[rule.list]?[rule.amount] == nil else { continue }
            let names = (pod.containers + pod.initContainers).filter {
                $0.json["resources"]?[rule.list]?[rule.amount] == nil
            }.map(\.name).sorted()
            if !names.isEmpty {
                missing.append("\(rule.name) for: \(names.joined(separator: ","))")
            }
        }
        guard !missing.isEmpty else { return }
        throw StatusError.forbidden(
            target.resource, target.name ?? "",
            "failed quota: \(quota.name): must specify \(missing.joined(separator: "; "))")
    }

    /// Puts a quota's bounds in effect and counts what they bound, so that a new quota holds from
    /// its first revision on.
    func countQuota(_ document: inout JSON, _ target: ResourceTarget) {
        // A view of other objects would count them twice.
        let known = registry.definitions.filter { $0.conversion == nil }.map(\.resource)
        document["status"] = ResourceQuota(document).status(known) { resource in
            let range = KeyRange.namespace(
                group: resource.group, resource: resource.plural, namespace: target.namespace)
            return snapshot.list(range).map(\.document.json)
        }
    }
}
