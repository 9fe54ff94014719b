import Base
import Raft
import Testing

/// Thesis §6.4: reads without log entries.
@Suite struct RaftReadTests {
    @Test("a read waits until a majority has answered a heartbeat that started after it")
    func round() {
        var subject = Subject()
        subject.lead()
        #expect(
            subject.give(.readIndex(Ticket(1))) == [
                .send(to: Names.b, .heartbeat(term: 2, commit: 2, round: 1)),
                .send(to: Names.c, .heartbeat(term: 2, commit: 0, round: 1)),
            ])
        #expect(subject.hear(Names.b, .heartbeatResponse(term: 2, round: 0)) == [])
        #expect(
            subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1)) == [
                .readReady(Ticket(1), index: 2)
            ])
    }

    @Test("reads that come while a round is out share the next one")
    func sharedRound() {
        var subject = Subject()
        subject.lead()
        _ = subject.give(.readIndex(Ticket(1)))
        #expect(subject.give(.readIndex(Ticket(2))) == [])
        #expect(subject.give(.readIndex(Ticket(3))) == [])
        #expect(
            subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1)) == [
                .readReady(Ticket(1), index: 2),
                .send(to: Names.b, .heartbeat(term: 2, commit: 2, round: 2)),
                .send(to: Names.c, .heartbeat(term: 2, commit: 0, round: 2)),
            ])
        #expect(
            subject.hear(Names.b, .heartbeatResponse(term: 2, round: 2)) == [
                .readReady(Ticket(2), index: 2), .readReady(Ticket(3), index: 2),
            ])
    }

    @Test("an answer to a round that never was confirms nothing")
    func forgedRound() {
        var subject = Subject()
        subject.lead()
        _ = subject.give(.readIndex(Ticket(1)))
        #expect(subject.hear(Names.b, .heartbeatResponse(term: 2, round: 9)) == [])
    }

    @Test("a leader holds reads until an entry of its term is committed")
    func held() {
        var subject = Subject()
        subject.win()
        #expect(subject.give(.readIndex(Ticket(1))) == [])
        let effects = subject.hear(Names.b, .appendResponse(term: 2, match: 2))
        #expect(effects.contains(.send(to: Names.c, .heartbeat(term: 2, commit: 0, round: 1))))
        #expect(
            subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1)) == [
                .readReady(Ticket(1), index: 2)
            ])
    }

    @Test("a single voter answers at once")
    func single() {
        var subject = Subject(RaftMembership(voters: [Names.a]))
        _ = subject.wakeAtDeadline()
        _ = subject.sync()
        _ = subject.sync()
        #expect(subject.give(.readIndex(Ticket(1))) == [.readReady(Ticket(1), index: 2)])
    }

    @Test("a leader answers a follower's read with the index")
    func remote() {
        var subject = Subject()
        subject.lead()
        _ = subject.hear(Names.c, .readRequest(identifier: 77))
        #expect(
            subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1)) == [
                .send(to: Names.c, .readResponse(identifier: 77, index: 2))
            ])
    }

    @Test("a follower asks its leader, takes one answer, and gives up after a while")
    func follower() {
        var subject = Subject()
        #expect(subject.give(.readIndex(Ticket(1))) == [.readRejected(Ticket(1), .noLeader)])
        _ = subject.hear(Names.b, .heartbeat(term: 1, commit: 0, round: 1))
        let effects = subject.give(.readIndex(Ticket(2)))
        guard case .send(Names.b, .readRequest(let identifier)) = effects.first else {
            Issue.record("no request in \(effects)")
            return
        }
        #expect(identifier > 1_000, "identifiers of different lives must not meet")
        let answer = RaftMessage.readResponse(identifier: identifier, index: 9)
        #expect(subject.hear(Names.b, answer) == [.readReady(Ticket(2), index: 9)])
        #expect(subject.hear(Names.b, answer) == [])
        _ = subject.give(.readIndex(Ticket(3)))
        subject.wait(.seconds(1))
        #expect(subject.give(.wake).first == .readRejected(Ticket(3), .timedOut))
    }

    @Test("reads are rejected when the leader changes")
    func leaderChange() {
        var subject = Subject()
        subject.lead()
        _ = subject.give(.readIndex(Ticket(1)))
        let effects = subject.hear(Names.c, .heartbeat(term: 3, commit: 0, round: 1))
        #expect(effects.contains(.readRejected(Ticket(1), .leaderChanged)))
        _ = subject.give(.readIndex(Ticket(2)))
        #expect(
            subject.hear(Names.b, .heartbeat(term: 4, commit: 0, round: 1))
                .contains(.readRejected(Ticket(2), .leaderChanged)))
    }

    @Test("too many reads are refused")
    func overload() {
        var limits = RaftLimits()
        limits.pendingReadsMax = 1
        var subject = Subject(limits: limits)
        subject.lead()
        _ = subject.give(.readIndex(Ticket(1)))
        #expect(subject.give(.readIndex(Ticket(2))) == [.readRejected(Ticket(2), .overloaded)])
    }
}
