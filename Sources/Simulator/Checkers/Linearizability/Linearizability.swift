import Base

/// What the search for an order found.
package enum LinearizabilityVerdict: Equatable, Sendable {
    case linearizable
    /// No order explains the answers: the fewest lines that show it.
    case violation([String])
    /// The search was given up; the number of parts of the history that were left undecided.
    case undecided(Int)
}

/// Whether a history of operations can be explained by one order in which each happens at one
/// instant between its call and its answer (Herlihy and Wing 1990).
///
/// The search is that of Wing and Gong (1993) as Lowe (2017) improved it: a configuration is a
/// state with the set of open operations that have happened in it; all possible configurations
/// move along the history together, so that equal ones are one (his graph search), and an
/// operation is made to happen only when an answer demands it (just-in-time linearization).
/// Keys that no operation joins are parts of their own (locality, Herlihy and Wing §3.3;
/// P-compositionality in Horn and Kroening 2015).
///
/// Two things more keep it small, both without loss. Operations that write nothing happen as
/// soon as the state allows it, because that changes nothing for others. And an operation without
/// an answer need not happen at all, so of two configurations with one state the one that has
/// used fewer of them can do all that the other can.
package enum Linearizability {
    /// Bounds of the search; beyond them a part is undecided.
    package struct Limits: Sendable {
        /// Configurations looked at for one answer.
        package var configurationsMax = 20_000
        /// Those looked at for one part of the history in all.
        package var visitsMax = 2_000_000

        package init() {}
    }

    package static func check(
        _ operations: [RecordedOperation], limits: Limits = Limits()
    ) -> LinearizabilityVerdict {
        var undecided = 0
        for part in parts(of: operations) {
            var walk = LinearizabilityWalk(part, limits: limits)
            switch walk.run() {
            case .linearizable: break
            case .undecided: undecided += 1
            case .violation(let lines): return .violation(lines)
            }
        }
        return undecided == 0 ? .linearizable : .undecided(undecided)
    }

    /// Operations by the keys that they join, each part in the order of calls.
    static func parts(of operations: [RecordedOperation]) -> [[RecordedOperation]] {
        var parents: [String: String] = [:]
        func root(_ key: String) -> String {
            var key = key
            while let parent = parents[key], parent != key { key = parent }
            return key
        }
        var firsts: [String?] = []
        for operation in operations {
            let keys = operation.effectuations.reduce(into: Set<String>()) {
                $0.formUnion($1.keys)
            }.sorted()
            firsts.append(keys.first)
            guard let first = keys.first else { continue }
            for key in keys {
                if parents[key] == nil { parents[key] = key }
                parents[root(key)] = root(first)
            }
        }
        var parts: [String: [RecordedOperation]] = [:]
        for (operation, first) in zip(operations, firsts) {
            guard let first else { continue }
            parts[root(first), default: []].append(operation)
        }
        return parts.keys.sorted().compactMap { parts[$0] }
    }
}
