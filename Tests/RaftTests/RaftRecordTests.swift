import Base
import Raft
import Testing

/// What a disk gives back.
@Suite struct RaftRecordTests {
    private let snapshot = RaftSnapshotMetadata(index: 3, term: 2, membership: Names.three)

    private func replay(
        _ records: [RaftRecord], _ snapshot: RaftSnapshotMetadata? = nil
    ) throws(RaftReplayError) -> RaftRestoredState {
        try RaftRestoredState.replay(records: records.map { $0.encoded() }, snapshot: snapshot)
    }

    @Test("an empty disk is a machine without a past")
    func empty() throws {
        #expect(try replay([]) == .fresh)
    }

    @Test("a new cluster's first entry is its membership")
    func bootstrap() throws {
        let state = try replay(RaftRestoredState.bootstrapRecords(voter: Names.a))
        let core = Subject(restored: state).core
        #expect(core.membership == RaftMembership(voters: [Names.a]))
        #expect(core.term == 1)
        #expect(core.lastIndex == 1)
    }

    @Test("the newest hard state counts, and cut entries are gone")
    func truncation() throws {
        let state = try replay([
            .hardState(RaftHardState(term: 1, votedFor: Names.b)),
            .entries([command(1, 1), command(2, 1), command(3, 1)]),
            .hardState(RaftHardState(term: 2)), .truncate(from: 2),
            .entries([command(2, 2)]),
        ])
        #expect(state.hardState == RaftHardState(term: 2))
        #expect(state.entries == [command(1, 1), command(2, 2)])
    }

    @Test("entries that a torn checkpoint repeats do not cut those behind them")
    func tornCheckpoint() throws {
        let entries = [command(1, 1), command(2, 1), command(3, 2), command(4, 2), command(5, 2)]
        let state = try replay(
            [
                .hardState(RaftHardState(term: 2)), .entries(entries), .snapshot(snapshot),
                .entries([command(4, 2)]),
            ], snapshot)
        #expect(state.entries == [command(4, 2), command(5, 2)])
    }

    @Test("a snapshot keeps the entries behind it only when the log agrees with it")
    func disagreement() throws {
        let records: [RaftRecord] = [
            .hardState(RaftHardState(term: 1)),
            .entries([command(1, 1), command(2, 1), command(3, 1), command(4, 1)]),
        ]
        let state = try replay(records, snapshot)
        #expect(state.entries == [])
        #expect(state.snapshot == snapshot)
        #expect(state.hardState == RaftHardState(term: 2), "the term of the snapshot is known")
        #expect(state.isLogReplaced)
    }

    /// Seed 42 of the membership runs: the power went after a snapshot was installed and before
    /// the log said so. The entries that followed were written behind a log which ended earlier,
    /// or in another term, and the start after that refused them or lost them.
    @Test("a start with a snapshot that replaced the log says so in its first write")
    func replacedLog() throws {
        let old: [RaftRecord] = [
            .hardState(RaftHardState(term: 1)), .entries([command(1, 1), command(2, 1)]),
        ]
        var subject = Subject(restored: try replay(old, snapshot))
        let append = RaftAppend(
            term: 2, previousIndex: 3, previousTerm: 2, entries: [command(4, 2)], commit: 3)
        let effects = subject.hear(Names.b, .append(append))
        guard case .persist(let persist)? = effects.first(where: {
            if case .persist = $0 { true } else { false }
        }) else {
            Issue.record("nothing to persist in \(effects)")
            return
        }
        #expect(persist.checkpoint == snapshot)
        let state = try replay(old + persist.records, snapshot)
        #expect(state.entries == [command(4, 2)])
        #expect(!state.isLogReplaced)
    }

    @Test("a gap, a missing snapshot, falling terms and noise are refused")
    func damage() {
        #expect(throws: RaftReplayError.gap(expected: 1, found: 4)) {
            try replay([.entries([command(4, 2)])])
        }
        #expect(throws: RaftReplayError.snapshotMissing(index: 3)) {
            try replay([.snapshot(snapshot), .entries([command(4, 2)])])
        }
        #expect(throws: RaftReplayError.termFell(index: 2)) {
            try replay([.entries([command(1, 2), command(2, 1)])])
        }
        let noise = RaftReplayError.badRecord(
            number: 1, DecodeError(expected: "a Raft record", offset: 0))
        #expect(throws: noise) {
            try RaftRestoredState.replay(
                records: [RaftRecord.truncate(from: 1).encoded(), [99]], snapshot: nil)
        }
    }

    @Test("a persist effect's records begin with the term")
    func order() {
        let persist = RaftPersist(
            persistence: RaftPersistence(sequence: 1), checkpoint: nil,
            hardState: RaftHardState(term: 2), truncateFrom: 4, entries: [command(4, 2)])
        #expect(
            persist.records == [
                .hardState(RaftHardState(term: 2)), .truncate(from: 4), .entries([command(4, 2)]),
            ])
    }
}
