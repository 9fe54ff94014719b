import Base
import Raft
import Testing

/// Raft §7.
@Suite struct RaftSnapshotTests {
    private var limits: RaftLimits {
        var limits = RaftLimits()
        limits.snapshotAfterEntries = 3
        limits.entriesKeptBehindSnapshot = 1
        limits.snapshotChunkBytes = 4
        limits.snapshotBytesMax = 10
        limits.bytesKeptForMembersMax = 0
        return limits
    }

    private let metadata = RaftSnapshotMetadata(index: 9, term: 2, membership: Names.three)

    private func chunk(
        _ offset: UInt64, _ bytes: [UInt8], isLast: Bool = false, term: UInt64 = 3
    ) -> RaftMessage {
        .snapshotChunk(
            RaftSnapshotChunk(
                term: term, metadata: metadata, offset: offset, bytes: bytes, isLast: isLast))
    }

    private func progress(_ offset: UInt64) -> RaftEffect {
        .send(to: Names.b, .snapshotProgress(term: 3, index: 9, offset: offset))
    }

    /// A leader of term 2 with four entries, compacted to 3, and a follower c that has none.
    private func compactedLeader() -> Subject {
        var subject = Subject(term: 1, logTerms: [1, 1], limits: limits)
        subject.lead()
        let saved = RaftSnapshotMetadata(index: 4, term: 2, membership: Names.three)
        _ = subject.give(.snapshotSaved(saved))
        _ = subject.sync()
        return subject
    }

