import JSON
import Objects

/// `spec.topologySpreadConstraints` and the required terms of `podAffinity` and `podAntiAffinity`,
/// with the Pods that they look at counted once for all Nodes.
struct TopologyRules {
    private struct Spread {
        let topologyKey: String
        let maxSkew: Int64
        let isRequired: Bool
        /// Matching Pods by the value of the topology's label.
        var counts: [String: Int64] = [:]
        var selfMatches = false
    }

    private struct Term {
        let topologyKey: String
        /// The topology's values where a matching Pod runs.
        var values: Set<String> = []
        var matchesAnyPod = false
        var selfMatches = false
    }

    private var spreads: [Spread] = []
    private var affinity: [Term] = []
    private var antiAffinity: [Term] = []
    /// Labels that existing Pods' own anti-affinity closes to this Pod.
    private var closed: [(topologyKey: String, value: String)] = []

    init(of pod: PodRecord, in state: ClusterState, _ nodes: [NodeRecord]) {
        let rules = pod.pod.spec["affinity"]
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        let spreadRules = pod.pod.spec["topologySpreadConstraints"]?.array ?? []
        spreads = spreadRules.map { Self.spread($0, pod, state, nodes) }
        affinity = (rules?["podAffinity"]?[required]?.array ?? [])
            .map { Self.term($0, pod, state, nodes) }
        antiAffinity = (rules?["podAntiAffinity"]?[required]?.array ?? [])
            .map { Self.term($0, pod, state, nodes) }
        for other in state.repellingPods where state.isActive(other) {
            guard let name = state.node(of: other), let node = state.node(named: name)
            else { continue }
            for term in other.repulsions where Self.matches(term, owner: other, pod) {
                let key = term["topologyKey"]?.string ?? ""
                if let value = node.labels[key] { closed.append((key, value)) }
            }
        }
    }

    private static func spread(
        _ json: JSON, _ pod: PodRecord, _ state: ClusterState, _ nodes: [NodeRecord]
    ) -> Spread {
        var spread = Spread(
            topologyKey: json["topologyKey"]?.string ?? "",
            maxSkew: max(1, json["maxSkew"]?.integer ?? 1),
            isRequired: json["whenUnsatisfiable"]?.string != "ScheduleAnyway")
        let selector = json["labelSelector"].map { LabelSelector($0) }
        func isCounted(_ other: PodRecord) -> Bool {
            other.key.namespace == pod.key.namespace
                && (selector?.matches(other.labels) ?? false)
        }
        spread.selfMatches = isCounted(pod)
        for node in nodes where NodeAffinity.allows(pod.pod, on: node) {
            guard let value = node.labels[spread.topologyKey] else { continue }
            let count = state.pods(onNode: node.name).filter {
                state.isActive($0) && isCounted($0)
            }.count
            spread.counts[value, default: 0] += Int64(count)
        }
        return spread
    }

    private static func term(
        _ json: JSON, _ pod: PodRecord, _ state: ClusterState, _ nodes: [NodeRecord]
    ) -> Term {
        var term = Term(topologyKey: json["topologyKey"]?.string ?? "")
        term.selfMatches = matches(json, owner: pod, pod)
        for node in nodes {
            for other in state.pods(onNode: node.name)
            where state.isActive(other) && matches(json, owner: pod, other) {
                term.matchesAnyPod = true
                if let value = node.labels[term.topologyKey] { term.values.insert(value) }
            }
        }
        return term
    }

    /// Whether an affinity term of `owner` means `other`. Without namespaces it means its own.
    private static func matches(_ term: JSON, owner: PodRecord, _ other: PodRecord) -> Bool {
        let namespaces = term["namespaces"].strings
        let isInScope =
            term["namespaceSelector"] != nil
            || (namespaces.isEmpty
                ? other.key.namespace == owner.key.namespace
                : namespaces.contains(other.key.namespace))
        guard isInScope, let selector = term["labelSelector"] else { return false }
        return LabelSelector(selector).matches(other.labels)
    }

    func refusal(of node: NodeRecord) -> Explain.Refusal? {
        for spread in spreads where spread.isRequired {
            let message = "node(s) didn't match pod topology spread constraints"
            guard let value = node.labels[spread.topologyKey] else {
                return Explain.Refusal("\(message) (missing required label)", isResolvable: false)
            }
            let least = spread.counts.values.min() ?? 0
            let here = (spread.counts[value] ?? 0) + (spread.selfMatches ? 1 : 0)
            if here - least > spread.maxSkew { return Explain.Refusal(message, isResolvable: true) }
        }
        for term in affinity {
            let value = node.labels[term.topologyKey]
            // The first Pod of a group that wants to be together may go anywhere.
            if !term.matchesAnyPod, term.selfMatches, value != nil { continue }
            guard let value, term.values.contains(value) else {
                return Explain.Refusal(
                    "node(s) didn't match pod affinity rules", isResolvable: false)
            }
        }
        for term in antiAffinity {
            if let value = node.labels[term.topologyKey], term.values.contains(value) {
                return Explain.Refusal(
                    "node(s) didn't match pod anti-affinity rules", isResolvable: true)
            }
        }
        for place in closed where node.labels[place.topologyKey] == place.value {
            return Explain.Refusal(
                "node(s) didn't satisfy existing pods anti-affinity rules", isResolvable: true)
        }
        return nil
    }

    /// How many Pods the soft spread constraints already count where the Node is.
    func crowding(of node: NodeRecord) -> Int64 {
        spreads.filter { !$0.isRequired }.reduce(0) { sum, spread in
            sum + (node.labels[spread.topologyKey].flatMap { spread.counts[$0] } ?? 0)
        }
    }
}
