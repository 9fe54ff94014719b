import Base
import Raft

/// What the shell counts itself, for metrics; everything else is counted by the cores.
struct ShellMetrics: Sendable {
    /// From handing records to the disk to their being durable.
    private(set) var syncDurations = Histogram()
    private(set) var syncedRecords: UInt64 = 0
    /// Handed to the disk and not durable yet, oldest first.
    private(set) var syncing: [(sequence: UInt64, records: Int, since: Instant)] = []

    mutating func willPersist(_ persist: RaftPersist, at now: Instant) {
        syncing.append((persist.persistence.sequence, persist.records.count, now))
    }

    mutating func didPersist(_ persistence: RaftPersistence, at now: Instant) {
        let durable = syncing.prefix { $0.sequence <= persistence.sequence }
        for entry in durable {
            syncDurations.note(seconds: (now - entry.since).seconds)
            syncedRecords += UInt64(entry.records)
        }
        syncing.removeFirst(durable.count)
    }
}
