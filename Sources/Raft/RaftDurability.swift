import Base

/// What waits for the disk: nothing that promises anything leaves before its promise is durable.
///
/// The state on disk is always a past state in memory, so a promise that is released late is
/// like a message that the network delayed. One that finds no room, or that meets a disk which
/// refuses writes, is never released, like a message that the network lost.
struct RaftDurability: Equatable, Sendable {
    /// What a promise turns into once it is durable.
    enum Promise: Equatable, Sendable {
        case send(to: MachineName, RaftMessage)
        /// A candidate's vote for itself.
        case ownVote(term: UInt64)
    }

    private struct Withheld: Equatable, Sendable {
        var sequence: UInt64
        var promise: Promise
    }

    private struct Write: Equatable, Sendable {
        var sequence: UInt64
        /// The end of the log that this write makes durable.
        var lastIndex: UInt64
        var startedAt: Instant
    }

    /// The last sequence given to a persist effect.
    private var lastSequence: UInt64 = 0
    private var withheld: [Withheld] = []
    private var writes: [Write] = []
    /// The log is durable up to here.
    private(set) var durableIndex: UInt64

    /// Changes of the current step, collected into one persist effect at its end.
    private(set) var isHardStateDirty = false
    private(set) var truncateFrom: UInt64?
    private(set) var appendedFrom: UInt64?
    private(set) var isCheckpointDue = false
    /// The disk refused a write. What it holds is unknown from then on, so nothing is promised
    /// until the machine starts again from what it reads back.
    private(set) var hasFailed = false

    init(durableIndex: UInt64) { self.durableIndex = durableIndex }

    var isDirty: Bool {
        isHardStateDirty || truncateFrom != nil || appendedFrom != nil || isCheckpointDue
    }
    var writesInFlight: Int { writes.count }
    var promisesWithheld: Int { withheld.count }
    /// When the oldest write without an answer was asked for; nil when the disk owes nothing.
    var oldestWriteStartedAt: Instant? { writes.first?.startedAt }
    /// The end of the log with that write.
    var oldestWriteLastIndex: UInt64? { writes.first?.lastIndex }

    mutating func noteHardState() { isHardStateDirty = true }
    mutating func noteCheckpoint() { isCheckpointDue = true }
    mutating func noteAppend(at index: UInt64) { appendedFrom = min(appendedFrom ?? index, index) }

    mutating func noteTruncation(from index: UInt64) {
        truncateFrom = min(truncateFrom ?? index, index)
        if let appendedFrom, appendedFrom >= index { self.appendedFrom = nil }
        durableIndex = min(durableIndex, index - 1)
        for position in writes.indices {
            writes[position].lastIndex = min(writes[position].lastIndex, index - 1)
        }
    }

    /// A snapshot replaced the log; it is durable up to `index` and nothing after it counts.
    mutating func noteReset(to index: UInt64) {
        durableIndex = index
        for position in writes.indices { writes[position].lastIndex = index }
    }

    /// Keeps a promise until all changes so far, this step's too, are durable. Gives it back
    /// when nothing is outstanding. Of two acknowledgements that wait for the same write the
    /// greater one is kept, so a stalled disk gathers no more promises than writes and peers.
    mutating func withhold(_ promise: Promise, countMax: Int) -> Promise? {
        guard !hasFailed else { return nil }
        guard isDirty || !writes.isEmpty else { return promise }
        let sequence = isDirty ? lastSequence + 1 : lastSequence
        if let last = withheld.last, last.sequence == sequence,
            let merged = Self.merged(last.promise, promise)
        {
            withheld[withheld.count - 1].promise = merged
        } else if withheld.count < countMax {
            withheld.append(Withheld(sequence: sequence, promise: promise))
        }
        return nil
    }

    private static func merged(_ earlier: Promise, _ later: Promise) -> Promise? {
        guard case .send(let peer, .appendResponse(let term, let match)) = earlier,
            case .send(peer, .appendResponse(term, let laterMatch)) = later
        else { return nil }
        return .send(to: peer, .appendResponse(term: term, match: max(match, laterMatch)))
    }

    /// Ends the step's collection; the sequence names the persist effect to emit.
    mutating func beginWrite(lastIndex: UInt64, at now: Instant) -> RaftPersistence {
        lastSequence += 1
        writes.append(Write(sequence: lastSequence, lastIndex: lastIndex, startedAt: now))
        isHardStateDirty = false
        truncateFrom = nil
        appendedFrom = nil
        isCheckpointDue = false
        return RaftPersistence(sequence: lastSequence)
    }

    /// The disk has everything up to the given write; the promises that may leave now, in order.
    mutating func finishWrites(upTo persistence: RaftPersistence) -> [Promise] {
        guard !hasFailed else { return [] }
        var done = 0
        while done < writes.count, writes[done].sequence <= persistence.sequence {
            durableIndex = max(durableIndex, writes[done].lastIndex)
            done += 1
        }
        writes.removeFirst(done)
        var released = 0
        while released < withheld.count, withheld[released].sequence <= persistence.sequence {
            released += 1
        }
        let promises = withheld[..<released].map(\.promise)
        withheld.removeFirst(released)
        return promises
    }

    /// The disk refused a write: what waits for it is dropped, and nothing is promised again.
    mutating func fail() {
        hasFailed = true
        withheld = []
        writes = []
    }
}
