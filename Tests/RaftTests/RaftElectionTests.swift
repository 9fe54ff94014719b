import Base
import Raft
import Testing

/// Raft §5.1, §5.2, §5.4.1; thesis §4.2.3, §6.2, §9.6.
@Suite struct RaftElectionTests {
    @Test("a follower that hears no leader asks for pre-votes and keeps its term")
    func preVote() {
        var subject = Subject()
        let effects = subject.wakeAtDeadline()
        let request = RaftVoteRequest(term: 2, lastIndex: 1, lastTerm: 1)
        #expect(
            effects == [
                .send(to: Names.b, .preVoteRequest(request)),
                .send(to: Names.c, .preVoteRequest(request)),
                .roleChanged(.preCandidate, leader: nil, term: 1),
            ])
    }

    @Test("a candidate asks for votes only when its own vote is durable")
    func candidateWaitsForDisk() {
        var subject = Subject()
        _ = subject.wakeAtDeadline()
        let effects = subject.hear(Names.b, .preVoteResponse(term: 2, isGranted: true))
        let hardState = RaftHardState(term: 2, votedFor: Names.a)
        let persist = RaftPersist(
            persistence: RaftPersistence(sequence: 1), hardState: hardState)
        #expect(
            effects == [.persist(persist), .roleChanged(.candidate, leader: nil, term: 2)])
        let request = RaftVoteRequest(term: 2, lastIndex: 1, lastTerm: 1)
        #expect(
            subject.sync() == [
                .send(to: Names.b, .voteRequest(request)),
                .send(to: Names.c, .voteRequest(request)),
            ])
    }

    @Test("a candidate with a majority becomes leader and appends an entry without content")
    func winning() {
        var subject = Subject()
        _ = subject.wakeAtDeadline()
        _ = subject.hear(Names.b, .preVoteResponse(term: 2, isGranted: true))
        _ = subject.sync()
        let effects = subject.hear(Names.c, .voteResponse(term: 2, isGranted: true))
        let noop = RaftEntry(index: 2, term: 2, payload: .noop)
        let append = RaftAppend(
            term: 2, previousIndex: 1, previousTerm: 1, entries: [noop], commit: 0)
        #expect(
            effects == [
                .send(to: Names.b, .append(append)), .send(to: Names.c, .append(append)),
                .persist(
                    RaftPersist(persistence: RaftPersistence(sequence: 2), entries: [noop])),
                .roleChanged(.leader, leader: Names.a, term: 2),
            ])
    }

    @Test("one voter's repeated grant counts once, and a stranger's not at all")
    func grantsCountOnce() {
        var subject = Subject(RaftMembership(voters: Names.all))
        _ = subject.wakeAtDeadline()
        for voter in [Names.b, Names.c] {
            _ = subject.hear(voter, .preVoteResponse(term: 2, isGranted: true))
        }
        _ = subject.sync()
        #expect(subject.core.role == .candidate)
        _ = subject.hear(Names.b, .voteResponse(term: 2, isGranted: true))
        _ = subject.hear(Names.b, .voteResponse(term: 2, isGranted: true))
        if let stranger = MachineName("stranger") {
            _ = subject.hear(stranger, .voteResponse(term: 2, isGranted: true))
        }
        #expect(subject.core.role == .candidate)
        _ = subject.hear(Names.c, .voteResponse(term: 2, isGranted: true))
        #expect(subject.core.role == .leader)
    }

    @Test("a single voter elects itself once its vote is durable")
    func singleVoter() {
        var subject = Subject(RaftMembership(voters: [Names.a]))
        _ = subject.wakeAtDeadline()
        #expect(subject.core.role == .candidate)
        _ = subject.sync()
        #expect(subject.core.role == .leader)
        #expect(subject.core.commitIndex == 0)
        #expect(applied(subject.sync()) == [1, 2])
    }

    @Test("a granted vote leaves only when it is durable")
    func grantWaitsForDisk() {
        var subject = Subject()
        subject.wait(.milliseconds(500))
        let request = RaftVoteRequest(term: 5, lastIndex: 1, lastTerm: 1)
        let effects = subject.hear(Names.b, .voteRequest(request))
        let persist = RaftPersist(
            persistence: RaftPersistence(sequence: 1),
            hardState: RaftHardState(term: 5, votedFor: Names.b))
        #expect(
            effects == [.persist(persist), .roleChanged(.follower, leader: nil, term: 5)])
        #expect(
            subject.sync() == [
                .send(to: Names.b, .voteResponse(term: 5, isGranted: true))
            ])
    }

    @Test("a vote in the current term is made durable, too, before it leaves")
    func grantInCurrentTerm() {
        var subject = Subject(term: 5)
        subject.wait(.milliseconds(500))
        let request = RaftVoteRequest(term: 5, lastIndex: 1, lastTerm: 1)
        let persist = RaftPersist(
            persistence: RaftPersistence(sequence: 1),
            hardState: RaftHardState(term: 5, votedFor: Names.b))
        #expect(subject.hear(Names.b, .voteRequest(request)) == [.persist(persist)])
    }

    @Test("a newer term is made durable, without a vote")
    func newTermIsDurable() {
        var subject = Subject(term: 5, votedFor: Names.c)
        let persist = RaftPersist(
            persistence: RaftPersistence(sequence: 1), hardState: RaftHardState(term: 6))
        let effects = subject.hear(Names.b, .heartbeat(term: 6, commit: 0, round: 1))
        #expect(effects.contains(.persist(persist)))
    }

    @Test("a machine votes for one candidate a term, also after a restart")
    func oneVote() {
        var subject = Subject(term: 5, votedFor: Names.b)
        subject.wait(.milliseconds(500))
        let request = RaftVoteRequest(term: 5, lastIndex: 9, lastTerm: 4)
        #expect(
            subject.hear(Names.c, .voteRequest(request)) == [
                .send(to: Names.c, .voteResponse(term: 5, isGranted: false))
            ])
        #expect(
            subject.hear(Names.b, .voteRequest(request)) == [
                .send(to: Names.b, .voteResponse(term: 5, isGranted: true))
            ])
    }

    @Test(
        "a vote goes only to a log that is at least as up to date",
        arguments: [
            (index: 3 as UInt64, term: 2 as UInt64, isGranted: true), (4, 2, true),
            (1, 3, true), (2, 2, false), (9, 1, false),
        ])
    func upToDate(log: (index: UInt64, term: UInt64, isGranted: Bool)) {
        let request = RaftVoteRequest(term: 9, lastIndex: log.index, lastTerm: log.term)
        var subject = Subject(term: 2, logTerms: [1, 2])
        subject.wait(.milliseconds(500))
        #expect(
            sends(subject.hear(Names.b, .preVoteRequest(request))) == [
                .send(
                    to: Names.b,
                    .preVoteResponse(term: log.isGranted ? 9 : 2, isGranted: log.isGranted))
            ])
        let effects = subject.hear(Names.b, .voteRequest(request)) + subject.sync()
        #expect(
            sends(effects) == [
                .send(to: Names.b, .voteResponse(term: 9, isGranted: log.isGranted))
            ])
    }

    @Test("a machine that hears a leader ignores votes, except those of a transfer")
    func stickiness() {
        var subject = Subject()
        _ = subject.hear(Names.b, .heartbeat(term: 1, commit: 0, round: 1))
        var request = RaftVoteRequest(term: 8, lastIndex: 9, lastTerm: 7)
        #expect(subject.hear(Names.c, .preVoteRequest(request)) == [])
        #expect(subject.hear(Names.c, .voteRequest(request)) == [.mark("raft.vote.sticky")])
        #expect(subject.core.term == 1)
        subject.wait(.milliseconds(499))
        #expect(subject.hear(Names.c, .preVoteRequest(request)) == [])
        request.isTransfer = true
        _ = subject.hear(Names.c, .voteRequest(request))
        #expect(subject.core.term == 8)
    }

    @Test("a newer term makes a leader a follower; an older one is told of the newer")
    func terms() {
        var subject = Subject()
        subject.lead()
        #expect(
            sends(subject.hear(Names.c, .heartbeat(term: 1, commit: 0, round: 1))) == [
                .send(to: Names.c, .heartbeatResponse(term: 2, round: 0))
            ])
        #expect(subject.core.role == .leader)
        let effects = subject.hear(Names.c, .heartbeatResponse(term: 7, round: 0))
        #expect(effects.contains(.roleChanged(.follower, leader: nil, term: 7)))
        #expect(subject.core.term == 7)
    }

    @Test("answers of an older term change nothing")
    func staleAnswers() {
        var subject = Subject(term: 4, logTerms: [4])
        subject.win()
        #expect(subject.core.term == 5)
        #expect(subject.hear(Names.b, .appendResponse(term: 4, match: 3)) == [])
        #expect(subject.core.commitIndex == 0)
        var candidate = Subject()
        _ = candidate.wakeAtDeadline()
        _ = candidate.hear(Names.b, .preVoteResponse(term: 2, isGranted: true))
        _ = candidate.sync()
        #expect(candidate.hear(Names.c, .voteResponse(term: 1, isGranted: true)) == [])
        #expect(candidate.core.role == .candidate)
    }

    @Test("a candidate follows the leader that another majority chose in its term")
    func candidateGivesWay() {
        var subject = Subject()
        _ = subject.wakeAtDeadline()
        _ = subject.hear(Names.b, .preVoteResponse(term: 2, isGranted: true))
        _ = subject.sync()
        let effects = subject.hear(Names.c, .heartbeat(term: 2, commit: 0, round: 4))
        #expect(
            effects == [
                .send(to: Names.c, .heartbeatResponse(term: 2, round: 4)),
                .roleChanged(.follower, leader: Names.c, term: 2),
            ])
    }

    @Test("a leader that no majority answers steps down after an election timeout")
    func checkQuorum() {
        var subject = Subject()
        subject.lead()
        subject.wait(.milliseconds(900))
        _ = subject.hear(Names.c, .heartbeatResponse(term: 2, round: 0))
        subject.wait(.milliseconds(999))
        _ = subject.give(.wake)
        #expect(subject.core.role == .leader)
        subject.wait(.milliseconds(1))
        let effects = subject.give(.wake)
        #expect(
            effects == [
                .mark("raft.quorum.lost"), .roleChanged(.follower, leader: nil, term: 2),
            ])
    }

    @Test("a machine without a membership, and a learner, never campaign")
    func noCampaign() {
        let fresh = Subject(restored: .fresh)
        #expect(fresh.core.deadline == nil)
        var learner = Subject(RaftMembership(voters: [Names.b], learners: [Names.a]))
        #expect(learner.core.deadline == nil)
        _ = learner.hear(Names.b, .heartbeat(term: 1, commit: 1, round: 1))
        #expect(learner.core.leader == Names.b)
        #expect(
            learner.wakeAtDeadline() == [.roleChanged(.follower, leader: nil, term: 1)])
        #expect(learner.core.deadline == nil)
        #expect(learner.hear(Names.b, .timeoutNow(term: 1)) == [])
    }

    @Test("a voter whose removal is not committed campaigns without counting itself")
    func removedVoterHelps() {
        var entries = [RaftEntry(index: 1, term: 1, payload: .membership(Names.three))]
        entries.append(
            RaftEntry(
                index: 2, term: 1,
                payload: .membership(RaftMembership(voters: [Names.b, Names.c]))))
        var subject = Subject(
            restored: RaftRestoredState(
                hardState: RaftHardState(term: 1),
                snapshot: RaftSnapshotMetadata(index: 1, term: 1, membership: Names.three),
                entries: [entries[1]]))
        _ = subject.wakeAtDeadline()
        _ = subject.hear(Names.b, .preVoteResponse(term: 2, isGranted: true))
        #expect(subject.core.role == .preCandidate)
        _ = subject.hear(Names.c, .preVoteResponse(term: 2, isGranted: true))
        #expect(subject.core.role == .candidate)
    }

    @Test("election timeouts are drawn anew between min and max")
    func timeouts() {
        var subject = Subject()
        var seen: Set<Int64> = []
        for _ in 0..<20 {
            let span = (subject.core.deadline ?? .zero) - subject.now
            #expect(span >= .milliseconds(500) && span < .milliseconds(1_000))
            seen.insert(span.nanoseconds)
            _ = subject.wakeAtDeadline()
        }
        #expect(seen.count > 10)
    }

    @Test("forged numbers are dropped and nothing traps")
    func forgedNumbers() {
        var subject = Subject()
        let huge = UInt64.max
        let request = RaftVoteRequest(term: huge, lastIndex: huge, lastTerm: huge)
        let entries = [RaftEntry(index: huge, term: huge, payload: .noop)]
        let messages: [RaftMessage] = [
            .preVoteRequest(request), .voteRequest(request),
            .heartbeat(term: huge, commit: huge, round: huge),
            .append(
                RaftAppend(
                    term: huge, previousIndex: huge, previousTerm: huge, entries: entries,
                    commit: huge)),
            .timeoutNow(term: huge),
        ]
        for message in messages {
            #expect(subject.hear(Names.b, message) == [.mark("raft.message.forged")])
        }
        let append = RaftAppend(
            term: 1, previousIndex: 1, previousTerm: 1, entries: entries, commit: 1 << 62)
        #expect(subject.hear(Names.b, .append(append)).contains(.mark("raft.append.forged")))
        #expect(subject.core.commitIndex == 0)
        _ = subject.hear(Names.b, .heartbeat(term: 1, commit: 1 << 62, round: 1 << 62))
        #expect(subject.core.commitIndex == 1)
    }
}
