import JSON
import Objects

/// `podAffinity` and `podAntiAffinity` of a Pod and of those that run (`InterPodAffinity`), with
/// the Pods that they look at found once for all Nodes.
struct AffinityRules {
    /// A topology's label and one of its values.
    private struct Domain: Hashable {
        let key: String
        let value: String
    }

    private let required: [AffinityTerms.Term]
    /// Where Pods run that all required terms mean.
    private var friends: Set<Domain> = []
    /// Whether the Pod itself is such a Pod.
    private var isOwnFriend = false
    /// Where Pods run that its required anti-affinity means.
    private var foes: Set<Domain> = []
    /// Where the required anti-affinity of Pods that run closes a domain to this one.
    private var closed: Set<Domain> = []
    /// The sum of the weights of preferred terms, of the Pod's and of others', by domain.
    private var weights: [Domain: Int64] = [:]

    /// What a required affinity of a Pod that runs weighs in favour of a new one that it means
    /// (`hardPodAffinityWeight`).
    private static let requiredWeight: Int64 = 1

    /// Whether no Pod's end could change what is refused.
    var isEmpty: Bool { required.isEmpty && foes.isEmpty && closed.isEmpty }

    init(
        of pod: PodRecord, in state: ClusterState, _ nodes: [NodeRecord],
        without gone: Set<ObjectKey>
    ) {
        required = pod.affinity?.required ?? []
        if let own = pod.affinity { look(around: pod, own, state, nodes, gone) }
        for other in state.podsWithAffinity where !other.isFinished && !gone.contains(other.key) {
            guard let name = state.node(of: other), let node = state.node(named: name),
                let terms = other.affinity
            else { continue }
            hear(terms, of: other, on: node, about: pod, state)
        }
    }

    private mutating func look(
        around pod: PodRecord, _ own: AffinityTerms, _ state: ClusterState, _ nodes: [NodeRecord],
        _ gone: Set<ObjectKey>
    ) {
        func means(_ term: AffinityTerms.Term, _ other: PodRecord) -> Bool {
            term.means(other, from: pod.key.namespace, in: state)
        }
        isOwnFriend = own.required.allSatisfy { means($0, pod) }
        for node in nodes {
            for other in state.pods(onNode: node.name)
            where !other.isFinished && !gone.contains(other.key) {
                if !own.required.isEmpty, own.required.allSatisfy({ means($0, other) }) {
                    for term in own.required { insert(term, node, into: &friends) }
                }
                for term in own.requiredAway where means(term, other) {
                    insert(term, node, into: &foes)
                }
                for term in own.preferred where means(term, other) {
                    weigh(term.weight, term, node)
                }
                for term in own.preferredAway where means(term, other) {
                    weigh(-term.weight, term, node)
                }
            }
        }
    }

    /// What a Pod that runs says about the new one.
    private mutating func hear(
        _ terms: AffinityTerms, of other: PodRecord, on node: NodeRecord, about pod: PodRecord,
        _ state: ClusterState
    ) {
        func means(_ term: AffinityTerms.Term) -> Bool {
            term.means(pod, from: other.key.namespace, in: state)
        }
        for term in terms.requiredAway where means(term) { insert(term, node, into: &closed) }
        for term in terms.required where means(term) { weigh(Self.requiredWeight, term, node) }
        for term in terms.preferred where means(term) { weigh(term.weight, term, node) }
        for term in terms.preferredAway where means(term) { weigh(-term.weight, term, node) }
    }

    private func insert(
        _ term: AffinityTerms.Term, _ node: NodeRecord, into domains: inout Set<Domain>
    ) {
        guard let value = node.labels[term.topologyKey] else { return }
        domains.insert(Domain(key: term.topologyKey, value: value))
    }

    private mutating func weigh(
        _ weight: Int64, _ term: AffinityTerms.Term, _ node: NodeRecord
    ) {
        guard let value = node.labels[term.topologyKey] else { return }
        weights[Domain(key: term.topologyKey, value: value), default: 0] += weight
    }

    func refusal(of node: NodeRecord) -> Explain.Refusal? {
        guard satisfiesAffinity(node) else {
            return Explain.Refusal(
                "node(s) didn't match pod affinity rules", isResolvable: false)
        }
        if contains(foes, node) {
            return Explain.Refusal(
                "node(s) didn't match pod anti-affinity rules", isResolvable: true)
        }
        if contains(closed, node) {
            return Explain.Refusal(
                "node(s) didn't satisfy existing pods anti-affinity rules", isResolvable: true)
        }
        return nil
    }

    private func satisfiesAffinity(_ node: NodeRecord) -> Bool {
        var hasFriends = true
        for term in required {
            guard let value = node.labels[term.topologyKey] else { return false }
            if !friends.contains(Domain(key: term.topologyKey, value: value)) { hasFriends = false }
        }
        // The first Pod of a group that wants to be together may go anywhere.
        return hasFriends || (friends.isEmpty && isOwnFriend)
    }

    private func contains(_ domains: Set<Domain>, _ node: NodeRecord) -> Bool {
        guard !domains.isEmpty else { return false }
        return node.labels.contains { domains.contains(Domain(key: $0.key, value: $0.value)) }
    }

    /// How welcome the Pod is on the Node to those that run near it, and they to it.
    func welcome(on node: NodeRecord) -> Int64 {
        guard !weights.isEmpty else { return 0 }
        return node.labels.reduce(0) { sum, label in
            sum + (weights[Domain(key: label.key, value: label.value)] ?? 0)
        }
    }
}
