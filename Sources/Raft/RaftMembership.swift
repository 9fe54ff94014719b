package import Base

/// Who votes and who only listens. Both lists are sorted, without repetition, and disjoint.
package struct RaftMembership: Hashable, Sendable {
    package let voters: [MachineName]
    /// Learners receive the log and do not count for any majority (thesis §4.2.1).
    package let learners: [MachineName]

    /// Of a machine that was never told of a cluster.
    package static let empty = RaftMembership(voters: [], learners: [])

    /// Sorts the names and drops repetitions; a name in both lists is a voter.
    package init(voters: [MachineName], learners: [MachineName] = []) {
        self.voters = Self.sorted(voters)
        self.learners = Self.sorted(learners.filter { !voters.contains($0) })
    }

    private static func sorted(_ names: [MachineName]) -> [MachineName] {
        var result: [MachineName] = []
        for name in names.sorted() where result.last != name { result.append(name) }
        return result
    }

    /// Voters and learners, sorted.
    package var members: [MachineName] { (voters + learners).sorted() }
    package var isEmpty: Bool { voters.isEmpty && learners.isEmpty }
    /// The smallest number of voters that is a majority.
    package var quorum: Int { voters.count / 2 + 1 }

    package func contains(_ name: MachineName) -> Bool {
        voters.contains(name) || learners.contains(name)
    }

    /// The membership after a change; nil when the change does not fit this membership.
    package func applying(_ change: RaftMembershipChange) -> RaftMembership? {
        switch change {
        case .addLearner(let name):
            guard !contains(name) else { return nil }
            return RaftMembership(voters: voters, learners: learners + [name])
        case .promote(let name):
            guard learners.contains(name) else { return nil }
            return RaftMembership(
                voters: voters + [name], learners: learners.filter { $0 != name })
        case .remove(let name):
            guard contains(name) else { return nil }
            return RaftMembership(
                voters: voters.filter { $0 != name }, learners: learners.filter { $0 != name })
        }
    }
}

/// A change of at most one voter, so that majorities before and after overlap (thesis §4.1).
package enum RaftMembershipChange: Hashable, Sendable {
    case addLearner(MachineName)
    /// Makes a learner that has caught up a voter.
    case promote(MachineName)
    case remove(MachineName)
}

/// The memberships that the log holds, oldest first. The newest one is in effect from the moment
/// it is appended, committed or not (thesis §4.1); cutting the log brings the older one back.
///
/// Invariant: indexes rise strictly, and the first is at most the snapshot's index.
struct RaftMembershipHistory: Equatable, Sendable {
    private struct Change: Equatable, Sendable {
        var index: UInt64
        var membership: RaftMembership
    }

    private var changes: [Change]

    init(index: UInt64, membership: RaftMembership) {
        changes = [Change(index: index, membership: membership)]
    }

    /// The membership in effect.
    var latest: RaftMembership { changes.last?.membership ?? .empty }
    /// The index of the entry that holds it.
    var latestIndex: UInt64 { changes.last?.index ?? 0 }

    /// The membership that a snapshot at `index` must record.
    func membership(at index: UInt64) -> RaftMembership {
        changes.last { $0.index <= index }?.membership ?? .empty
    }

    mutating func append(_ membership: RaftMembership, at index: UInt64) {
        changes.append(Change(index: index, membership: membership))
    }

    mutating func truncate(from index: UInt64) {
        while changes.count > 1, let last = changes.last, last.index >= index {
            changes.removeLast()
        }
    }

    /// Forgets what a snapshot at `index` holds, except the one in effect there.
    mutating func compact(to index: UInt64) {
        let superseded = changes.lastIndex { $0.index <= index } ?? 0
        changes.removeFirst(superseded)
    }
}
