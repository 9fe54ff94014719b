import Base

/// Reads that wait (thesis §6.4).
struct RaftReads: Equatable, Sendable {
    /// Who asked.
    enum Asker: Equatable, Sendable {
        case local(Ticket)
        case remote(MachineName, identifier: UInt64)
    }

    struct Waiting: Equatable, Sendable {
        var asker: Asker
        /// The commit index when the read came.
        var index: UInt64
        /// A majority must answer this round or a later one, all of which start after the read.
        var round: UInt64
    }

    struct Forwarded: Equatable, Sendable {
        var identifier: UInt64
        var ticket: Ticket
        var deadline: Instant
    }

    /// The last round of heartbeats that this leader started.
    var round: UInt64 = 0
    /// Of a leader, in the order of their rounds.
    var waiting: [Waiting] = []
    /// Of a leader that does not know yet what is committed (Raft §8).
    var held: [Asker] = []
    /// Sent to the leader, in the order of their deadlines.
    var forwarded: [Forwarded] = []
    private var nextIdentifier: UInt64

    init(nextIdentifier: UInt64) { self.nextIdentifier = nextIdentifier }

    var count: Int { waiting.count + held.count + forwarded.count }
    var deadline: Instant? { forwarded.first?.deadline }
    /// True when answers that are still out can confirm a read.
    var isRoundOut: Bool { waiting.first.map { $0.round <= round } ?? false }

    mutating func beginLeading() {
        round = 0
        waiting = []
        held = []
    }

    mutating func makeIdentifier() -> UInt64 {
        defer { nextIdentifier &+= 1 }
        return nextIdentifier
    }

    mutating func takeConfirmed(upTo round: UInt64) -> [Waiting] {
        let count = waiting.firstIndex { $0.round > round } ?? waiting.count
        defer { waiting.removeFirst(count) }
        return Array(waiting[..<count])
    }

    mutating func takeForwarded(identifier: UInt64) -> Ticket? {
        guard let position = forwarded.firstIndex(where: { $0.identifier == identifier })
        else { return nil }
        return forwarded.remove(at: position).ticket
    }
}
