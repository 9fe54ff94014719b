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
    /// No other machine can have been elected before; only while reads are served by lease.
    private(set) var leaseUntil: Instant?
    /// Somebody was told to campaign at once in this term, which no refusal of votes delays.
    private(set) var isLeaseForfeited = false
    /// When the rounds were sent that no majority has answered yet, oldest first.
    private var sentRounds: [SentRound] = []
    private var nextIdentifier: UInt64

    private struct SentRound: Equatable, Sendable {
        var round: UInt64
        var sentAt: Instant
    }

    init(nextIdentifier: UInt64) { self.nextIdentifier = nextIdentifier }

    var count: Int { waiting.count + held.count + forwarded.count }
    var deadline: Instant? { forwarded.first?.deadline }
    /// True when answers that are still out can confirm a read.
    var isRoundOut: Bool { waiting.first.map { $0.round <= round } ?? false }

    mutating func beginLeading() {
        round = 0
        waiting = []
        held = []
        endLease()
        isLeaseForfeited = false
    }

    mutating func beginRound(at now: Instant, countMax: Int) {
        round += 1
        sentRounds.append(SentRound(round: round, sentAt: now))
        if sentRounds.count > countMax { sentRounds.removeFirst() }
    }

    /// A majority answered this round: the lease begins when it was sent (thesis §6.4.1).
    mutating func extendLease(upTo confirmed: UInt64, by span: Span) {
        var count = 0
        while count < sentRounds.count, sentRounds[count].round <= confirmed { count += 1 }
        guard count > 0 else { return }
        leaseUntil = max(leaseUntil ?? .zero, sentRounds[count - 1].sentAt + span)
        sentRounds.removeFirst(count)
    }

    mutating func endLease() {
        leaseUntil = nil
        sentRounds = []
    }

    mutating func forfeitLease() {
        isLeaseForfeited = true
        endLease()
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
