import JSON
import Objects

/// `spec.topologySpreadConstraints` (`PodTopologySpread`), with the Pods that they look at counted
/// once for all Nodes.
struct SpreadRules {
    private struct Constraint {
        let topologyKey: String
        let maxSkew: Int64
        let domainsMin: Int
        let isRequired: Bool
        let selector: LabelSelector?
        let honorsAffinity: Bool
        let honorsTaints: Bool
        /// Matching Pods by the value of the topology's label.
        var counts: [String: Int64] = [:]
        var selfMatches = false

        /// The fewest of any domain; none when there are not as many domains as should be.
        var least: Int64 { counts.count < domainsMin ? 0 : counts.values.min() ?? 0 }
    }

    private var constraints: [Constraint]

    var isEmpty: Bool { constraints.isEmpty }

    init(
        of pod: PodRecord, in state: ClusterState, _ nodes: [NodeRecord],
        without gone: Set<ObjectKey>
    ) {
        let rules = pod.pod.spec["topologySpreadConstraints"]?.array ?? []
        constraints = rules.map { Self.constraint($0, pod) }
        // A Node that has not all labels of the rules of one kind is in no domain of any.
        let all = constraints
        func keys(_ isRequired: Bool) -> [String] {
            all.filter { $0.isRequired == isRequired }.map(\.topologyKey)
        }
        let (required, soft) = (keys(true), keys(false))
        for index in constraints.indices {
            let needed = constraints[index].isRequired ? required : soft
            Self.count(
                &constraints[index], pod, state,
                nodes.filter { node in needed.allSatisfy { node.labels[$0] != nil } }, gone)
        }
    }

    private static func constraint(_ json: JSON, _ pod: PodRecord) -> Constraint {
        let selector = json["labelSelector"].map {
            LabelSelector($0, keys: json["matchLabelKeys"].strings, pod.labels)
        }
        return Constraint(
            topologyKey: json["topologyKey"]?.string ?? "",
            maxSkew: max(1, json["maxSkew"]?.integer ?? 1),
            domainsMin: Int(clamping: json["minDomains"]?.integer ?? 1),
            isRequired: json["whenUnsatisfiable"]?.string != "ScheduleAnyway",
            selector: selector,
            honorsAffinity: json["nodeAffinityPolicy"]?.string != "Ignore",
            honorsTaints: json["nodeTaintsPolicy"]?.string == "Honor",
            selfMatches: selector?.matches(pod.labels) ?? false)
    }

    private static func count(
        _ constraint: inout Constraint, _ pod: PodRecord, _ state: ClusterState,
        _ nodes: [NodeRecord], _ gone: Set<ObjectKey>
    ) {
        let tolerations = pod.pod.tolerations
        for node in nodes {
            guard let value = node.labels[constraint.topologyKey] else { continue }
            if constraint.honorsAffinity, !NodeAffinity.allows(pod.pod, on: node) { continue }
            if constraint.honorsTaints,
                Scheduler.untolerated(state.effectiveTaints(of: node), by: tolerations)
            {
                continue
            }
            let matching = state.pods(onNode: node.name).filter { other in
                other.key.namespace == pod.key.namespace && state.isActive(other)
                    && !gone.contains(other.key)
                    && (constraint.selector?.matches(other.labels) ?? false)
            }
            constraint.counts[value, default: 0] += Int64(matching.count)
        }
    }

    func refusal(of node: NodeRecord) -> Explain.Refusal? {
        let message = "node(s) didn't match pod topology spread constraints"
        for constraint in constraints where constraint.isRequired {
            guard let value = node.labels[constraint.topologyKey] else {
                return Explain.Refusal("\(message) (missing required label)", isResolvable: false)
            }
            let here = (constraint.counts[value] ?? 0) + (constraint.selfMatches ? 1 : 0)
            if here - constraint.least > constraint.maxSkew {
                return Explain.Refusal(message, isResolvable: true)
            }
        }
        return nil
    }

    /// How many Pods the soft constraints already count where the Node is; nil when it lacks one
    /// of their labels, so that they cannot say.
    func crowding(of node: NodeRecord) -> Int64? {
        var sum: Int64 = 0
        for constraint in constraints where !constraint.isRequired {
            guard let value = node.labels[constraint.topologyKey] else { return nil }
            sum += constraint.counts[value] ?? 0
        }
        return sum
    }
}
