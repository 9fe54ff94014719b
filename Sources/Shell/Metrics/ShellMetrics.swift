import Base
import Raft

/// What the shell counts itself, for metrics; everything else is counted by the cores.
struct ShellMetrics: Sendable {
    /// Requests of the API answered, by method and status code.
    private(set) var requests: [RequestKind: UInt64] = [:]
    /// From a request's arrival to its answer; watches and streams are not in it.
    private(set) var requestDurations = Histogram()
    /// From handing records to the disk to their being durable.
    private(set) var syncDurations = Histogram()
    private(set) var syncedRecords: UInt64 = 0
    /// Handed to the disk and not durable yet, oldest first.
    private(set) var syncing: [(sequence: UInt64, records: Int, since: Instant)] = []

    struct RequestKind: Hashable, Comparable {
        let method: String
        let code: Int

        static func < (left: RequestKind, right: RequestKind) -> Bool {
            (left.method, left.code) < (right.method, right.code)
        }
    }

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

    mutating func didAnswer(_ method: String, code: Int, after duration: Span) {
        // Methods are a client's own words; few are counted by name.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        let kind = RequestKind(method: known.contains(method) ? method : "other", code: code)
        requests[kind, default: 0] += 1
        requestDurations.note(seconds: duration.seconds)
    }
}
