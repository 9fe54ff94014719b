import Base
import Raft
import Testing

/// Thesis §4.3: arbitrary changes of the voters through a joint membership.
@Suite struct RaftJointTests {
    private static let swap = RaftMembershipChange(
        promoted: [Names.d, Names.e], removed: [Names.b, Names.c])
    private static let before = RaftMembership(
        voters: Array(Names.all[..<3]), learners: [Names.d, Names.e])
    private static let joint = RaftMembership(
        voters: [Names.a, Names.d, Names.e], outgoing: Array(Names.all[..<3]))
    private static let after = RaftMembership(voters: [Names.a, Names.d, Names.e])

    /// A leader of `before` whose learners have all that is committed.
    private func leader() -> Subject {
        var subject = Subject(Self.before)
        subject.lead()
        for name in [Names.c, Names.d, Names.e] {
            _ = subject.hear(name, .appendResponse(term: 2, match: 2))
        }
        return subject
    }

    private func acknowledge(
        _ index: UInt64, _ names: [MachineName], _ subject: inout Subject
    ) -> [RaftEffect] {
        names.flatMap { subject.hear($0, .appendResponse(term: 2, match: index)) }
    }

    @Test("a change of several voters is joint, one of a single voter is not")
    func applying() {
        #expect(Self.before.applying(Self.swap) == Self.joint)
        #expect(Self.joint.settled == Self.after)
        #expect(Self.joint.applying(.remove(Names.a)) == nil, "one change at a time")
        let one = RaftMembershipChange(added: [], promoted: [Names.d], removed: [Names.e])
        #expect(Self.before.applying(one)?.isJoint == false)
        let exchange = RaftMembershipChange(promoted: [Names.d], demoted: [Names.c])
        let exchanged = Self.before.applying(exchange)
        #expect(exchanged?.outgoing == Self.before.voters)
        #expect(exchanged?.voters == [Names.a, Names.b, Names.d])
        #expect(exchanged?.learners == [Names.c, Names.e])
        let twice = RaftMembershipChange(promoted: [Names.d], removed: [Names.d])
        #expect(Self.before.applying(twice) == nil)
        #expect(Self.before.applying(RaftMembershipChange()) == nil)
    }

    @Test("a joint entry commits with a majority of the old and of the new voters, not with one")
    func bothMajorities() {
        var subject = leader()
        let effects = subject.give(.changeMembership(Ticket(1), Self.swap))
        #expect(effects.contains(.membershipChanged(Self.joint)))
        _ = subject.sync()
        #expect(applied(acknowledge(3, [Names.d, Names.e], &subject)) == [], "no old majority")
        #expect(applied(acknowledge(3, [Names.b], &subject)) == [3])
        var other = leader()
        _ = other.give(.changeMembership(Ticket(1), Self.swap))
        _ = other.sync()
        #expect(applied(acknowledge(3, [Names.b, Names.c], &other)) == [], "no new majority")
    }

