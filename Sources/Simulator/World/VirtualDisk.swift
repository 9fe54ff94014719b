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

/// The log and the snapshot of one machine. What waits for a sync is lost with the power; of the
/// batch that is being written a prefix of its records survives, as in a torn write-ahead log.
struct VirtualDisk {
    private struct Batch {
        var persistence: RaftPersistence
        var records: [[UInt8]]
        var replacesLog: Bool
    }

    private(set) var records: [[UInt8]] = []
    private(set) var snapshot: (metadata: RaftSnapshotMetadata, bytes: [UInt8])?
    /// The snapshot before, which a transfer that began with it still reads.
    private var earlier: (metadata: RaftSnapshotMetadata, bytes: [UInt8])?
    /// What has come of a leader's snapshot.
    private(set) var incoming: [UInt8] = []
    private var waiting: [Batch] = []
    private var writing: [Batch] = []

    /// What is on the disk of a cluster's first machine, or of one that joins.
    init(firstVoter: MachineName?) {
        guard let firstVoter else { return }
        records = RaftRestoredState.bootstrapRecords(voter: firstVoter).map { $0.encoded() }
    }

    /// Takes a batch; true when the disk was idle and a sync begins.
    mutating func persist(_ persist: RaftPersist) -> Bool {
        waiting.append(
            Batch(
                persistence: persist.persistence, records: persist.records.map { $0.encoded() },
                replacesLog: persist.checkpoint != nil))
        guard writing.isEmpty else { return false }
        begin()
        return true
    }

    /// The sync is done: what is durable now, and whether the next one begins.
    mutating func finishSync() -> (durable: [RaftPersistence], isBusy: Bool) {
        let done = writing
        for batch in done { write(batch.records, replacing: batch.replacesLog) }
        begin()
        return (done.map(\.persistence), !writing.isEmpty)
    }

    /// A piece of a leader's snapshot; false when it does not follow the ones before.
    mutating func write(_ bytes: [UInt8], at offset: UInt64) -> Bool {
        if offset == 0 { incoming = [] }
        guard offset == UInt64(incoming.count) else { return false }
        incoming += bytes
        return true
    }

    /// A snapshot is durable; returns what the daemon is told.
    mutating func finish(
        _ metadata: RaftSnapshotMetadata, _ bytes: [UInt8], isInstall: Bool
    ) -> DaemonInput {
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
        snapshot = (metadata, bytes)
        return answer
    }

    /// A piece of the snapshot, nil when another one took its place.
    func read(
        _ metadata: RaftSnapshotMetadata, offset: UInt64, countMax: Int
    ) -> (bytes: [UInt8], isLast: Bool)? {
        let wanted = [snapshot, earlier].compactMap { $0 }.first { $0.metadata == metadata }
        guard let snapshot = wanted, let start = Int(exactly: offset),
            start <= snapshot.bytes.count
        else { return nil }
        let end = min(snapshot.bytes.count, start + countMax)
        return (Array(snapshot.bytes[start..<end]), end == snapshot.bytes.count)
    }

    /// The power is cut; returns how many records were lost.
    mutating func cutPower(_ random: inout Random) -> Int {
        var lost = waiting.reduce(0) { $0 + $1.records.count }
        var isTorn = false
        for batch in writing {
            let kept = isTorn ? 0 : random.below(batch.records.count + 1)
            isTorn = isTorn || kept < batch.records.count
            lost += batch.records.count - kept
            // A log is replaced by a rename, as a whole or not at all.
            if batch.replacesLog, kept < batch.records.count { continue }
            write(Array(batch.records.prefix(kept)), replacing: batch.replacesLog)
        }
        waiting = []
        writing = []
        return lost
    }

    /// The process ended, the machine goes on: what was handed to the system gets written.
    mutating func endProcess() {
        for batch in writing { write(batch.records, replacing: batch.replacesLog) }
        waiting = []
        writing = []
    }

    /// Reads everything back as the daemon does at its start.
    func restore() throws -> (restored: RaftRestoredState, store: StoreCore) {
        var store = StoreCore()
        if let snapshot { store = try StoreCore(decoding: snapshot.bytes) }
        let restored = try RaftRestoredState.replay(
            records: records, snapshot: snapshot?.metadata)
        return (restored, store)
    }

    private mutating func begin() {
        writing = waiting
        waiting = []
    }

    private mutating func write(_ fresh: [[UInt8]], replacing: Bool) {
        if replacing { records = [] }
        records += fresh
    }
}