    @Test("after enough entries a snapshot is asked for; saving it makes a checkpoint")
    func saving() {
        var subject = Subject(term: 1, logTerms: [1, 1], limits: limits)
        subject.win()
        let effects = subject.hear(Names.b, .appendResponse(term: 2, match: 4))
        let expected = RaftSnapshotMetadata(index: 4, term: 2, membership: Names.three)
        #expect(effects.contains(.saveSnapshot(expected)))
        _ = subject.give(.propose(Ticket(1), [9]))
        _ = subject.sync()
        let entry = RaftEntry(index: 5, term: 2, payload: .command([9]))
        #expect(
            subject.give(.snapshotSaved(expected)) == [
                .persist(
                    RaftPersist(
                        persistence: RaftPersistence(sequence: 4), checkpoint: expected,
                        hardState: RaftHardState(term: 2, votedFor: Names.a), entries: [entry]))
            ])
        #expect(subject.core.firstIndex == 4, "one entry is kept for followers")
    }

    @Test("a follower behind the log gets the snapshot, chunk after chunk, then entries")
    func sending() {
        var subject = compactedLeader()
        let rejection = RaftAppendRejection(
            term: 2, previousIndex: 3, hintIndex: 0, hintTerm: 0)
        let saved = RaftSnapshotMetadata(index: 4, term: 2, membership: Names.three)
        #expect(
            subject.hear(Names.c, .appendRejected(rejection)) == [
                .readSnapshot(Ticket(1), saved, offset: 0, countMax: 4)
            ])
        #expect(
            subject.give(.snapshotRead(Ticket(1), bytes: [1, 2, 3, 4], isLast: false)) == [
                .send(
                    to: Names.c,
                    .snapshotChunk(
                        RaftSnapshotChunk(
                            term: 2, metadata: saved, offset: 0, bytes: [1, 2, 3, 4],
                            isLast: false)))
            ])
        #expect(
            subject.hear(Names.c, .snapshotProgress(term: 2, index: 4, offset: 4)) == [
                .readSnapshot(Ticket(2), saved, offset: 4, countMax: 4)
            ])
        #expect(
            subject.hear(Names.c, .snapshotProgress(term: 2, index: 4, offset: 1 << 60)) == [])
        _ = subject.give(.propose(Ticket(7), [9]))
        let effects = subject.hear(Names.c, .appendResponse(term: 2, match: 4))
        guard case .send(Names.c, .append(let append))? = effects.first else {
            Issue.record("no append in \(effects)")
            return
        }
        #expect(append.previousIndex == 4)
        #expect(append.entries.map(\.index) == [5])
    }

    @Test("a lost chunk is sent again, and a snapshot that is gone is replaced by the newest")
    func sendingAgain() {
        var subject = compactedLeader()
        let rejection = RaftAppendRejection(
            term: 2, previousIndex: 3, hintIndex: 0, hintTerm: 0)
        _ = subject.hear(Names.c, .appendRejected(rejection))
        _ = subject.give(.snapshotRead(Ticket(1), bytes: [1, 2, 3, 4], isLast: false))
        #expect(subject.hear(Names.c, .heartbeatResponse(term: 2, round: 0)) == [])
        subject.wait(.milliseconds(500))
        let saved = RaftSnapshotMetadata(index: 4, term: 2, membership: Names.three)
        #expect(
            subject.hear(Names.c, .heartbeatResponse(term: 2, round: 0)) == [
                .readSnapshot(Ticket(2), saved, offset: 0, countMax: 4)
            ])
        for number in 5..<8 as Range<UInt64> {
            _ = subject.give(.propose(Ticket(number), [1]))
            _ = subject.sync()
            _ = subject.hear(Names.b, .appendResponse(term: 2, match: number))
        }
        let newer = RaftSnapshotMetadata(index: 7, term: 2, membership: Names.three)
        _ = subject.give(.snapshotSaved(newer))
        #expect(
            subject.give(.snapshotUnavailable(Ticket(2))) == [
                .readSnapshot(Ticket(3), newer, offset: 0, countMax: 4)
            ])
    }

    @Test("a follower installs a snapshot when it has all chunks, and answers when it is durable")
    func installing() {
        var subject = Subject(term: 3, logTerms: [1])
        _ = subject.hear(Names.b, .heartbeat(term: 3, commit: 0, round: 0))
        #expect(
            subject.hear(Names.b, chunk(0, [1, 2])) == [
                .writeSnapshot(Ticket(1), metadata, offset: 0, bytes: [1, 2])
            ])
        #expect(subject.hear(Names.b, chunk(0, [1, 2])) == [], "a repetition during the write")
        #expect(subject.give(.snapshotWritten(Ticket(9))) == [], "an answer to another write")
        #expect(subject.give(.snapshotWritten(Ticket(1))) == [progress(2)])
        #expect(subject.hear(Names.b, chunk(0, [1, 2])) == [progress(2)], "a repetition")
        #expect(subject.hear(Names.b, chunk(5, [9])) == [progress(2)], "a gap")
        #expect(
            subject.hear(Names.b, chunk(2, [3], isLast: true)) == [
                .writeSnapshot(Ticket(2), metadata, offset: 2, bytes: [3])
            ])
        #expect(!subject.core.isInstalling(metadata))
        #expect(
            subject.give(.snapshotWritten(Ticket(2))) == [
                .installSnapshot(metadata), progress(3),
            ])
        #expect(subject.core.isInstalling(metadata))
        let append = RaftAppend(
            term: 3, previousIndex: 1, previousTerm: 1, entries: [command(2, 3)], commit: 2)
        #expect(subject.hear(Names.b, .append(append)) == [], "nothing moves meanwhile")
        let persist = RaftPersist(
            persistence: RaftPersistence(sequence: 1), checkpoint: metadata,
            hardState: RaftHardState(term: 3))
        #expect(subject.give(.snapshotInstalled(metadata)) == [.persist(persist)])
        #expect(subject.core.commitIndex == 9)
        #expect(
            subject.sync() == [.send(to: Names.b, .appendResponse(term: 3, match: 9))])
    }

    @Test("a snapshot that the log agrees with is not installed, only committed")
    func agreement() {
        var subject = Subject(term: 3, logTerms: [1, 1, 1, 2, 2, 2, 2, 2])
        let effects = subject.hear(Names.b, chunk(0, [1, 2]))
        #expect(applied(effects) == Array(1...9))
        #expect(sends(effects) == [.send(to: Names.b, .appendResponse(term: 3, match: 9))])
    }

    @Test("chunks of different leaders do not mix")
    func chunksDoNotMix() {
        var subject = Subject(term: 3)
        _ = subject.hear(Names.b, chunk(0, [1, 2]))
        let effects = subject.hear(Names.c, chunk(2, [3], isLast: true, term: 4))
        #expect(
            sends(effects) == [
                .send(to: Names.c, .snapshotProgress(term: 4, index: 9, offset: 0))
            ])
    }

    @Test("a snapshot beyond the limit and one of a future term are refused")
    func refusing() {
        var subject = Subject(term: 3, limits: limits)
        _ = subject.hear(Names.b, chunk(0, [1, 2, 3, 4]))
        _ = subject.give(.snapshotWritten(Ticket(1)))
        #expect(
            subject.hear(Names.b, chunk(4, [1, 2, 3, 4, 5, 6, 7], isLast: true)) == [progress(4)])
        var old = Subject(term: 1)
        #expect(
            old.hear(Names.b, chunk(0, [1], isLast: true, term: 1))
                .contains(.mark("raft.snapshot.forged")))
    }

    @Test("a snapshot that the state machine cannot read comes again from its start")
    func unreadable() {
        var subject = Subject(term: 3)
        _ = subject.hear(Names.b, chunk(0, [1], isLast: true))
        _ = subject.give(.snapshotWritten(Ticket(1)))
        #expect(
            subject.give(.snapshotRefused(metadata)) == [.mark("raft.snapshot.refused")])
        #expect(subject.hear(Names.b, chunk(1, [], isLast: true)) == [progress(0)])
    }

    @Test("a chunk that the disk does not take begins the transfer anew")
    func unwritable() {
        var subject = Subject(term: 3)
        _ = subject.hear(Names.b, chunk(0, [1]))
        #expect(
            subject.give(.snapshotRefused(metadata)) == [.mark("raft.snapshot.refused")])
        #expect(
            subject.hear(Names.b, chunk(0, [1])) == [
                .writeSnapshot(Ticket(2), metadata, offset: 0, bytes: [1])
            ])
        #expect(subject.give(.snapshotWritten(Ticket(1))) == [], "of the transfer before")
    }

    @Test("no second snapshot is asked for while one is written, and the next follows at once")
    func oneAtATime() {
        var subject = Subject(term: 1, logTerms: [1, 1], limits: limits)
        subject.win()
        func saves(_ effects: [RaftEffect]) -> [UInt64] {
            effects.compactMap {
                if case .saveSnapshot(let metadata) = $0 { metadata.index } else { nil }
            }
        }
        #expect(saves(subject.hear(Names.b, .appendResponse(term: 2, match: 4))) == [4])
        var asked: [UInt64] = []
        for index in 5..<12 as Range<UInt64> {
            _ = subject.give(.propose(Ticket(index), [9]))
            _ = subject.sync()
            asked += saves(subject.hear(Names.b, .appendResponse(term: 2, match: index)))
        }
        #expect(asked == [])
        let saved = RaftSnapshotMetadata(index: 4, term: 2, membership: Names.three)
        #expect(saves(subject.give(.snapshotSaved(saved))) == [11])
        #expect(saves(subject.give(.snapshotFailed(saved))) == [])
    }

    @Test("entries that an answering member needs are kept behind a snapshot, within the limit")
    func keepingEntries() {
        for (bytesMax, first) in [(1 << 20, 3), (60, 10), (0, 11)] as [(Int, UInt64)] {
            var limits = limits
            limits.bytesKeptForMembersMax = bytesMax
            var subject = Subject(term: 1, logTerms: [1, 1], limits: limits)
            subject.win()
            _ = subject.hear(Names.c, .appendResponse(term: 2, match: 2))
            for index in 5..<12 as Range<UInt64> {
                _ = subject.give(.propose(Ticket(index), [9]))
                _ = subject.sync()
                _ = subject.hear(Names.b, .appendResponse(term: 2, match: index))
            }
            let saved = RaftSnapshotMetadata(index: 11, term: 2, membership: Names.three)
            _ = subject.give(.snapshotSaved(saved))
            #expect(subject.core.firstIndex == first, "with \(bytesMax) bytes")
        }
    }

    @Test("a newest snapshot that cannot be read is written anew")
    func damagedAtRest() {
        var subject = compactedLeader()
        let rejection = RaftAppendRejection(
            term: 2, previousIndex: 3, hintIndex: 0, hintTerm: 0)
        _ = subject.hear(Names.c, .appendRejected(rejection))
        let saved = RaftSnapshotMetadata(index: 4, term: 2, membership: Names.three)
        #expect(
            subject.give(.snapshotUnavailable(Ticket(1))) == [
                .mark("raft.snapshot.unreadable"), .saveSnapshot(saved),
            ])
        _ = subject.give(.snapshotSaved(saved))
        subject.wait(.milliseconds(500))
        #expect(
            subject.hear(Names.c, .heartbeatResponse(term: 2, round: 0)) == [
                .readSnapshot(Ticket(2), saved, offset: 0, countMax: 4)
            ])
    }

    @Test("inputs about snapshots that nobody asked for change nothing")
    func unasked() {
        var subject = Subject(term: 3)
        #expect(subject.give(.snapshotInstalled(metadata)) == [])
        #expect(subject.give(.snapshotSaved(metadata)) == [])
        #expect(subject.give(.snapshotRefused(metadata)) == [])
        #expect(subject.give(.snapshotRead(Ticket(1), bytes: [1], isLast: true)) == [])
        #expect(subject.give(.snapshotUnavailable(Ticket(1))) == [])
    }
}
