package import Base

/// Who votes and who only listens.
///
/// While several voters change at once the membership is joint (thesis §4.3): whatever needs a
/// majority needs one of ``voters``, which is C_new, and one of ``outgoing``, which is C_old.
///
/// Invariants: each list is sorted and without repetition; no name is in both ``voters`` and
/// ``learners``; ``outgoing`` is empty unless the membership is joint, and then it differs from
/// ``voters``. A voter that is to become a learner is in ``outgoing`` and in ``learners``.
package struct RaftMembership: Hashable, Sendable {
    package let voters: [MachineName]
    /// Learners receive the log and count for no majority (thesis §4.2.1).
    package let learners: [MachineName]
    /// The voters before a change that is still joint; empty otherwise.
    package let outgoing: [MachineName]

    /// Of a machine that was never told of a cluster.
    package static let empty = RaftMembership(voters: [], learners: [])

    /// Sorts the names and drops repetitions; a name in both lists is a voter.
    package init(
        voters: [MachineName], learners: [MachineName] = [], outgoing: [MachineName] = []
    ) {
        self.voters = Self.sorted(voters)
        self.learners = Self.sorted(learners.filter { !voters.contains($0) })
        let sortedOutgoing = Self.sorted(outgoing)
        self.outgoing = sortedOutgoing == self.voters ? [] : sortedOutgoing
    }

    private static func sorted(_ names: [MachineName]) -> [MachineName] {
        var result: [MachineName] = []
        for name in names.sorted() where result.last != name { result.append(name) }
        return result
    }

    package var isJoint: Bool { !outgoing.isEmpty }
    /// Everybody in it, sorted.
    package var members: [MachineName] { Self.sorted(voters + learners + outgoing) }
    /// Everybody whose vote counts in either half, sorted.
    package var allVoters: [MachineName] { Self.sorted(voters + outgoing) }
    package var isEmpty: Bool { voters.isEmpty && learners.isEmpty }
    /// The smallest number of ``voters`` that is a majority of them.
    package var quorum: Int { voters.count / 2 + 1 }
    /// The same of ``outgoing``.
    var outgoingQuorum: Int { outgoing.count / 2 + 1 }
    /// The membership that a joint one leads to; itself when it is not joint.
    package var settled: RaftMembership {
        isJoint ? RaftMembership(voters: voters, learners: learners) : self
    }

    package func contains(_ name: MachineName) -> Bool {
        voters.contains(name) || learners.contains(name) || outgoing.contains(name)
    }

    /// True when the name's vote counts, in either half of a joint membership.
    package func isVoter(_ name: MachineName) -> Bool {
        voters.contains(name) || outgoing.contains(name)
    }

    /// True when the condition holds for a majority, of both halves if it is joint.
    package func isQuorum(_ holds: (MachineName) -> Bool) -> Bool {
        voters.count(where: holds) >= quorum
            && (outgoing.isEmpty || outgoing.count(where: holds) >= outgoingQuorum)
    }

    /// The membership after a change; nil when the change does not fit this membership. It is
    /// joint when more than one voter comes or goes: only then can majorities before and after
    /// miss each other (thesis §4.1).
    package func applying(_ change: RaftMembershipChange) -> RaftMembership? {
        guard !isJoint, change.isConsistent,
            change.added.allSatisfy({ !contains($0) }),
            change.promoted.allSatisfy(learners.contains),
            change.demoted.allSatisfy(voters.contains), change.removed.allSatisfy(contains)
        else { return nil }
        let leaving = change.demoted + change.removed
        let nextVoters = voters.filter { !leaving.contains($0) } + change.promoted
        let gone = change.promoted + change.removed
        let nextLearners = learners.filter { !gone.contains($0) } + change.added + change.demoted
        guard !nextVoters.isEmpty else { return nil }
        let differing =
            voters.count { !nextVoters.contains($0) } + change.promoted.count
        return RaftMembership(
            voters: nextVoters, learners: nextLearners, outgoing: differing > 1 ? voters : [])
    }
}

/// A change of any number of members, made as one (thesis §4.3).
package struct RaftMembershipChange: Hashable, Sendable {
    /// Strangers that begin to follow the log as learners.
    package var added: [MachineName]
    /// Learners that have caught up and become voters.
    package var promoted: [MachineName]
    /// Voters that become learners.
    package var demoted: [MachineName]
    /// Voters or learners that leave.
    package var removed: [MachineName]

    package init(
        added: [MachineName] = [], promoted: [MachineName] = [], demoted: [MachineName] = [],
        removed: [MachineName] = []
    ) {
        self.added = added
        self.promoted = promoted
        self.demoted = demoted
        self.removed = removed
    }

    package static func addLearner(_ name: MachineName) -> Self { Self(added: [name]) }
    package static func promote(_ name: MachineName) -> Self { Self(promoted: [name]) }
    package static func demote(_ name: MachineName) -> Self { Self(demoted: [name]) }
    package static func remove(_ name: MachineName) -> Self { Self(removed: [name]) }

    package var names: [MachineName] { added + promoted + demoted + removed }

    /// It changes something, and each name in one way.
    var isConsistent: Bool {
        let sorted = names.sorted()
        return !sorted.isEmpty && zip(sorted, sorted.dropFirst()).allSatisfy { $0 != $1 }
    }
}

/// In which halves of the membership a machine's vote counts.
struct RaftSeat: OptionSet, Sendable {
    let rawValue: UInt8

    /// In C_new, or in the only set there is.
    static let incoming = RaftSeat(rawValue: 1)
    /// In C_old of a joint membership.
    static let outgoing = RaftSeat(rawValue: 2)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ name: MachineName, in membership: RaftMembership) {
        self = []
        if membership.voters.contains(name) { insert(.incoming) }
        if membership.outgoing.contains(name) { insert(.outgoing) }
    }
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
