import Base
import Raft

/// One machine of a test cluster: its core while it runs, its disk always.
final class Machine {
    let name: MachineName
    /// Nil while the power is off.
    var core: RaftCore?
    var disk = Disk()
    /// Counts restarts; what was planned for an earlier life does not happen.
    var life = 0
    var wakeAt: Instant?
    /// Only machines with the same number reach each other.
    var partition = 0
    /// The state machine: how many entries it has, and a digest of them.
    var applied: UInt64 = 0
    var digest: UInt64 = 0

    /// How fast its clock runs, in thousandths of the true rate.
    let clockRate: Int64
    /// The process is stopped until then (SIGSTOP); its clock goes on.
    var pausedUntil = Instant.zero
    /// The disk is full.
    var refusesWrites = false

    init(name: MachineName, clockRate: Int64 = 1_000) {
        self.name = name
        self.clockRate = clockRate
    }

    /// What its clock shows.
    func clock(at now: Instant) -> Instant {
        Instant(nanoseconds: now.nanoseconds / 1_000 * clockRate)
    }

    /// When its clock shows at least that.
    func time(of clock: Instant) -> Instant {
        Instant(nanoseconds: (clock.nanoseconds / clockRate + 1) * 1_000)
    }
}

/// A write-ahead log and the newest snapshot.
struct Disk {
    private struct Write {
        var persist: RaftPersist
        var doneAt: Instant
    }

    /// Durable.
    var records: [[UInt8]] = []
    var snapshot: (metadata: RaftSnapshotMetadata, bytes: [UInt8])?
    /// What has come of a leader's snapshot.
    private(set) var incoming: [UInt8] = []
    /// Not synced yet, in order.
    private var writes: [Write] = []

    /// Returns when it is durable; writes finish in order.
    mutating func write(_ persist: RaftPersist, doneAt: Instant) -> Instant {
        let end = max(doneAt, writes.last?.doneAt ?? .zero)
        writes.append(Write(persist: persist, doneAt: end))
        return end
    }

    mutating func sync(upTo persistence: RaftPersistence) {
        while let first = writes.first, first.persist.persistence <= persistence {
            keep(first.persist, recordsMax: .max)
            writes.removeFirst()
        }
    }

    private mutating func keep(_ persist: RaftPersist, recordsMax: Int) {
        let added = persist.records.prefix(recordsMax).map { $0.encoded() }
        // A whole checkpoint makes everything before it superfluous.
        if persist.checkpoint != nil, added.count == persist.records.count { records = [] }
        records += added
    }

    /// An older snapshot whose writing took longer must not replace a newer one.
    mutating func keep(_ metadata: RaftSnapshotMetadata, _ bytes: [UInt8]) {
        if let snapshot, snapshot.metadata.index >= metadata.index { return }
        snapshot = (metadata, bytes)
    }

    /// False when the piece does not follow the ones before.
    mutating func keep(piece: [UInt8], at offset: UInt64) -> Bool {
        if offset == 0 { incoming = [] }
        guard offset == UInt64(incoming.count) else { return false }
        incoming += piece
        return true
    }

    mutating func crash(_ random: inout Random) {
        let survivors = random.below(writes.count + 1)
        for write in writes.prefix(survivors) { keep(write.persist, recordsMax: .max) }
        if survivors < writes.count {
            keep(writes[survivors].persist, recordsMax: random.below(4))
        }
        writes = []
    }

    func read(
        _ metadata: RaftSnapshotMetadata, offset: UInt64, countMax: Int
    ) -> (bytes: [UInt8], isLast: Bool)? {
        guard let snapshot, snapshot.metadata == metadata,
            let start = Int(exactly: offset), start <= snapshot.bytes.count
        else { return nil }
        let end = min(start + countMax, snapshot.bytes.count)
        return (Array(snapshot.bytes[start..<end]), end == snapshot.bytes.count)
    }
}
