import Base

/// What a leader knows about one other member (thesis §10.2; the states are those of etcd).
///
///     probe ──answer──► replicate ──rejection──► probe
///       └──its entries are compacted──► snapshot ──installed──► probe
struct RaftProgress: Equatable, Sendable {
    enum State: Equatable, Sendable {
        /// One append at a time, until the logs are known to agree.
        case probe
        /// Appends are sent without waiting for the answers, up to a window.
        case replicate
        /// No appends: a snapshot is on its way.
        case snapshot(RaftOutgoingSnapshot)
    }

    let name: MachineName
    /// Where its vote counts.
    var seat: RaftSeat
    var state = State.probe
    /// The log agrees up to here, durably at the member.
    var match: UInt64 = 0
    /// The next entry to send; above `match`.
    var next: UInt64
    /// A probe is out; wait for its answer or for a heartbeat's.
    var isPaused = false
    var inFlight = RaftInflights()
    /// The commit index that the member was last told.
    var commitSent: UInt64 = 0
    /// The highest heartbeat round it answered.
    var round: UInt64 = 0
    /// The last answer of this term; before the first one, when this machine began to lead it.
    private(set) var lastHeard: Instant
    /// It has answered in this term.
    private(set) var hasAnswered = false
    var catchUp = RaftCatchUp()

    init(name: MachineName, seat: RaftSeat, next: UInt64, now: Instant) {
        self.name = name
        self.seat = seat
        self.next = next
        lastHeard = now
    }

    /// False while a probe's answer or a snapshot is waited for.
    var isReadyForAppend: Bool {
        switch state {
        case .probe: !isPaused
        case .replicate: true
        case .snapshot: false
        }
    }

    mutating func noteAnswer(at now: Instant) {
        lastHeard = now
        hasAnswered = true
    }

    mutating func acknowledge(_ index: UInt64) {
        match = max(match, index)
        next = max(next, match + 1)
        inFlight.acknowledge(upTo: index)
    }

    /// The member has told that it lacks entries that it had acknowledged.
    mutating func forget(from index: UInt64) { match = min(match, index - 1) }

    mutating func becomeProbe(next: UInt64) {
        state = .probe
        self.next = max(next, match + 1)
        isPaused = false
        inFlight.removeAll()
    }
}

/// The appends to one member that are not answered, oldest first.
struct RaftInflights: Equatable, Sendable {
    private struct Item: Equatable, Sendable {
        var lastIndex: UInt64
        var bytes: Int
    }

    private var items: [Item] = []
    /// What stands before this position is answered.
    private var head = 0
    /// Of all entries that are out.
    private(set) var bytes = 0

    var count: Int { items.count - head }

    mutating func append(lastIndex: UInt64, bytes: Int) {
        items.append(Item(lastIndex: lastIndex, bytes: bytes))
        self.bytes += bytes
    }

    mutating func acknowledge(upTo index: UInt64) {
        while head < items.count, items[head].lastIndex <= index {
            bytes -= items[head].bytes
            head += 1
        }
        if head == items.count {
            removeAll()
        } else if head >= 64 {
            items.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
        head = 0
        bytes = 0
    }
}

/// How a member catches up, in rounds (thesis §4.2.1): a round begins when something is sent to
/// a member that had all, and ends when the member has what the log held at its beginning. A
/// round that takes less than an election timeout shows that a vote of this member would not
/// hold up the cluster for longer than an election does.
struct RaftCatchUp: Equatable, Sendable {
    private var target: UInt64 = 0
    private var startedAt = Instant.zero
    private var isOpen = false
    /// The last round that ended was a fast one.
    private(set) var isDone = false
    /// Rounds in a row that were too slow.
    private(set) var slowRounds = 0

    mutating func noteSent(logEnd: UInt64, at now: Instant) {
        guard !isOpen else { return }
        isOpen = true
        target = logEnd
        startedAt = now
    }

    /// True when a round has just ended too slowly.
    mutating func noteMatch(
        _ match: UInt64, at now: Instant, roundMax: Span
    ) -> Bool {
        guard isOpen, match >= target else { return false }
        isOpen = false
        isDone = now - startedAt < roundMax
        slowRounds = isDone ? 0 : slowRounds + 1
        return !isDone
    }
}

/// A snapshot on its way to one member, one chunk at a time.
struct RaftOutgoingSnapshot: Equatable, Sendable {
    var metadata: RaftSnapshotMetadata
    /// What the member has.
    var offset: UInt64 = 0
    /// The chunk that the shell is reading, if any.
    var ticket: Ticket?
    /// When the last chunk was asked for or sent.
    var sentAt: Instant
}

/// A snapshot on its way from the leader. Chunks of different leaders never mix: two machines
/// may write the same state in different bytes.
struct RaftIncomingSnapshot: Equatable, Sendable {
    var leader: MachineName
    var term: UInt64
    var metadata: RaftSnapshotMetadata
    /// Bytes in the file so far.
    var offset: UInt64 = 0
    /// The piece on its way to the file. The next is asked for when it is there, so that a slow
    /// disk slows the leader down and no more than one piece waits in memory.
    var writing: Piece?
    /// All bytes are in the file and the shell is making them durable.
    var isInstalling = false

    struct Piece: Equatable, Sendable {
        var ticket: Ticket
        var byteCount: UInt64
        var isLast: Bool
    }
}
