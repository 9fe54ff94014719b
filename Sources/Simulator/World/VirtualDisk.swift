package import Base
import Daemon
import Raft
import Store

/// How disks behave.
package struct DiskKnobs: Sendable {
    package var syncMin = Span.microseconds(80)
    package var syncMax = Span.milliseconds(2)

    package init() {}
}

/// Why a daemon must not start from a disk: what it holds is not what was written.
struct DamagedDisk: Error, CustomStringConvertible {
    var description: String
}

/// Bytes at rest with their checksum, as the frames of the log and the snapshot have one.
struct CheckedBytes {
    private(set) var bytes: [UInt8]
    private let checksum: UInt64

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        checksum = Self.checksum(of: bytes)
    }

    var isIntact: Bool { Self.checksum(of: bytes) == checksum }

    mutating func flip(bit: Int) {
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }

    private static func checksum(of bytes: [UInt8]) -> UInt64 {
        var digest = Digest()
        digest.mix(bytes)
        return digest.value
    }
}

/// The log and the snapshot of one machine. What waits for a sync is lost with the power; of the
/// batch that is being written a prefix of its records survives, as in a torn write-ahead log.
struct VirtualDisk {
    private struct Batch {
        var persistence: RaftPersistence
        var records: [[UInt8]]
        var replacesLog: Bool
    }

    private var records: [CheckedBytes] = []
    private(set) var snapshot: (metadata: RaftSnapshotMetadata, body: CheckedBytes)?
    /// The snapshot before, which a transfer that began with it still reads.
    private var earlier: (metadata: RaftSnapshotMetadata, body: CheckedBytes)?
    /// What has come of a leader's snapshot.
    private(set) var incoming: [UInt8] = []
    private var waiting: [Batch] = []
    private var writing: [Batch] = []
    /// How many records the last start found, or the last replacement of the log wrote.
    private var recordsAtStart = 0
    /// There is no room.
    var isFull = false
    /// A write failed: the log takes nothing more until it is opened again by a new process.
    private(set) var hasFailed = false
    /// Syncs end no sooner.
    var stalledUntil = Instant.zero
    private(set) var coverage = FaultCoverage()

    /// What is on the disk of a cluster's first machine, or of one that joins.
    init(firstVoter: MachineName?) {
        guard let firstVoter else { return }
        records = RaftRestoredState.bootstrapRecords(voter: firstVoter).map {
            CheckedBytes($0.encoded())
        }
    }

    /// Takes a batch; true when the disk was idle and a sync begins.
    mutating func persist(_ persist: RaftPersist, records: [[UInt8]]) -> Bool {
        guard !hasFailed else { return false }
        waiting.append(
            Batch(
                persistence: persist.persistence, records: records,
                replacesLog: persist.checkpoint != nil))
        guard writing.isEmpty else { return false }
        begin()
        return true
    }

    /// The sync is over: what is durable now, and whether the next one begins. On a full disk
    /// nothing is, and nothing will be.
    mutating func finishSync(
        _ random: inout Random
    ) -> (durable: [RaftPersistence], isBusy: Bool) {
        if isFull, !writing.isEmpty {
            coverage.note(.fullDisk)
            hasFailed = true
            _ = tear(&random)
            return ([], false)
        }
        let done = writing
        for batch in done { write(batch.records[...], replacing: batch.replacesLog) }
        begin()
        return (done.map(\.persistence), !writing.isEmpty)
    }

    /// A piece of a leader's snapshot; false when there is no room, or when it does not follow the
    /// ones before.
    mutating func write(_ bytes: [UInt8], at offset: UInt64) -> Bool {
        if isFull { coverage.note(.fullDisk) }
        if offset == 0 { incoming = [] }
        guard !isFull, offset == UInt64(incoming.count) else { return false }
        incoming += bytes
        return true
    }

    /// A snapshot is durable, or there is no room for it; returns what the daemon is told.
    mutating func finish(
        _ metadata: RaftSnapshotMetadata, _ bytes: [UInt8], isInstall: Bool
    ) -> DaemonInput {
        guard !isFull else {
            coverage.note(.fullDisk)
            return isInstall ? .snapshotRefused(metadata) : .snapshotFailed(metadata)
        }
        var answer = DaemonInput.snapshotSaved(metadata)
        if isInstall {
            guard let store = try? StoreCore(decoding: bytes) else {
                return .snapshotRefused(metadata)
            }
            answer = .snapshotInstalled(metadata, store)
        }
        // One that took longer must not replace a newer one.
        if let snapshot, snapshot.metadata.index > metadata.index { return answer }
        earlier = snapshot
        snapshot = (metadata, CheckedBytes(bytes))
        return answer
    }

