import JSON
import Objects

/// What a Pod says about the Pods that should run near it and those that should not
/// (`spec.affinity.podAffinity`, `spec.affinity.podAntiAffinity`).
struct AffinityTerms: Sendable {
    struct Term: Sendable {
        let topologyKey: String
        /// Nil matches nothing.
        let selector: LabelSelector?
        /// None, and no selector of namespaces: the Pod's own.
        let namespaces: [String]
        let namespaceSelector: LabelSelector?
        /// 1 to 100 of a preferred term, 0 of a required one.
        let weight: Int64

        fileprivate init(_ json: JSON, labels: [String: String], weight: Int64 = 0) {
            topologyKey = json["topologyKey"]?.string ?? ""
            selector = json["labelSelector"].map {
                LabelSelector(
                    $0, keys: json["matchLabelKeys"].strings,
                    mismatching: json["mismatchLabelKeys"].strings, labels)
            }
            namespaces = json["namespaces"].strings
            namespaceSelector = json["namespaceSelector"].map { LabelSelector($0) }
            self.weight = weight
        }
    }

    let required: [Term]
    let preferred: [Term]
    let requiredAway: [Term]
    let preferredAway: [Term]

    /// Nil when the Pod says nothing of the kind, as most do.
    init?(of pod: Pod, labels: [String: String]) {
        guard let affinity = pod.spec["affinity"],
            affinity["podAffinity"] != nil || affinity["podAntiAffinity"] != nil
        else { return nil }
        func required(_ rules: JSON?) -> [Term] {
            (rules?["requiredDuringSchedulingIgnoredDuringExecution"]?.array ?? [])
                .map { Term($0, labels: labels) }
        }
        func preferred(_ rules: JSON?) -> [Term] {
            (rules?["preferredDuringSchedulingIgnoredDuringExecution"]?.array ?? []).compactMap {
                guard let weight = $0["weight"]?.integer, (1...100).contains(weight),
                    let term = $0["podAffinityTerm"]
                else { return nil }
                return Term(term, labels: labels, weight: weight)
            }
        }
        self.required = required(affinity["podAffinity"])
        self.preferred = preferred(affinity["podAffinity"])
        requiredAway = required(affinity["podAntiAffinity"])
        preferredAway = preferred(affinity["podAntiAffinity"])
    }
}

extension AffinityTerms.Term {
    /// Whether the term of a Pod in namespace `home` means another Pod.
    func means(_ pod: PodRecord, from home: String, in state: ClusterState) -> Bool {
        guard let selector, selector.matches(pod.labels) else { return false }
        if namespaces.isEmpty, namespaceSelector == nil { return pod.key.namespace == home }
        if namespaces.contains(pod.key.namespace) { return true }
        guard let namespaceSelector else { return false }
        let namespace = state.record(
            ObjectKey(.namespaces, namespace: "", name: pod.key.namespace))
        return namespaceSelector.matches(namespace?.labels ?? [:])
    }
}

extension LabelSelector {
    /// A selector with one more requirement for each label of the Pod that is named by its key
    /// alone (`matchLabelKeys`, `mismatchLabelKeys`). Keys that the Pod has not are left out.
    init(
        _ json: JSON, keys: [String], mismatching: [String] = [], _ labels: [String: String]
    ) {
        var expressions = json["matchExpressions"]?.array ?? []
        for (names, word) in [(keys, "In"), (mismatching, "NotIn")] {
            for key in names {
                guard let value = labels[key] else { continue }
                expressions.append(
                    [
                        "key": .string(key), "operator": .string(word),
                        "values": [.string(value)],
                    ])
            }
        }
        var whole = json
        if !expressions.isEmpty { whole["matchExpressions"] = .array(expressions) }
        self.init(whole)
    }
}
