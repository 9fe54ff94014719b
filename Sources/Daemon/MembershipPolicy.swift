package import Base
package import Gossip
package import Raft

/// Decides who votes. Only the leader asks; all that is due goes into one change.
///
/// 1. Every live machine of the mesh follows the log as a learner.
/// 2. Learners become voters as far as that makes the number of voters odd and no larger than
///    wanted: two machines with two votes would stop when either stops.
/// 3. A voter that stays away for `replacementDelay` becomes a learner, and a healthy learner
///    takes its place in the same change. Without a learner to take it, two of five voters or
///    more that are away lose their vote, so that the others have failures to spare; never fewer
///    than three are left.
/// 4. A voter that left the mesh in order gives up its place as soon as a learner can take it,
///    or when the voters become an odd number by that. Otherwise it keeps it for
///    `replacementDelay`: two voters bear no more than three of which one is away, and if another
///    dies meanwhile, the one that left can come back and vote.
/// 5. A learner that left the mesh leaves the log, and so does one that nobody has seen for
///    `forgetDelay`. A machine that is barred from the mesh leaves the log at once.
///
/// A machine that fails is trusted with a vote again only after it was there without a break for
/// 30 s, doubled with each further failure up to 16 min; an hour without one clears it. When one
/// more failure would stop the log, 30 s are enough, because a machine that fails now and then is
/// a better voter than one that is gone. A voter with four failures to its name gives up its
/// place after a sixth of the usual delay.
package struct MembershipPolicy: Sendable {
    /// What the decision rests on.
    package struct View: Sendable {
        package var name: MachineName
        package var membership: RaftMembership
        package var members: [GossipMember]
        /// Learners that the leader found near the end of the log.
        package var caughtUp: [MachineName]
        package var barred: Set<MachineName>
        package var votersWanted: Int

        package init(
            name: MachineName, membership: RaftMembership, members: [GossipMember],
            caughtUp: [MachineName], barred: Set<MachineName> = [], votersWanted: Int
        ) {
            self.name = name
            self.membership = membership
            self.members = members
            self.caughtUp = caughtUp
            self.barred = barred
            self.votersWanted = votersWanted
        }
    }

    private struct Record: Sendable {
        /// Since when it is away.
        var awaySince: Instant?
        /// Since when it is back.
        var backSince: Instant?
        /// Since when it is gone in order.
        var leftSince: Instant?
        var failures = 0
        var lastFailure: Instant?
    }

    static let steadySpanMin = Span.seconds(30)
    static let steadyDoublingsMax = 5
    static let failureMemory = Span.seconds(3_600)
    static let flappingFailures = 4
    static let forgetDelay = Span.seconds(86_400)
    static let catchUpPause = Span.seconds(1)
    static let votersKeptMin = 3

    /// When to look again.
    package private(set) var deadline: Instant?
    private var records: [MachineName: Record] = [:]
    private let replacementDelay: Span

    package init(replacementDelay: Span) { self.replacementDelay = replacementDelay }

    package mutating func noteStatus(
        _ name: MachineName, _ status: GossipMember.Status, at now: Instant
    ) {
        switch status {
        case .failed: noteAway(name, at: now)
        case .left: noteLeft(name, at: now)
        case .alive, .suspect: noteThere(name, at: now)
        }
    }

    package mutating func lookAgain(at instant: Instant) {
        deadline = min(deadline ?? .distantFuture, instant)
    }

    package mutating func didLook() { deadline = nil }

    // MARK: The past of a machine

    private mutating func noteAway(_ name: MachineName, at now: Instant) {
        var record = records[name] ?? Record()
        // Whoever said goodbye is not missed when the mesh forgets it.
        guard record.awaySince == nil, record.leftSince == nil else { return }
        if let last = record.lastFailure, now - last >= Self.failureMemory { record.failures = 0 }
        record.failures += 1
        record.lastFailure = now
        record.awaySince = now
        record.backSince = nil
        records[name] = record
    }

    /// A goodbye wipes out what was held against the machine.
    private mutating func noteLeft(_ name: MachineName, at now: Instant) {
        guard records[name]?.leftSince == nil else { return }
        records[name] = Record(leftSince: now)
    }

    private mutating func noteThere(_ name: MachineName, at now: Instant) {
        if records[name]?.leftSince != nil { records[name] = nil }
        guard var record = records[name], record.awaySince != nil else { return }
        record.awaySince = nil
        record.backSince = now
        records[name] = record
    }

    /// When the machine may be trusted with a vote; nil while it is away.
    private func steadyFrom(
        _ name: MachineName, isUrgent: Bool, at now: Instant
    ) -> Instant? {
        guard let record = records[name] else { return now }
        guard record.awaySince == nil, let back = record.backSince else { return nil }
        let doublings = isUrgent ? 0 : min(max(record.failures, 1) - 1, Self.steadyDoublingsMax)
        return back + Self.steadySpanMin * Int64(1 << doublings)
    }

    /// When a voter that is away gives up its place; nil while it is there.
    private func replacedFrom(_ name: MachineName) -> Instant? {
        guard let record = records[name], let away = record.awaySince else { return nil }
        let isFlapping = record.failures >= Self.flappingFailures
        return away + (isFlapping ? replacementDelay / 6 : replacementDelay)
    }

    /// Members of the log that the mesh does not know count as away from now on: after a restart
    /// of everything nobody else tells of them.
    private mutating func noteStrangers(_ view: View, at now: Instant) {
        for name in view.membership.members where name != view.name {
            guard let member = view.members.first(where: { $0.name == name }) else {
                noteAway(name, at: now)
                continue
            }
            noteStatus(name, member.status, at: now)
        }
        for name in view.membership.learners {
            guard let away = records[name]?.awaySince else { continue }
            lookAgain(at: away + Self.forgetDelay)
        }
        let known = Set(view.members.map(\.name)).union(view.membership.members)
        records = records.filter { known.contains($0.key) }
    }

    // MARK: The decision

    /// The change that the membership needs; nil when it is as it should be, or not yet due.
    package mutating func nextChange(_ view: View, at now: Instant) -> RaftMembershipChange? {
        noteStrangers(view, at: now)
        let membership = view.membership
        guard !membership.isJoint else { return nil }
        var change = RaftMembershipChange()
        let live = view.members.filter { $0.isLive && !view.barred.contains($0.name) }
            .map(\.name).sorted()
        change.added = live.filter { !membership.contains($0) }
        change.removed = membership.members.filter { isGone($0, view, at: now) }
        planVoters(view, live: live, at: now, into: &change)
        return change.names.isEmpty ? nil : change
    }

    /// Whether a machine leaves the log, whatever becomes of its vote.
    private func isGone(_ name: MachineName, _ view: View, at now: Instant) -> Bool {
        if view.barred.contains(name) { return true }
        guard view.membership.learners.contains(name) else { return false }
        if records[name]?.leftSince != nil { return true }
        guard let away = records[name]?.awaySince else { return false }
        return now - away >= Self.forgetDelay
    }

    private mutating func planVoters(
        _ view: View, live: [MachineName], at now: Instant,
        into change: inout RaftMembershipChange
    ) {
        let removed = change.removed
        let kept = view.membership.voters.filter { !removed.contains($0) }
        let departed = departedVoters(of: kept)
        let absent = departed + lostVoters(of: kept, at: now)
        let healthy = kept.count - absent.count
        let hopefuls = view.membership.learners.filter {
            live.contains($0) && !removed.contains($0)
        }
        let candidates = self.candidates(
            of: hopefuls, view, isWanted: healthy < view.votersWanted,
            isUrgent: healthy - 1 < kept.count / 2 + 1, at: now)
        let target = Self.odd(min(view.votersWanted, healthy + candidates.count))
        let promotions = max(0, min(target - healthy, candidates.count))
        change.promoted = Array(candidates.prefix(promotions))
        let total = kept.count + promotions
        let going =
            promotions > 0 || total > view.votersWanted
            ? max(0, min(absent.count, total - target))
            : max(
                Self.spare(absent: absent.count, departed: departed.count, of: kept.count),
                overdue(departed, at: now))
        change.removed += departed.prefix(going)
        change.demoted = Array(absent.prefix(going).dropFirst(departed.count))
        let surplus = total - going - view.votersWanted
        guard surplus > 0 else { return }
        let surplusVoters = kept.filter { $0 != view.name && !absent.prefix(going).contains($0) }
        change.demoted += surplusVoters.suffix(surplus)
    }

    /// Voters that left in order, the first one first.
    private func departedVoters(of kept: [MachineName]) -> [MachineName] {
        kept.compactMap { name in records[name]?.leftSince.map { (name: name, since: $0) } }
            .sorted { ($0.since, $0.name) < ($1.since, $1.name) }.map(\.name)
    }

    /// How many voters left in order so long ago that they are not waited for.
    private mutating func overdue(_ departed: [MachineName], at now: Instant) -> Int {
        departed.count { name in
            guard let left = records[name]?.leftSince else { return false }
            if left + replacementDelay > now { lookAgain(at: left + replacementDelay) }
            return left + replacementDelay <= now
        }
    }

    /// Voters whose time is over, the one that is away longest first.
    private mutating func lostVoters(of kept: [MachineName], at now: Instant) -> [MachineName] {
        var lost: [(name: MachineName, since: Instant)] = []
        for name in kept {
            guard let due = replacedFrom(name) else { continue }
            if due <= now {
                lost.append((name, records[name]?.awaySince ?? now))
            } else {
                lookAgain(at: due)
            }
        }
        return lost.sorted { ($0.since, $0.name) < ($1.since, $1.name) }.map(\.name)
    }

    /// Learners that may vote now, those that failed least first.
    private mutating func candidates(
        of hopefuls: [MachineName], _ view: View, isWanted: Bool, isUrgent: Bool,
        at now: Instant
    ) -> [MachineName] {
        guard isWanted else { return [] }
        var candidates: [(name: MachineName, failures: Int)] = []
        for name in hopefuls {
            guard let steady = steadyFrom(name, isUrgent: isUrgent, at: now) else { continue }
            if steady > now {
                lookAgain(at: steady)
            } else if !view.caughtUp.contains(name) {
                lookAgain(at: now + Self.catchUpPause)
            } else {
                candidates.append((name, records[name]?.failures ?? 0))
            }
        }
        return candidates.sorted { ($0.failures, $0.name) < ($1.failures, $1.name) }.map(\.name)
    }

    private static func odd(_ count: Int) -> Int { max(1, count % 2 == 1 ? count : count - 1) }

    /// How many absent voters go without successors: as many as leave an odd number, and at least
    /// `votersKeptMin` unless all who go said so.
    private static func spare(absent: Int, departed: Int, of kept: Int) -> Int {
        var count = absent
        while count > 0,
            (kept - count) % 2 == 0 || (count > departed && kept - count < votersKeptMin)
        {
            count -= 1
        }
        return count
    }
}
