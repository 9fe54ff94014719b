import Base
import Raft
import Testing

/// Thesis §6.4.1: reads by lease, and what the lease rests on.
@Suite struct RaftLeaseTests {
    private static func configured() -> Subject {
        var configuration = RaftConfiguration(name: Names.a)
        configuration.reads = .lease
        let entry = RaftEntry(index: 1, term: 1, payload: .membership(Names.three))
        return Subject(
            restored: RaftRestoredState(
                hardState: RaftHardState(term: 1), snapshot: .empty, entries: [entry]),
            configuration: configuration)
    }

    /// A leader with a lease since `now`.
    private static func leased() -> Subject {
        var subject = configured()
        subject.lead()
        _ = subject.wakeAtDeadline()
        _ = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1))
        return subject
    }

    @Test("a lease answers at once, until the shortest election timeout less the drift")
    func span() {
        var subject = Self.leased()
        #expect(subject.give(.readIndex(Ticket(1))) == [.readReady(Ticket(1), index: 2)])
        // 500 ms / 1.1 / 1.1
        subject.wait(.milliseconds(413))
        #expect(subject.give(.readIndex(Ticket(2))) == [.readReady(Ticket(2), index: 2)])
        subject.wait(.milliseconds(1))
        #expect(sends(subject.give(.readIndex(Ticket(3)))).count == 2, "a round is needed")
        #expect(subject.core.counters.readsByLease == 2)
    }

    @Test("a lease begins when its round was sent, not when it was answered")
    func beginsAtSending() {
        var subject = Self.configured()
        subject.lead()
        _ = subject.wakeAtDeadline()
        subject.wait(.milliseconds(400))
        _ = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1))
        #expect(subject.core.leaseRemaining(at: subject.now) != nil)
        subject.wait(.milliseconds(14))
        #expect(subject.core.leaseRemaining(at: subject.now) == nil)
    }

    @Test("without the setting there is no lease")
    func readIndexIsDefault() {
        var subject = Subject()
        subject.lead()
        _ = subject.wakeAtDeadline()
        _ = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1))
        #expect(sends(subject.give(.readIndex(Ticket(1)))).count == 2)
    }

    @Test("a leader that was stopped for long asks again before it answers")
    func stopped() {
        var subject = Self.leased()
        subject.wait(.seconds(10))
        #expect(!subject.give(.readIndex(Ticket(1))).contains(.readReady(Ticket(1), index: 2)))
    }

    @Test("a transfer ends the lease for the whole term, for the campaign may come late")
    func transfer() {
        var subject = Self.leased()
        _ = subject.give(.transferLeadership(to: Names.b))
        #expect(subject.core.leaseRemaining(at: subject.now) == nil)
        subject.wait(.seconds(1))
        _ = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1))
        #expect(subject.give(.wake).contains(.mark("raft.transfer.expired")))
        let round = subject.give(.readIndex(Ticket(1)))
        guard case .send(_, .heartbeat(_, _, let number))? = sends(round).last else {
            Issue.record("no round in \(round)")
            return
        }
        let answer = RaftMessage.heartbeatResponse(term: 2, round: number)
        #expect(subject.hear(Names.b, answer).contains(.readReady(Ticket(1), index: 2)))
        #expect(sends(subject.give(.readIndex(Ticket(2)))).count == 2, "again a round")
    }

    @Test("a follower that forgets its leader for a newer term still refuses votes for a while")
    func stickinessOutlivesTheLeader() {
        var subject = Subject()
        subject.wait(.milliseconds(500))
        _ = subject.hear(Names.b, .heartbeat(term: 1, commit: 0, round: 1))
        _ = subject.hear(Names.c, .preVoteResponse(term: 4, isGranted: false))
        #expect(subject.core.leader == nil)
        let request = RaftVoteRequest(term: 5, lastIndex: 9, lastTerm: 4)
        #expect(subject.hear(Names.c, .voteRequest(request)) == [.mark("raft.vote.sticky")])
        subject.wait(.milliseconds(500))
        _ = subject.hear(Names.c, .voteRequest(request))
        #expect(subject.core.term == 5)
    }

    @Test("a machine that starts refuses votes as if it had just heard a leader")
    func stickinessOutlivesTheProcess() {
        var subject = Subject()
        let request = RaftVoteRequest(term: 5, lastIndex: 9, lastTerm: 4)
        #expect(subject.hear(Names.c, .preVoteRequest(request)) == [])
        #expect(subject.hear(Names.c, .voteRequest(request)) == [.mark("raft.vote.sticky")])
    }
}