    /// A piece of the snapshot, nil when another one took its place.
    func read(
        _ metadata: RaftSnapshotMetadata, offset: UInt64, countMax: Int
    ) -> (bytes: [UInt8], isLast: Bool)? {
        let wanted = [snapshot, earlier].compactMap { $0 }.first { $0.metadata == metadata }
        guard let bytes = wanted?.body.bytes, let start = Int(exactly: offset),
            start <= bytes.count
        else { return nil }
        let end = min(bytes.count, start + countMax)
        return (Array(bytes[start..<end]), end == bytes.count)
    }

    /// The power is cut; returns how many records were lost.
    mutating func cutPower(_ random: inout Random) -> Int {
        let lost = waiting.reduce(0) { $0 + $1.records.count } + tear(&random)
        if lost > 0 { coverage.note(.unsyncedLoss) }
        return lost
    }

    /// Of what was being written a prefix survives; what waits does not.
    private mutating func tear(_ random: inout Random) -> Int {
        var lost = 0
        for batch in writing {
            let kept = lost > 0 ? 0 : random.below(batch.records.count + 1)
            lost += batch.records.count - kept
            // A log is replaced by a rename, as a whole or not at all.
            if batch.replacesLog, kept < batch.records.count { continue }
            write(batch.records.prefix(kept), replacing: batch.replacesLog)
            // A batch is one checksummed frame: torn anywhere, it is cut off as a whole.
            if kept < batch.records.count { coverage.note(.tornWrite) }
        }
        waiting = []
        writing = []
        return lost
    }

    /// The process ended, the machine goes on: what was handed to the system gets written.
    mutating func endProcess() {
        for batch in writing { write(batch.records[...], replacing: batch.replacesLog) }
        waiting = []
        writing = []
    }

    /// Turns one bit of what is at rest; false when there is nothing.
    mutating func flipBit(_ random: inout Random) -> Bool {
        let sizes = records.map(\.bytes.count) + [snapshot?.body.bytes.count ?? 0]
        let total = sizes.reduce(0, +)
        guard total > 0 else { return false }
        var offset = random.below(total)
        var file = 0
        while offset >= sizes[file] {
            offset -= sizes[file]
            file += 1
        }
        let bit = offset * 8 + random.below(8)
        if file < records.count {
            records[file].flip(bit: bit)
        } else {
            snapshot?.body.flip(bit: bit)
        }
        return true
    }

    /// Where a loss may begin that nobody notices. What the last start found is counted, so a
    /// daemon would refuse to start with less; and no vote is lost, nor a cut of the log, nor who
    /// votes, because no majority makes up for those.
    var firstLosable: Int {
        var index = records.count
        while index > recordsAtStart, Self.holdsCommands(records[index - 1].bytes) { index -= 1 }
        return index
    }

    var recordCount: Int { records.count }

    /// The disk lied: what it called durable from this record on is gone.
    mutating func lose(recordsFrom index: Int) {
        records.removeSubrange(index...)
        coverage.note(.syncedLoss)
    }

    /// The log as a start would find it.
    var log: RaftRestoredState? {
        try? RaftRestoredState.replay(
            records: records.lazy.map(\.bytes), snapshot: snapshot?.metadata)
    }

    private static func holdsCommands(_ record: [UInt8]) -> Bool {
        guard case .entries(let entries)? = try? RaftRecord(decoding: record) else { return false }
        return entries.allSatisfy { if case .membership = $0.payload { false } else { true } }
    }

    /// Reads everything back as the daemon does at its start.
    mutating func restore() throws -> (restored: RaftRestoredState, store: StoreCore) {
        hasFailed = false
        recordsAtStart = records.count
        for (number, record) in records.enumerated() where !record.isIntact {
            throw DamagedDisk(description: "record \(number) of the log has a bad checksum")
        }
        var store = StoreCore()
        if let snapshot {
            guard snapshot.body.isIntact else {
                throw DamagedDisk(description: "the snapshot has a bad checksum")
            }
            store = try StoreCore(decoding: snapshot.body.bytes)
        }
        let restored = try RaftRestoredState.replay(
            records: records.lazy.map(\.bytes), snapshot: snapshot?.metadata)
        return (restored, store)
    }

    private mutating func begin() {
        writing = waiting
        waiting = []
    }

    private mutating func write(_ fresh: ArraySlice<[UInt8]>, replacing: Bool) {
        if replacing { records = [] }
        records += fresh.map { CheckedBytes($0) }
        if replacing { recordsAtStart = records.count }
    }
}
