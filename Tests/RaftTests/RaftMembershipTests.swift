import Base
import Raft
import Testing

/// Thesis §3.10, §4.1, §4.2.
@Suite struct RaftMembershipTests {
    private func change(
        _ subject: inout Subject, _ change: RaftMembershipChange
    ) -> RaftRejection? {
        let effects = subject.give(.changeMembership(Ticket(9), change))
        if case .membershipChangeRejected(Ticket(9), let reason)? = effects.first {
            return reason
        }
        return nil
    }

    @Test("a change is in effect as soon as it is appended, and goes to the new member too")
    func inEffectAtOnce() {
        var subject = Subject()
        subject.lead()
        let effects = subject.give(.changeMembership(Ticket(9), .addLearner(Names.d)))
        let next = RaftMembership(voters: Array(Names.all[..<3]), learners: [Names.d])
        #expect(effects.contains(.membershipChanged(next)))
        let receivers = sends(effects).compactMap { effect -> MachineName? in
            if case .send(let peer, .append) = effect { peer } else { nil }
        }
        #expect(receivers == [Names.b, Names.d])
    }

    @Test("no change before an entry of the leader's term is committed, and one at a time")
    func oneAtATime() {
        var subject = Subject()
        subject.win()
        // Entry 1, a membership, may be uncommitted; that alone forbids a change.
        #expect(change(&subject, .addLearner(Names.d)) == .changeInProgress)
        _ = subject.hear(Names.b, .appendResponse(term: 2, match: 2))
        #expect(change(&subject, .addLearner(Names.d)) == nil)
        #expect(change(&subject, .addLearner(Names.e)) == .changeInProgress)
        _ = subject.sync()
        _ = subject.hear(Names.b, .appendResponse(term: 2, match: 3))
        #expect(change(&subject, .addLearner(Names.e)) == nil)
    }

    @Test("a leader that has committed nothing of its term refuses changes")
    func notReady() {
        var subject = Subject(
            restored: RaftRestoredState(
                hardState: RaftHardState(term: 3),
                snapshot: RaftSnapshotMetadata(index: 5, term: 2, membership: Names.three),
                entries: []))
        subject.win()
        #expect(change(&subject, .addLearner(Names.d)) == .notReady)
    }

