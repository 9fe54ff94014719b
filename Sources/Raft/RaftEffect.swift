package import Base

/// What one machine's Raft wants done. The order matters: perform them one after the other.
package enum RaftEffect: Equatable, Sendable {
    /// Write the records, in order with all other persist effects; answer `.persisted`.
    case persist(RaftPersist)
    case send(to: MachineName, RaftMessage)
    /// Committed entries, in order, each exactly once in a run.
    case apply([RaftEntry])
    /// A linearizable read may be answered once this index is applied.
    case readReady(Ticket, index: UInt64)
    case readRejected(Ticket, RaftRejection)
    case proposalRejected(Ticket, RaftRejection)
    case membershipChangeRejected(Ticket, RaftRejection)
    case roleChanged(RaftRole, leader: MachineName?, term: UInt64)
    /// The membership in effect; it may be rolled back until it is committed.
    case membershipChanged(RaftMembership)
    /// Save the state machine as it is now, with everything applied so far and nothing more;
    /// answer `.snapshotSaved` or `.snapshotFailed`. It must never replace a newer snapshot
    /// on the disk. There is at most one without an answer.
    case saveSnapshot(RaftSnapshotMetadata)
    /// Put a piece of the leader's snapshot into a file at the side; offset 0 begins a new file in
    /// place of what an earlier transfer left. Answer `.snapshotWritten` or `.snapshotRefused`.
    case writeSnapshot(Ticket, RaftSnapshotMetadata, offset: UInt64, bytes: [UInt8])
    /// All pieces are written. Check them, and make them the newest durable snapshot and the
    /// state machine; answer `.snapshotInstalled` or `.snapshotRefused`.
    case installSnapshot(RaftSnapshotMetadata)
    /// Read from the durable snapshot; answer `.snapshotRead` or `.snapshotUnavailable`. One
    /// that was begun should stay readable to its end, although a newer one took its place.
    case readSnapshot(Ticket, RaftSnapshotMetadata, offset: UInt64, countMax: Int)
    /// A rare branch was taken; tests and metrics count it.
    case mark(String)
}

/// What a machine is at the moment.
package enum RaftRole: String, Hashable, Sendable {
    /// Listens to a leader, or waits for one. Learners are followers too.
    case follower
    /// Asks whether a campaign would succeed (thesis §9.6).
    case preCandidate
    case candidate
    case leader
}

/// Why a request cannot be taken now. None says that the request was or will be lost:
/// an earlier copy of a command may still be in the log.
package enum RaftRejection: String, Hashable, CaseIterable, Sendable {
    case noLeader
    /// A queue is full; try again later.
    case overloaded
    case tooLarge
    /// Leadership is on its way to another machine.
    case transferring
    /// The leader changed while a read waited.
    case leaderChanged
    /// The leader did not answer within an election timeout.
    case timedOut
    /// No entry of the leader's term is committed yet (thesis §4.1, the 2015 correction).
    case notReady
    /// The change before is not committed yet.
    case changeInProgress
    case alreadyMember
    case notMember
    /// Only a learner can be promoted.
    case notLearner
    /// Only a voter can be demoted.
    case notVoter
    /// The learner is too far behind, or silent.
    case notCaughtUp
    case lastVoter
    case tooManyMembers
    /// Too few of the voters that would remain answer; the cluster would stop.
    case quorumAtRisk
    /// The change names a machine twice, or changes nothing.
    case contradictory
}

/// What must be durable, as one unit of a persist effect.
package struct RaftPersist: Equatable, Sendable {
    package var persistence: RaftPersistence
    /// Set when these records restore the whole state together with that snapshot: once they
    /// are durable, all earlier records may be deleted.
    package var checkpoint: RaftSnapshotMetadata?
    package var hardState: RaftHardState?
    /// Entries from here on are dropped before `entries` are added.
    package var truncateFrom: UInt64?
    package var entries: [RaftEntry]

    package init(
        persistence: RaftPersistence, checkpoint: RaftSnapshotMetadata? = nil,
        hardState: RaftHardState? = nil, truncateFrom: UInt64? = nil, entries: [RaftEntry] = []
    ) {
        self.persistence = persistence
        self.checkpoint = checkpoint
        self.hardState = hardState
        self.truncateFrom = truncateFrom
        self.entries = entries
    }

    /// The same as records for a write-ahead log. A prefix of them is a legal state, so a torn
    /// write needs no care: the term comes first, so no entry is ever newer than it.
    package var records: [RaftRecord] {
        var records: [RaftRecord] = []
        if let checkpoint { records.append(.snapshot(checkpoint)) }
        if let hardState { records.append(.hardState(hardState)) }
        if let truncateFrom { records.append(.truncate(from: truncateFrom)) }
        if !entries.isEmpty { records.append(.entries(entries)) }
        return records
    }
}

/// What a machine must never forget besides its log (Raft figure 2).
package struct RaftHardState: Hashable, Sendable {
    package var term: UInt64
    package var votedFor: MachineName?

    package init(term: UInt64, votedFor: MachineName? = nil) {
        self.term = term
        self.votedFor = votedFor
    }
}
