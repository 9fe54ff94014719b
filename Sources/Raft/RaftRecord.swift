package import Base

/// One record of the write-ahead log. The log itself treats the encoded bytes as opaque.
package enum RaftRecord: Hashable, Sendable {
    /// The newest one counts.
    case hardState(RaftHardState)
    /// One or more contiguous entries.
    case entries([RaftEntry])
    /// Entries from this index on are void.
    case truncate(from: UInt64)
    /// The log starts after this snapshot.
    case snapshot(RaftSnapshotMetadata)

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        switch self {
        case .hardState(let state):
            writer.writeByte(1)
            writer.writeVarint(state.term)
            writer.writeBool(state.votedFor != nil)
            if let name = state.votedFor { writer.writeString(name.text) }
        case .entries(let entries):
            writer = ByteWriter(capacity: RaftCodec.capacity(of: entries))
            writer.writeByte(2)
            RaftCodec.write(entries, to: &writer)
        case .truncate(let index):
            writer.writeByte(3)
            writer.writeVarint(index)
        case .snapshot(let metadata):
            writer.writeByte(5)
            RaftCodec.write(metadata, to: &writer)
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = ByteReader(bytes)
        switch try reader.readByte() {
        case 1:
            let term = try RaftCodec.readNumber(&reader)
            let name = try reader.readBool() ? try RaftCodec.readName(&reader) : nil
            self = .hardState(RaftHardState(term: term, votedFor: name))
        case 2:
            self = .entries(try RaftCodec.readEntries(&reader))
        case 3:
            self = .truncate(from: try RaftCodec.readNumber(&reader))
        case 4:
            // Version 0.1 knew no joint memberships.
            self = .snapshot(try RaftCodec.readMetadata(&reader, hasOutgoing: false))
        case 5:
            self = .snapshot(try RaftCodec.readMetadata(&reader))
        default:
            throw DecodeError(expected: "a Raft record", offset: 0)
        }
        try reader.expectEnd()
    }
}

/// Why the records of a disk are not the state of a machine. All of them mean a damaged disk.
package enum RaftReplayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A record that cannot be read, counted from 0.
    case badRecord(number: Int, DecodeError)
    /// An entry does not follow the one before.
    case gap(expected: UInt64, found: UInt64)
    /// An entry has an older term than the one before.
    case termFell(index: UInt64)
    /// The log starts after a snapshot that is not there.
    case snapshotMissing(index: UInt64)

    package var description: String {
        switch self {
        case .badRecord(let number, let error): "record \(number) of the log: \(error)"
        case .gap(let expected, let found):
            "the log has entry \(found) where entry \(expected) must be"
        case .termFell(let index): "entry \(index) of the log is older than the one before"
        case .snapshotMissing(let index):
            "the log starts after a snapshot at \(index), which is missing"
        }
    }
}

/// What a disk gives back after a restart.
package struct RaftRestoredState: Equatable, Sendable {
    package var hardState: RaftHardState
    /// The newest durable snapshot; `.empty` when there is none.
    package var snapshot: RaftSnapshotMetadata
    /// The entries after the snapshot, contiguous.
    package var entries: [RaftEntry]
    /// The log does not agree with the snapshot, which replaced it: it was installed, and the
    /// power went before the log said so. The next write must say it, before any new entry.
    package var isLogReplaced: Bool

    /// A machine without a past: it waits until a leader adds it.
    package static let fresh = RaftRestoredState(
        hardState: RaftHardState(term: 0), snapshot: .empty, entries: [])

    package init(
        hardState: RaftHardState, snapshot: RaftSnapshotMetadata, entries: [RaftEntry],
        isLogReplaced: Bool = false
    ) {
        self.hardState = hardState
        self.snapshot = snapshot
        self.entries = entries
        self.isLogReplaced = isLogReplaced
    }

    /// The records to write, durably, when a cluster is created with one voter. The first
    /// entry holds the membership, so that every later machine learns it from the log.
    package static func bootstrapRecords(voter: MachineName) -> [RaftRecord] {
        let membership = RaftMembership(voters: [voter])
        return [
            .hardState(RaftHardState(term: 1)),
            .entries([RaftEntry(index: 1, term: 1, payload: .membership(membership))]),
        ]
    }

    /// Rebuilds the state from encoded records, oldest first, and the newest durable snapshot.
    package static func replay(
        records: some Sequence<[UInt8]>, snapshot: RaftSnapshotMetadata?
    ) throws(RaftReplayError) -> RaftRestoredState {
        var replay = RaftReplay()
        var number = 0
        for bytes in records {
            let record: RaftRecord
            do throws(DecodeError) {
                record = try RaftRecord(decoding: bytes)
            } catch {
                throw .badRecord(number: number, error)
            }
            try replay.add(record)
            number += 1
        }
        return try replay.finish(snapshot: snapshot)
    }

    package static func replay(
        records: some Sequence<RaftRecord>, snapshot: RaftSnapshotMetadata?
    ) throws(RaftReplayError) -> RaftRestoredState {
        var replay = RaftReplay()
        for record in records { try replay.add(record) }
        return try replay.finish(snapshot: snapshot)
    }
}

/// Rebuilds the log. Records may repeat entries: a checkpoint writes entries again that older
/// records hold too, and either copy may survive.
private struct RaftReplay {
    var hardState = RaftHardState(term: 0)
    var log = RaftLog(baseIndex: 0, baseTerm: 0)
    private var isLogReplaced = false

    mutating func add(_ record: RaftRecord) throws(RaftReplayError) {
        switch record {
        case .hardState(let state): hardState = state
        case .truncate(let index): log.truncate(from: index)
        case .snapshot(let metadata): advance(to: metadata)
        case .entries(let entries):
            for entry in entries { try add(entry) }
        }
    }

    private mutating func add(_ entry: RaftEntry) throws(RaftReplayError) {
        guard entry.index > log.baseIndex else { return }
        if let term = log.term(at: entry.index) {
            // Equal index and term mean an equal entry (Raft §5.3), and perhaps equal successors.
            if term == entry.term { return }
            log.truncate(from: entry.index)
        }
        guard entry.index == log.lastIndex + 1 else {
            throw .gap(expected: log.lastIndex + 1, found: entry.index)
        }
        guard entry.term >= log.lastTerm else { throw .termFell(index: entry.index) }
        log.append(entry)
    }

    /// Keeps entries after the snapshot only if the log agrees with it (Raft §7).
    private mutating func advance(to metadata: RaftSnapshotMetadata) {
        guard metadata.index > log.baseIndex else { return }
        if log.term(at: metadata.index) == metadata.term {
            log.compact(to: metadata.index)
        } else {
            log = RaftLog(baseIndex: metadata.index, baseTerm: metadata.term)
            isLogReplaced = true
        }
    }

    mutating func finish(
        snapshot: RaftSnapshotMetadata?
    ) throws(RaftReplayError) -> RaftRestoredState {
        let snapshot = snapshot ?? .empty
        guard snapshot.index >= log.baseIndex else {
            throw .snapshotMissing(index: log.baseIndex)
        }
        isLogReplaced = false
        advance(to: snapshot)
        // A snapshot can become durable before the term in which it came; no vote was cast in
        // that term, because a vote leaves only when it is durable.
        let newest = max(snapshot.term, log.lastTerm)
        if newest > hardState.term { hardState = RaftHardState(term: newest) }
        return RaftRestoredState(
            hardState: hardState, snapshot: snapshot, entries: log.entries,
            isLogReplaced: isLogReplaced)
    }
}
