import JSON
import Objects

extension Scheduler {
    /// Why the Node cannot take the Pod; empty when it can. As in Kubernetes the first filter that
    /// refuses ends the search, and resource fit names every resource that is short.
    static func refusals(
        of node: NodeRecord, for pod: PodRecord, _ volumes: VolumeRules,
        _ topology: TopologyRules, in state: ClusterState
    ) -> [Explain.Refusal] {
        func refusal(_ reason: String, isResolvable: Bool = false) -> [Explain.Refusal] {
            [Explain.Refusal(reason, isResolvable: isResolvable)]
        }
        let tolerations = pod.pod.tolerations
        if node.isUnschedulable {
            let taint = Taint(key: WellKnownTaint.unschedulable, effect: "NoSchedule")
            guard tolerations.contains(where: { $0.tolerates(taint) }) else {
                return refusal("node(s) were unschedulable")
            }
        }
        if untolerated(state.effectiveTaints(of: node), by: tolerations) {
            return refusal("node(s) had untolerated taint(s)")
        }
        guard NodeAffinity.allows(pod.pod, on: node) else {
            return refusal("node(s) didn't match Pod's node affinity/selector")
        }
        let ledger = state.ledger(node.name)
        guard !pod.hostPorts.contains(where: { port in
            ledger.hostPorts.contains { $0.clashes(with: port) }
        }) else {
            let reason = "node(s) didn't have free ports for the requested pod ports"
            return refusal(reason, isResolvable: true)
        }
        let shortages = shortages(of: node, ledger, for: pod)
        guard shortages.isEmpty else { return shortages }
        return [volumes.refusal(of: node) ?? topology.refusal(of: node)].compactMap { $0 }
    }

    /// Whether one of the taints keeps Pods away that have no more than these tolerations.
    static func untolerated(_ taints: [Taint], by tolerations: [Toleration]) -> Bool {
        taints.contains { taint in
            (taint.effect == "NoSchedule" || taint.effect == "NoExecute")
                && !tolerations.contains { $0.tolerates(taint) }
        }
    }

    /// `NodeResourcesFit`. What a Node could not offer even when empty is not resolvable.
    static func shortages(
        of node: NodeRecord, _ ledger: NodeLedger, for pod: PodRecord
    ) -> [Explain.Refusal] {
        var result: [Explain.Refusal] = []
        if Int64(ledger.runningCount) + 1 > node.podsMax {
            result.append(Explain.Refusal("Too many pods", isResolvable: true))
        }
        func check(_ name: String, _ request: Int64, _ used: Int64, _ offered: Int64) {
            guard request > 0 else { return }
            let (free, overflow) = offered.subtractingReportingOverflow(used)
            if overflow || request > free {
                result.append(
                    Explain.Refusal("Insufficient \(name)", isResolvable: request <= offered))
            }
        }
        let (request, used) = (pod.requests, ledger.requested)
        let offer = node.allocatable
        check("cpu", request.milliCPU, used.milliCPU, offer.milliCPU)
        check("memory", request.memory, used.memory, offer.memory)
        check(
            "ephemeral-storage", request.ephemeralStorage, used.ephemeralStorage,
            offer.ephemeralStorage)
        for name in request.extended.keys.sorted() {
            check(
                name, request.extended[name] ?? 0, used.extended[name] ?? 0,
                offer.extended[name] ?? 0)
        }
        return result
    }
}

/// `spec.nodeSelector` and `spec.affinity.nodeAffinity`.
enum NodeAffinity {
    static func allows(_ pod: Pod, on node: NodeRecord) -> Bool {
        for (name, value) in pod.nodeSelector where node.labels[name] != value { return false }
        let required = pod.spec["affinity"]?["nodeAffinity"]?[
            "requiredDuringSchedulingIgnoredDuringExecution"]
        return required.map { matches(selector: $0, node) } ?? true
    }

    /// Whether the Node matches one of the terms of a `v1.NodeSelector`.
    static func matches(selector: JSON, _ node: NodeRecord) -> Bool {
        (selector["nodeSelectorTerms"]?.array ?? []).contains { matches($0, node) }
    }

    /// The weights of the preferred terms that the Node matches.
    static func preference(of pod: Pod, for node: NodeRecord) -> Int64 {
        let preferred = pod.spec["affinity"]?["nodeAffinity"]?[
            "preferredDuringSchedulingIgnoredDuringExecution"]
        var sum: Int64 = 0
        for term in preferred?.array ?? [] {
            guard let weight = term["weight"]?.integer, (1...100).contains(weight),
                let preference = term["preference"], matches(preference, node)
            else { continue }
            sum += weight
        }
        return sum
    }

    /// All expressions of a term hold; a term without any matches nothing.
    private static func matches(_ term: JSON, _ node: NodeRecord) -> Bool {
        let expressions = term["matchExpressions"]?.array ?? []
        let fields = term["matchFields"]?.array ?? []
        guard !(expressions.isEmpty && fields.isEmpty) else { return false }
        return expressions.allSatisfy { holds($0, node.labels[$0["key"]?.string ?? ""]) }
            && fields.allSatisfy { field in
                field["key"]?.string == "metadata.name" && holds(field, node.name)
            }
    }

    private static func holds(_ expression: JSON, _ value: String?) -> Bool {
        let values = expression["values"].strings
        switch expression["operator"]?.string {
        case "In": return value.map(values.contains) ?? false
        case "NotIn": return !(value.map(values.contains) ?? false)
        case "Exists": return value != nil
        case "DoesNotExist": return value == nil
        case "Gt", "Lt":
            guard let number = value.flatMap({ Int64($0) }),
                let bound = values.first.flatMap({ Int64($0) })
            else { return false }
            return expression["operator"]?.string == "Gt" ? number > bound : number < bound
        default: return false
        }
    }
}
