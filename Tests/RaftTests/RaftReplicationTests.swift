import Base
import Raft
import Testing

/// Raft §5.3, §5.4.2; thesis §10.2.
@Suite struct RaftReplicationTests {
    private func append(
        term: UInt64 = 2, after index: UInt64, _ previousTerm: UInt64, _ entries: [RaftEntry],
        commit: UInt64 = 0
    ) -> RaftMessage {
        .append(
            RaftAppend(
                term: term, previousIndex: index, previousTerm: previousTerm, entries: entries,
                commit: commit))
    }

    @Test("a follower acknowledges entries only when they are durable")
    func ackWaitsForDisk() {
        var subject = Subject(term: 2)
        let effects = subject.hear(Names.b, append(after: 1, 1, [command(2, 2)]))
        #expect(sends(effects) == [])
        #expect(
            effects.first
                == .persist(
                    RaftPersist(
                        persistence: RaftPersistence(sequence: 1), entries: [command(2, 2)])))
        #expect(
            subject.sync() == [.send(to: Names.b, .appendResponse(term: 2, match: 2))])
    }

    @Test("an acknowledgement of a later write waits for all earlier ones")
    func acksInOrder() {
        var subject = Subject(term: 2)
        _ = subject.hear(Names.b, append(after: 1, 1, [command(2, 2)]))
        _ = subject.hear(Names.b, append(after: 2, 2, [command(3, 2)]))
        // Nothing new, but what it confirms is still on its way to the disk.
        #expect(subject.hear(Names.b, append(after: 3, 2, [])) == [])
        #expect(
            subject.give(.persisted(upTo: RaftPersistence(sequence: 1))) == [
                .send(to: Names.b, .appendResponse(term: 2, match: 2))
            ])
        #expect(
            subject.give(.persisted(upTo: RaftPersistence(sequence: 2))) == [
                .send(to: Names.b, .appendResponse(term: 2, match: 3))
            ], "one acknowledgement stands for both")
    }

    @Test("a follower without the previous entry refuses with the last place that may agree")
    func rejection() {
        var subject = Subject(term: 6, logTerms: [1, 2, 2, 5, 5])
        func answer(_ index: UInt64, _ term: UInt64, hint: UInt64, _ hintTerm: UInt64) {
            let effects = subject.hear(Names.b, append(term: 6, after: index, term, []))
            #expect(
                sends(effects) == [
                    .send(
                        to: Names.b,
                        .appendRejected(
                            RaftAppendRejection(
                                term: 6, previousIndex: index, hintIndex: hint,
                                hintTerm: hintTerm)))
                ])
        }
        answer(9, 6, hint: 6, 5)
        answer(6, 3, hint: 4, 2)
        answer(5, 4, hint: 4, 2)
        answer(4, 1, hint: 2, 1)
    }

    @Test("entries that conflict are dropped with all that follow them")
    func conflict() {
        var subject = Subject(term: 3, logTerms: [1, 2, 2])
        let effects = subject.hear(
            Names.b, append(term: 3, after: 2, 1, [command(3, 3)]))
        #expect(
            effects.contains(
                .persist(
                    RaftPersist(
                        persistence: RaftPersistence(sequence: 1), truncateFrom: 3,
                        entries: [command(3, 3)]))))
        #expect(subject.core.lastIndex == 3)
    }

    @Test("entries that are there already are neither dropped nor written again")
    func repetition() {
        var subject = Subject(term: 2, logTerms: [1, 2, 2])
        let effects = subject.hear(Names.b, append(after: 1, 1, [command(2, 1), command(3, 2)]))
        #expect(sends(effects) == [.send(to: Names.b, .appendResponse(term: 2, match: 3))])
        #expect(subject.core.lastIndex == 4)
    }

    @Test("a follower commits no further than the append that agrees")
    func commitStopsAtMatch() {
        var subject = Subject(term: 3, logTerms: [1, 2, 2])
        let effects = subject.hear(Names.b, append(term: 3, after: 2, 1, [], commit: 4))
        #expect(applied(effects) == [1, 2])
    }

    @Test("an append before what is committed is answered with the commit index")
    func oldAppend() {
        var subject = Subject(term: 2, logTerms: [1, 2])
        _ = subject.hear(Names.b, append(after: 3, 2, [], commit: 3))
        let effects = subject.hear(Names.b, append(after: 1, 1, [command(2, 1)]))
        #expect(effects == [.send(to: Names.b, .appendResponse(term: 2, match: 3))])
    }

    @Test("a leader counts itself only when its own entry is durable")
    func leaderCountsDurable() {
        var subject = Subject()
        subject.lead()
        let proposal = subject.give(.propose(Ticket(1), [7]))
        #expect(sends(proposal).count == 1, "only b answered so far; c is still probed")
        #expect(applied(subject.hear(Names.b, .appendResponse(term: 2, match: 3))) == [])
        let effects = subject.sync()
        #expect(applied(effects) == [3])
        #expect(sends(effects) == [.send(to: Names.b, .commit(term: 2, index: 3))])
    }

    @Test("proposals that come together share one append and one write")
    func proposalsTogether() {
        var limits = RaftLimits()
        limits.commandBytesMax = 4
        var subject = Subject(limits: limits)
        subject.lead()
        _ = subject.hear(Names.c, .appendResponse(term: 2, match: 2))
        let large = [UInt8](repeating: 0, count: 5)
        let effects = subject.give(
            .proposeAll([
                RaftProposal(ticket: Ticket(1), bytes: [7]),
                RaftProposal(ticket: Ticket(2), bytes: large),
                RaftProposal(ticket: Ticket(3), bytes: [8]),
            ]))
        let entries = [
            RaftEntry(index: 3, term: 2, payload: .command([7])),
            RaftEntry(index: 4, term: 2, payload: .command([8])),
        ]
        let append = RaftAppend(
            term: 2, previousIndex: 2, previousTerm: 2, entries: entries, commit: 2)
        #expect(
            effects == [
                .proposalRejected(Ticket(2), .tooLarge),
                .send(to: Names.b, .append(append)), .send(to: Names.c, .append(append)),
                .persist(
                    RaftPersist(persistence: subject.lastPersist, entries: entries)),
            ])
    }

    @Test("an entry of an older term is not committed by counting (figure 8)")
    func figureEight() {
        var subject = Subject(term: 4, logTerms: [2])
        subject.win()
        #expect(subject.core.lastIndex == 3)
        #expect(applied(subject.hear(Names.b, .appendResponse(term: 5, match: 2))) == [])
        #expect(applied(subject.hear(Names.c, .appendResponse(term: 5, match: 2))) == [])
        #expect(applied(subject.hear(Names.b, .appendResponse(term: 5, match: 3))) == [1, 2, 3])
    }

    @Test("a leader walks back over a whole term at each rejection")
    func backtracking() {
        var subject = Subject(term: 6, logTerms: [1, 4, 4, 5, 5, 6, 6])
        subject.win()
        let rejection = RaftAppendRejection(
            term: 7, previousIndex: 8, hintIndex: 7, hintTerm: 4)
        let effects = subject.hear(Names.b, .appendRejected(rejection))
        guard case .send(_, .append(let append)) = effects.first else {
            Issue.record("no append in \(effects)")
            return
        }
        #expect(append.previousIndex == 4)
        #expect(append.previousTerm == 4)
        #expect(append.entries.count == 5)
        #expect(subject.hear(Names.b, .appendRejected(rejection)) == [], "an old answer")
    }

    @Test("appends run ahead of their answers up to the window, then gather")
    func window() {
        var limits = RaftLimits()
        limits.appendsInFlightMax = 2
        var subject = Subject(limits: limits)
        subject.lead()
        var toB = 0
        for number in 0..<5 as Range<UInt64> {
            toB += sends(subject.give(.propose(Ticket(number), [1]))).count
        }
        #expect(toB == 2)
        let effects = sends(subject.hear(Names.b, .appendResponse(term: 2, match: 3)))
        guard case .send(Names.b, .append(let append)) = effects.first else {
            Issue.record("no append in \(effects)")
            return
        }
        #expect(append.previousIndex == 4)
        #expect(append.entries.map(\.index) == [5, 6, 7])
    }

    @Test("one append respects the limits of entries and bytes, but never stays empty")
    func batches() {
        var limits = RaftLimits()
        limits.appendEntriesMax = 3
        limits.appendBytesMax = 100
        var subject = Subject(limits: limits)
        subject.win()
        for size in [10, 10, 200, 10] {
            _ = subject.give(.propose(Ticket(1), [UInt8](repeating: 1, count: size)))
        }
        let effects = sends(subject.hear(Names.b, .appendResponse(term: 2, match: 2)))
        let sizes = effects.map { effect -> Int in
            if case .send(_, .append(let append)) = effect { append.entries.count } else { 0 }
        }
        #expect(sizes == [2, 1, 1])
    }

    @Test("a lost append is noticed at the next heartbeat's answer")
    func lostAppend() {
        var subject = Subject()
        subject.lead()
        _ = subject.give(.propose(Ticket(1), [7]))
        _ = subject.wakeAtDeadline()
        let effects = subject.hear(Names.b, .heartbeatResponse(term: 2, round: 1))
        let empty = RaftAppend(
            term: 2, previousIndex: 3, previousTerm: 2, entries: [], commit: 2)
        #expect(sends(effects) == [.send(to: Names.b, .append(empty))])
    }

    @Test("a member that lost what it had acknowledged is sent it again, not asked for ever")
    func lostLog() {
        var subject = Subject()
        subject.lead()
        _ = subject.give(.propose(Ticket(1), [7]))
        _ = subject.hear(Names.b, .appendResponse(term: 2, match: 3))
        _ = subject.give(.propose(Ticket(2), [8]))
        // It starts again with two entries.
        func rejection(of previousIndex: UInt64) -> RaftMessage {
            .appendRejected(
                RaftAppendRejection(
                    term: 2, previousIndex: previousIndex, hintIndex: 2, hintTerm: 2))
        }
        _ = subject.hear(Names.b, rejection(of: 4))
        let effects = subject.hear(Names.b, rejection(of: 3))
        #expect(effects.contains(.mark("raft.member.lost-entries")))
        guard case .send(Names.b, .append(let append)) = sends(effects).first else {
            Issue.record("no append in \(effects)")
            return
        }
        #expect(append.previousIndex == 2)
        #expect(append.entries.map(\.index) == [3, 4])
        #expect(subject.hear(Names.b, rejection(of: 3)) == [], "an old answer")
    }

    @Test("a follower forwards commands to its leader, or says that there is none")
    func forwarding() {
        var subject = Subject()
        #expect(subject.give(.propose(Ticket(1), [7])) == [
            .proposalRejected(Ticket(1), .noLeader)
        ])
        _ = subject.hear(Names.b, .heartbeat(term: 1, commit: 0, round: 1))
        #expect(subject.give(.propose(Ticket(2), [7])) == [
            .send(to: Names.b, .forwardProposal(subject.origin(Ticket(2)), [7]))
        ])
        var leader = Subject()
        leader.lead()
        let origin = RaftOrigin(life: 5, ticket: Ticket(6))
        _ = leader.hear(Names.c, .forwardProposal(origin, [9]))
        #expect(
            leader.core.entry(at: 3) == RaftEntry(index: 3, term: 2, payload: .command([9])))
    }

    @Test("a leader refuses what is too large and what is too much")
    func limits() {
        var limits = RaftLimits()
        limits.commandBytesMax = 4
        limits.pendingProposalsMax = 2
        var subject = Subject(limits: limits)
        subject.lead()
        let large = [UInt8](repeating: 0, count: 5)
        #expect(subject.give(.propose(Ticket(1), large)) == [
            .proposalRejected(Ticket(1), .tooLarge)
        ])
        _ = subject.give(.propose(Ticket(2), [1]))
        _ = subject.give(.propose(Ticket(3), [1]))
        #expect(subject.give(.propose(Ticket(4), [1])) == [
            .proposalRejected(Ticket(4), .overloaded)
        ])
        let origin = RaftOrigin(life: 5, ticket: Ticket(6))
        #expect(subject.hear(Names.b, .forwardProposal(origin, [1])) == [
            .send(to: Names.b, .proposalRefused(origin, .overloaded))
        ])
        #expect(subject.hear(Names.b, .forwardProposal(origin, large)) == [
            .send(to: Names.b, .proposalRefused(origin, .tooLarge))
        ])
    }

    @Test("a proposer hears of its leader's refusal at once, but not of one of an earlier life")
    func refusal() {
        var subject = Subject()
        _ = subject.hear(Names.b, .heartbeat(term: 1, commit: 0, round: 1))
        let origin = subject.origin(Ticket(2))
        #expect(subject.hear(Names.b, .proposalRefused(origin, .overloaded)) == [
            .proposalRejected(Ticket(2), .overloaded)
        ])
        let old = RaftOrigin(life: origin.life &+ 1, ticket: Ticket(2))
        #expect(subject.hear(Names.b, .proposalRefused(old, .overloaded)) == [])
        #expect(subject.hear(Names.b, .changeRefused(origin, .notReady)) == [
            .membershipChangeRejected(Ticket(2), .notReady)
        ])
        #expect(subject.hear(Names.b, .changeRefused(old, .notReady)) == [])
    }

    @Test("a machine that does not lead refuses what is forwarded to it")
    func misdirected() {
        var subject = Subject()
        let origin = RaftOrigin(life: 5, ticket: Ticket(6))
        #expect(subject.hear(Names.c, .forwardProposal(origin, [1])) == [
            .send(to: Names.c, .proposalRefused(origin, .noLeader))
        ])
        #expect(subject.hear(Names.c, .forwardMembership(origin, .addLearner(Names.d))) == [
            .send(to: Names.c, .changeRefused(origin, .noLeader))
        ])
        #expect(subject.hear(Names.c, .readRequest(identifier: 3)) == [
            .send(to: Names.c, .readRefused(identifier: 3, .noLeader))
        ])
    }

    @Test("an entry that was cut is no longer counted as durable")
    func truncationIsNotDurable() {
        var subject = Subject(term: 2)
        _ = subject.hear(Names.b, append(after: 1, 1, [command(2, 2), command(3, 2)]))
        _ = subject.hear(Names.c, append(term: 3, after: 1, 1, [command(2, 3)]))
        _ = subject.sync()
        #expect(subject.core.lastIndex == 2)
        subject.now = subject.now + .seconds(2)
        subject.win()
        #expect(applied(subject.hear(Names.b, .appendResponse(term: 4, match: 3))) == [1, 2, 3])
    }

    @Test("when the disk has fallen far behind, messages are dropped")
    func stalledDisk() {
        var limits = RaftLimits()
        limits.persistsInFlightMax = 2
        var subject = Subject(term: 2, limits: limits)
        _ = subject.hear(Names.b, append(after: 1, 1, [command(2, 2)]))
        _ = subject.hear(Names.b, append(after: 2, 2, [command(3, 2)]))
        #expect(
            subject.hear(Names.b, append(after: 3, 2, [command(4, 2)])) == [
                .mark("raft.disk.stalled")
            ])
        _ = subject.sync()
        _ = subject.hear(Names.b, append(after: 3, 2, [command(4, 2)]))
        #expect(subject.core.lastIndex == 4)
    }
}