    @Test("the leader leaves the joint state by itself, and then needs the new majority alone")
    func autoLeave() {
        var subject = leader()
        _ = subject.give(.changeMembership(Ticket(1), Self.swap))
        _ = subject.sync()
        _ = acknowledge(3, [Names.d], &subject)
        let effects = acknowledge(3, [Names.b], &subject)
        #expect(effects.contains(.mark("raft.joint.left")))
        #expect(effects.contains(.membershipChanged(Self.after)))
        #expect(
            subject.give(.changeMembership(Ticket(2), .addLearner(Names.b))).first
                == .membershipChangeRejected(Ticket(2), .changeInProgress))
        _ = subject.sync()
        #expect(applied(acknowledge(4, [Names.b, Names.c], &subject)) == [])
        #expect(applied(acknowledge(4, [Names.e], &subject)) == [4])
        #expect(
            subject.core.status(at: subject.now).peers.map(\.name) == [Names.d, Names.e])
    }

    @Test("a candidate in a joint membership needs both majorities, for pre-votes and for votes")
    func election() {
        let entries = [RaftEntry(index: 1, term: 1, payload: .membership(Self.joint))]
        var subject = Subject(
            restored: RaftRestoredState(
                hardState: RaftHardState(term: 1), snapshot: .empty, entries: entries))
        let asked = sends(subject.wakeAtDeadline())
        #expect(asked.count == 4, "all voters of either half are asked")
        _ = subject.hear(Names.d, .preVoteResponse(term: 2, isGranted: true))
        _ = subject.hear(Names.e, .preVoteResponse(term: 2, isGranted: true))
        #expect(subject.core.role == .preCandidate)
        _ = subject.hear(Names.b, .preVoteResponse(term: 2, isGranted: true))
        #expect(subject.core.role == .candidate)
        _ = subject.sync()
        _ = subject.hear(Names.b, .voteResponse(term: 2, isGranted: true))
        _ = subject.hear(Names.c, .voteResponse(term: 2, isGranted: true))
        #expect(subject.core.role == .candidate)
        _ = subject.hear(Names.e, .voteResponse(term: 2, isGranted: true))
        #expect(subject.core.role == .leader)
    }

    @Test("a new leader that finds a committed joint membership leaves it")
    func newLeaderLeaves() {
        let entries = [RaftEntry(index: 1, term: 1, payload: .membership(Self.joint))]
        var subject = Subject(
            restored: RaftRestoredState(
                hardState: RaftHardState(term: 1), snapshot: .empty, entries: entries))
        _ = subject.wakeAtDeadline()
        for name in [Names.b, Names.d] {
            _ = subject.hear(name, .preVoteResponse(term: 2, isGranted: true))
        }
        _ = subject.sync()
        for name in [Names.b, Names.d] {
            _ = subject.hear(name, .voteResponse(term: 2, isGranted: true))
        }
        _ = subject.sync()
        let effects = acknowledge(2, [Names.b, Names.d], &subject)
        #expect(applied(effects) == [1, 2])
        #expect(effects.contains(.membershipChanged(Self.after)))
    }

    @Test("reads and the leader's own check need both majorities")
    func readsAndCheckQuorum() {
        var subject = leader()
        _ = subject.give(.changeMembership(Ticket(1), Self.swap))
        _ = subject.give(.readIndex(Ticket(2)))
        let answer = RaftMessage.heartbeatResponse(term: 2, round: 1)
        #expect(!subject.hear(Names.b, answer).contains(.readReady(Ticket(2), index: 2)))
        #expect(subject.hear(Names.d, answer).contains(.readReady(Ticket(2), index: 2)))
        subject.wait(.milliseconds(900))
        _ = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1))
        _ = subject.hear(Names.c, .heartbeatResponse(term: 2, round: 1))
        subject.wait(.milliseconds(200))
        #expect(subject.give(.wake).contains(.mark("raft.quorum.lost")), "no new voter answers")
    }

    @Test("a leader that is not among the new voters leads until they have committed it")
    func leaderIsReplaced() {
        var subject = leader()
        let change = RaftMembershipChange(
            promoted: [Names.d, Names.e], removed: [Names.a, Names.b])
        _ = subject.give(.changeMembership(Ticket(1), change))
        _ = subject.sync()
        #expect(applied(acknowledge(3, [Names.b, Names.d], &subject)) == [], "own is not new")
        #expect(applied(acknowledge(3, [Names.e], &subject)) == [3])
        _ = subject.sync()
        #expect(subject.core.role == .leader)
        let effects = acknowledge(4, [Names.d, Names.e], &subject)
        #expect(applied(effects) == [4])
        #expect(effects.contains(.mark("raft.leader.removed")))
        #expect(effects.contains(.send(to: Names.d, .timeoutNow(term: 2))))
        #expect(subject.core.role == .follower)
    }

    @Test("a snapshot records the joint membership")
    func snapshot() {
        var limits = RaftLimits()
        limits.snapshotAfterEntries = 3
        var subject = Subject(Self.before, limits: limits)
        subject.lead()
        for name in [Names.d, Names.e] {
            _ = subject.hear(name, .appendResponse(term: 2, match: 2))
        }
        _ = subject.give(.changeMembership(Ticket(1), Self.swap))
        _ = subject.sync()
        let effects = acknowledge(3, [Names.d, Names.b], &subject)
        #expect(
            effects.contains(
                .saveSnapshot(
                    RaftSnapshotMetadata(index: 3, term: 2, membership: Self.joint))))
    }

    @Test("a change names each machine once and fits the membership")
    func refusals() {
        var subject = leader()
        func refusal(_ change: RaftMembershipChange) -> RaftRejection? {
            guard case .membershipChangeRejected(_, let reason)? =
                subject.give(.changeMembership(Ticket(1), change)).first
            else { return nil }
            return reason
        }
        #expect(refusal(RaftMembershipChange()) == .contradictory)
        #expect(
            refusal(RaftMembershipChange(demoted: [Names.b], removed: [Names.b]))
                == .contradictory)
        #expect(refusal(.demote(Names.d)) == .notVoter)
        #expect(refusal(RaftMembershipChange(removed: Array(Names.all[..<3]))) == .lastVoter)
        subject.wait(.milliseconds(1_000))
        #expect(refusal(Self.swap) == .notCaughtUp, "nobody has answered for long")
    }
}