    @Test("changes that do not fit are refused with the reason")
    func refusals() {
        var subject = Subject()
        subject.lead()
        #expect(change(&subject, .addLearner(Names.b)) == .alreadyMember)
        #expect(change(&subject, .promote(Names.b)) == .notLearner)
        #expect(change(&subject, .remove(Names.e)) == .notMember)
        var single = Subject(RaftMembership(voters: [Names.a]))
        _ = single.wakeAtDeadline()
        _ = single.sync()
        _ = single.sync()
        #expect(change(&single, .remove(Names.a)) == .lastVoter)
        var follower = Subject()
        #expect(change(&follower, .remove(Names.b)) == .noLeader)
        _ = follower.hear(Names.b, .heartbeat(term: 1, commit: 0, round: 1))
        #expect(
            follower.give(.changeMembership(Ticket(1), .remove(Names.c))) == [
                .send(
                    to: Names.b,
                    .forwardMembership(follower.origin(Ticket(1)), .remove(Names.c)))
            ])
    }

    @Test("a learner is promoted only when it has caught up")
    func promotion() {
        var limits = RaftLimits()
        limits.promotionLagMax = 1
        var subject = Subject(
            RaftMembership(voters: Array(Names.all[..<3]), learners: [Names.d]),
            logTerms: [1, 1], limits: limits)
        subject.lead()
        #expect(change(&subject, .promote(Names.d)) == .notCaughtUp)
        _ = subject.hear(Names.d, .appendResponse(term: 2, match: 3))
        #expect(change(&subject, .promote(Names.d)) == .notCaughtUp, "its first round goes on")
        _ = subject.hear(Names.d, .appendResponse(term: 2, match: 4))
        #expect(change(&subject, .promote(Names.d)) == nil)
        #expect(subject.core.membership.voters == Array(Names.all[..<4]))
    }

    @Test("a learner's answers do not commit")
    func learnersDoNotCount() {
        var subject = Subject(
            RaftMembership(voters: Array(Names.all[..<3]), learners: [Names.d, Names.e]))
        subject.win()
        _ = subject.hear(Names.d, .appendResponse(term: 2, match: 2))
        #expect(applied(subject.hear(Names.e, .appendResponse(term: 2, match: 2))) == [])
        #expect(applied(subject.hear(Names.c, .appendResponse(term: 2, match: 2))) == [1, 2])
    }

    @Test("a removal that would leave too few living voters is refused")
    func quorumAtRisk() {
        var subject = Subject()
        subject.lead()
        // c is silent for long, b answers: without b no majority would be left.
        subject.wait(.milliseconds(990))
        _ = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 0))
        subject.wait(.milliseconds(500))
        #expect(change(&subject, .remove(Names.b)) == .quorumAtRisk)
        #expect(change(&subject, .remove(Names.c)) == nil)
    }

    @Test("a leader does not shrink the voters to some that have not answered it yet")
    func quorumUnheard() {
        var subject = Subject()
        subject.lead()
        // No time has passed, but of a and c only a is known to live.
        #expect(change(&subject, .remove(Names.b)) == .quorumAtRisk)
        _ = subject.hear(Names.c, .heartbeatResponse(term: 2, round: 0))
        #expect(change(&subject, .remove(Names.b)) == nil)
    }

    @Test("a removed voter is told, then forgotten")
    func removedIsTold() {
        var subject = Subject()
        subject.lead()
        _ = subject.hear(Names.c, .appendResponse(term: 2, match: 2))
        let effects = subject.give(.changeMembership(Ticket(1), .remove(Names.c)))
        #expect(sends(effects).count == 2)
        _ = subject.hear(Names.c, .appendResponse(term: 2, match: 3))
        #expect(applied(subject.sync()) == [], "two voters need both")
        let commit = subject.hear(Names.b, .appendResponse(term: 2, match: 3))
        #expect(commit.contains(.send(to: Names.c, .commit(term: 2, index: 3))))
        #expect(subject.core.status(at: subject.now).peers.map(\.name) == [Names.b])
    }

    @Test("a leader that removed itself leads until that is committed, then hands over")
    func leaderLeaves() {
        var subject = Subject()
        subject.lead()
        _ = subject.hear(Names.c, .appendResponse(term: 2, match: 2))
        _ = subject.give(.changeMembership(Ticket(1), .remove(Names.a)))
        _ = subject.sync()
        #expect(applied(subject.hear(Names.b, .appendResponse(term: 2, match: 3))) == [])
        #expect(subject.core.role == .leader)
        let effects = subject.hear(Names.c, .appendResponse(term: 2, match: 3))
        #expect(applied(effects) == [3])
        #expect(effects.contains(.send(to: Names.b, .timeoutNow(term: 2))))
        #expect(effects.contains(.roleChanged(.follower, leader: nil, term: 2)))
        #expect(subject.core.deadline == nil)
    }

    @Test("cutting the log brings the older membership back")
    func rollback() {
        var subject = Subject(term: 2)
        let next = RaftMembership(voters: Array(Names.all[..<4]))
        let entry = RaftEntry(index: 2, term: 2, payload: .membership(next))
        func append(_ term: UInt64, _ entry: RaftEntry) -> RaftMessage {
            .append(
                RaftAppend(
                    term: term, previousIndex: 1, previousTerm: 1, entries: [entry], commit: 0))
        }
        #expect(subject.hear(Names.b, append(2, entry)).contains(.membershipChanged(next)))
        #expect(
            subject.hear(Names.c, append(3, command(2, 3)))
                .contains(.membershipChanged(Names.three)))
    }

    @Test("a transfer stops proposals and changes, and tells the target when it has the log")
    func transfer() {
        var subject = Subject()
        subject.lead()
        #expect(subject.give(.transferLeadership(to: Names.c)) == [])
        #expect(subject.give(.propose(Ticket(1), [1])) == [
            .proposalRejected(Ticket(1), .transferring)
        ])
        #expect(change(&subject, .addLearner(Names.d)) == .transferring)
        let effects = subject.hear(Names.c, .appendResponse(term: 2, match: 2))
        #expect(effects.contains(.send(to: Names.c, .timeoutNow(term: 2))))
        subject.wait(.seconds(1))
        _ = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 0))
        #expect(subject.give(.wake).contains(.mark("raft.transfer.expired")))
        #expect(sends(subject.give(.propose(Ticket(2), [1]))).isEmpty == false)
    }

    @Test("the target of a transfer campaigns at once, without asking first")
    func timeoutNow() {
        var subject = Subject()
        _ = subject.hear(Names.b, .heartbeat(term: 1, commit: 0, round: 1))
        #expect(
            subject.hear(Names.b, .timeoutNow(term: 1)).first == .mark("raft.transfer.campaign"))
        let request = RaftVoteRequest(term: 2, lastIndex: 1, lastTerm: 1, isTransfer: true)
        #expect(subject.sync().contains(.send(to: Names.c, .voteRequest(request))))
    }

    @Test("memberships are sorted and without repetition, and a voter is no learner")
    func normalForm() {
        let membership = RaftMembership(
            voters: [Names.c, Names.a, Names.c], learners: [Names.d, Names.a])
        #expect(membership.voters == [Names.a, Names.c])
        #expect(membership.learners == [Names.d])
        #expect(membership.quorum == 2)
        #expect(membership.applying(.promote(Names.a)) == nil)
    }
}
