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
    var state = State.probe
    /// The log agrees up to here, durably at the member.
    var match: UInt64 = 0
    /// The next entry to send; above `match`.
    var next: UInt64
    /// A probe is out; wait for its answer or for a heartbeat's.
    var isPaused = false
    /// The last index of each append without an answer, rising.
    var inFlight: [UInt64] = []
    /// The commit index that the member was last told.
    var commitSent: UInt64 = 0
    /// The highest heartbeat round it answered.
    var round: UInt64 = 0
    /// The last answer of this term.
    var lastHeard: Instant

    init(name: MachineName, next: UInt64, now: Instant) {
        self.name = name
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

    mutating func acknowledge(_ index: UInt64) {
        match = max(match, index)
        next = max(next, match + 1)
        inFlight.removeAll { $0 <= index }
    }

    mutating func becomeProbe(next: UInt64) {
        state = .probe
        self.next = max(next, match + 1)
        isPaused = false
        inFlight.removeAll(keepingCapacity: true)
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
    var bytes: [UInt8] = []
    /// All bytes are here and the shell is making them durable.
    var isInstalling = false
}
