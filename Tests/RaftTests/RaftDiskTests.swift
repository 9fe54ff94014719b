import Base
import Raft
import Testing

/// A leader depends on its disk no more than the cluster can bear.
@Suite struct RaftDiskTests {
    /// A leader with a write that its disk does not answer.
    private static func stalled() -> Subject {
        var subject = Subject()
        subject.lead()
        _ = subject.hear(Names.c, .appendResponse(term: 2, match: 2))
        _ = subject.give(.propose(Ticket(1), [7]))
        return subject
    }

    /// The others answer heartbeats, so that only the disk is at fault.
    private static func wait(_ span: Span, _ subject: inout Subject) -> [RaftEffect] {
        let end = subject.now + span
        var effects: [RaftEffect] = []
        while subject.now < end {
            subject.wait(.milliseconds(100))
            for name in [Names.b, Names.c] {
                effects += subject.hear(name, .heartbeatResponse(term: 2, round: 0))
            }
            effects += subject.give(.wake)
        }
        return effects
    }

    @Test("a leader whose disk lags behind a commit of the others hands over")
    func overtaken() {
        var subject = Self.stalled()
        let commit = [Names.b, Names.c].flatMap {
            subject.hear($0, .appendResponse(term: 2, match: 3))
        }
        #expect(applied(commit) == [3])
        #expect(!Self.wait(.milliseconds(300), &subject).contains(.mark("raft.disk.handover")))
        let effects = Self.wait(.milliseconds(100), &subject)
        #expect(effects.contains(.mark("raft.disk.handover")))
        #expect(effects.contains(.send(to: Names.b, .timeoutNow(term: 2))))
        #expect(subject.core.counters.diskHandovers == 1)
    }

    @Test("a leader whose disk stalls hands over, and steps down when nobody takes over")
    func stall() {
        var subject = Self.stalled()
        #expect(!Self.wait(.milliseconds(900), &subject).contains(.mark("raft.disk.handover")))
        #expect(Self.wait(.milliseconds(100), &subject).contains(.mark("raft.disk.handover")))
        #expect(
            subject.give(.propose(Ticket(2), [1])) == [.proposalRejected(Ticket(2), .transferring)])
        let effects = Self.wait(.milliseconds(1_000), &subject)
        #expect(effects.contains(.mark("raft.disk.stepdown")))
        #expect(subject.core.role == .follower)
    }

    @Test("a machine does not campaign before its disk answers, not even when it is asked to")
    func noCampaign() {
        var subject = Self.stalled()
        _ = Self.wait(.milliseconds(2_100), &subject)
        #expect(subject.core.role == .follower)
        #expect(subject.wakeAtDeadline().contains(.mark("raft.disk.campaign")))
        #expect(subject.core.role == .follower)
        _ = subject.hear(Names.b, .heartbeat(term: 2, commit: 2, round: 1))
        #expect(sends(subject.hear(Names.b, .timeoutNow(term: 2))) == [])
        _ = subject.sync()
        _ = subject.wakeAtDeadline()
        #expect(subject.core.role == .preCandidate)
    }

    @Test("a disk that answers late but before the bound changes nothing")
    func inTime() {
        var subject = Self.stalled()
        _ = Self.wait(.milliseconds(900), &subject)
        _ = subject.sync()
        #expect(!Self.wait(.seconds(2), &subject).contains(.mark("raft.disk.handover")))
        #expect(subject.core.role == .leader)
    }

    @Test("the only voter goes on with a slow disk: nobody else has the log")
    func single() {
        var subject = Subject(RaftMembership(voters: [Names.a]))
        _ = subject.wakeAtDeadline()
        _ = subject.sync()
        _ = subject.sync()
        _ = subject.give(.propose(Ticket(1), [7]))
        subject.wait(.seconds(5))
        #expect(subject.give(.wake) == [])
        #expect(subject.core.role == .leader)
    }

    @Test("a leader whose disk refuses a write steps down at once and asks another to campaign")
    func refused() {
        var subject = Self.stalled()
        #expect(
            subject.give(.persistFailed) == [
                .mark("raft.disk.failed"), .send(to: Names.b, .timeoutNow(term: 2)),
                .roleChanged(.follower, leader: nil, term: 2),
            ])
        #expect(subject.give(.persistFailed) == [])
    }

    @Test("a machine whose disk refused a write votes for nobody and acknowledges nothing")
    func silent() {
        var subject = Subject(term: 2)
        subject.wait(.seconds(1))
        let append = RaftAppend(
            term: 2, previousIndex: 1, previousTerm: 1, entries: [command(2, 2)], commit: 0)
        _ = subject.hear(Names.b, .append(append))
        #expect(subject.give(.persistFailed) == [.mark("raft.disk.failed")])
        #expect(subject.sync() == [], "the acknowledgement of before is dropped, too")
        subject.wait(.seconds(1))
        let request = RaftVoteRequest(term: 9, lastIndex: 9, lastTerm: 9)
        let messages: [RaftMessage] = [
            .preVoteRequest(request), .voteRequest(request), .append(append),
            .timeoutNow(term: 2),
        ]
        for message in messages {
            #expect(subject.hear(Names.c, message) == [.mark("raft.disk.refused")])
        }
        let effects = subject.wakeAtDeadline()
        #expect(sends(effects) == [], "it does not campaign")
        #expect(subject.core.role == .follower)
    }

    @Test("its clients are still served through the leader")
    func forwards() {
        var subject = Subject(term: 2)
        _ = subject.give(.persistFailed)
        _ = subject.hear(Names.b, .heartbeat(term: 2, commit: 0, round: 1))
        #expect(subject.core.leader == Names.b)
        #expect(sends(subject.give(.propose(Ticket(1), [1]))).count == 1)
    }

    @Test("acknowledgements that wait for a stalled disk are bounded")
    func bounded() {
        var limits = RaftLimits()
        limits.promisesWithheldMax = 3
        var subject = Subject(term: 2, limits: limits)
        for index in 2..<10 as Range<UInt64> {
            let append = RaftAppend(
                term: 2, previousIndex: index - 1, previousTerm: index == 2 ? 1 : 2,
                entries: [command(index, 2)], commit: 0)
            _ = subject.hear(Names.b, .append(append))
        }
        #expect(sends(subject.sync()).count == 3)
        #expect(subject.core.queueSizes.allSatisfy { $0.size <= $0.bound })
    }

    @Test("a sole voter campaigns at its start without waiting")
    func soleVoterStartsAtOnce() {
        let subject = Subject(RaftMembership(voters: [Names.a], learners: [Names.b]))
        #expect(subject.core.deadline == .zero)
    }
}
