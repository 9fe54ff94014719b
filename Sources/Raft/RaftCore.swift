package import Base

/// One machine's Raft, as a value that does no I/O (Ongaro and Ousterhout 2014; "thesis" is
/// Ongaro 2014).
///
///     follower ──timeout──► preCandidate ──majority──► candidate ──majority──► leader
///        ▲                       │  leader heard            │  higher term       │
///        └───────────────────────┴──────────────────────────┴────────────────────┘
///
/// The caller gives every input to ``step(_:at:into:)``, performs the effects in their order,
/// and sends `.wake` when ``deadline`` has come. Any input is legal in any state.
///
/// Invariants: (1) snapshot ≤ applied ≤ commit ≤ end of the log; (2) nothing that promises
/// something is sent before it is durable; (3) only a voter of the newest membership or of the
/// committed one campaigns, and only votes of the newest count, in both halves if it is joint;
/// (4) a leader's log is only appended to; (5) the newest membership in the log is in effect;
/// (6) only a leader holds a lease.
package struct RaftCore: Sendable {
    package let configuration: RaftConfiguration
    var random: Random

    // On disk, or on its way there.
    var hardState: RaftHardState
    var log: RaftLog
    /// The newest durable snapshot.
    var snapshot: RaftSnapshotMetadata
    var memberships: RaftMembershipHistory { didSet { refreshSeats() } }
    var durability: RaftDurability

    // Everywhere.
    package internal(set) var role = RaftRole.follower
    package internal(set) var leader: MachineName?
    package internal(set) var commitIndex: UInt64
    package internal(set) var appliedIndex: UInt64
    /// When to campaign, or for a learner when to give the leader up. Nil when neither applies.
    var electionDeadline: Instant?
    /// The last message of any leader of its term, or the start of this machine, which may have
    /// answered a leader just before. Votes are refused for a while after it. It outlives
    /// `leader`: who forgets a leader has still made it believe that it is followed.
    var leaderHeard: Instant?
    /// Where this machine's own vote counts.
    private(set) var ownSeat = RaftSeat()
    /// Tells this run's forwarded requests from those of earlier ones.
    let life: UInt64
    /// Voters that granted the current campaign or pre-campaign.
    var grants: [MachineName] = []
    var incoming: RaftIncomingSnapshot?
    var reads: RaftReads
    /// The applied index at which the last snapshot was asked for.
    var snapshotAskedAt: UInt64
    /// Bytes applied since then.
    var bytesSinceSnapshot = 0
    /// A snapshot that was asked for is not written yet.
    var isSavingSnapshot = false

    // Leaders only.
    var peers: [RaftProgress] = []
    var heartbeatDeadline = Instant.distantFuture
    var quorumDeadline = Instant.distantFuture
    var transfer: RaftTransfer?
    /// Bytes of entries that are not committed.
    var pendingBytes = 0

    var snapshotTickets = TicketCounter()

    package internal(set) var counters = RaftCounters()

    /// What the last `.roleChanged` and `.membershipChanged` said.
    var published: RaftPublished

    /// A machine with the state that its disk gave back; `.fresh` when it has none.
    package init(
        configuration: RaftConfiguration, restored: RaftRestoredState, random: Random,
        now: Instant
    ) {
        self.configuration = configuration
        self.random = random
        hardState = restored.hardState
        snapshot = restored.snapshot
        log = RaftLog(
            baseIndex: snapshot.index, baseTerm: snapshot.term, entries: restored.entries)
        memberships = RaftMembershipHistory(
            index: snapshot.index, membership: snapshot.membership)
        for entry in restored.entries {
            if case .membership(let membership) = entry.payload {
                memberships.append(membership, at: entry.index)
            }
        }
        durability = RaftDurability(durableIndex: log.lastIndex)
        if restored.isLogReplaced { durability.noteCheckpoint() }
        commitIndex = snapshot.index
        appliedIndex = snapshot.index
        snapshotAskedAt = snapshot.index
        // A restarted machine must not take an answer to a read of its former life.
        reads = RaftReads(nextIdentifier: self.random.next())
        life = self.random.next()
        published = RaftPublished(
            role: .follower, leader: nil, term: hardState.term, membership: memberships.latest)
        // In an earlier run this machine may have told a leader just now that it follows it.
        if term > 0 { leaderHeard = now }
        refreshSeats()
        guard mayCampaign else { return }
        // Nobody else can have been elected, nor can anybody be.
        if membership.allVoters == [name] {
            electionDeadline = now
        } else {
            resetElectionDeadline(at: now)
        }
    }

    /// Takes one input and appends what it asks for, in order.
    package mutating func step(
        _ input: RaftInput, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        switch input {
        case .message(let peer, let message): onMessage(message, from: peer, at: now, into: &out)
        case .propose(let ticket, let bytes): onPropose(ticket, bytes, at: now, into: &out)
        case .proposeAll(let proposals): onProposeAll(proposals, at: now, into: &out)
        case .readIndex(let ticket): onReadIndex(ticket, at: now, into: &out)
        case .changeMembership(let ticket, let change):
            onChangeMembership(ticket, change, at: now, into: &out)
        case .persisted(let persistence): onPersisted(persistence, at: now, into: &out)
        case .persistFailed: onPersistFailed(at: now, into: &out)
        case .snapshotSaved(let metadata): onSnapshotSaved(metadata, at: now, into: &out)
        case .snapshotFailed: isSavingSnapshot = false
        case .snapshotWritten(let ticket): onSnapshotWritten(ticket, into: &out)
        case .snapshotInstalled(let metadata):
            onSnapshotInstalled(metadata, at: now, into: &out)
        case .snapshotRefused(let metadata): onSnapshotRefused(metadata, into: &out)
        case .snapshotRead(let ticket, let bytes, let isLast):
            onSnapshotRead(ticket, bytes, isLast: isLast, at: now, into: &out)
        case .snapshotUnavailable(let ticket):
            onSnapshotUnavailable(ticket, at: now, into: &out)
        case .transferLeadership(let target): onTransfer(to: target, at: now, into: &out)
        case .wake: onWake(at: now, into: &out)
        }
        finish(at: now, into: &out)
    }

    /// When `.wake` is due; nil when nothing is planned.
    package var deadline: Instant? {
        var earliest = Instant.distantFuture
        if role == .leader {
            earliest = min(heartbeatDeadline, quorumDeadline)
            if let transfer { earliest = min(earliest, transfer.deadline) }
        } else if let electionDeadline {
            earliest = electionDeadline
        }
        if let readDeadline = reads.deadline { earliest = min(earliest, readDeadline) }
        return earliest == .distantFuture ? nil : earliest
    }

    package var name: MachineName { configuration.name }
    package var term: UInt64 { hardState.term }
    package var lastIndex: UInt64 { log.lastIndex }
    /// The membership in effect.
    package var membership: RaftMembership { memberships.latest }
    package var snapshotMetadata: RaftSnapshotMetadata { snapshot }
    var limits: RaftLimits { configuration.limits }
    var isVoter: Bool { !ownSeat.isEmpty }
    /// A voter whose removal is not committed may still be needed to get it committed: it can
    /// be the only one with the entry that removes it (thesis §4.2.2).
    var mayCampaign: Bool {
        isVoter || memberships.membership(at: commitIndex).isVoter(name)
    }

    /// Looks up by name once per change what every commit asks for.
    private mutating func refreshSeats() {
        let current = memberships.latest
        ownSeat = RaftSeat(name, in: current)
        for position in peers.indices {
            peers[position].seat = RaftSeat(peers[position].name, in: current)
        }
    }

    private mutating func onWake(at now: Instant, into out: inout Outbox<RaftEffect>) {
        expireReads(at: now, into: &out)
        if role == .leader {
            onLeaderWake(at: now, into: &out)
        } else if let electionDeadline, now >= electionDeadline {
            onElectionTimeout(at: now, into: &out)
        }
    }

    /// Ends every step: asks for what must be durable and tells what changed.
    private mutating func finish(at now: Instant, into out: inout Outbox<RaftEffect>) {
        if durability.isDirty, !durability.hasFailed {
            out.append(.persist(makePersist(at: now)))
        }
        let current = RaftPublished(role: role, leader: leader, term: term, membership: membership)
        if current.role != published.role || current.leader != published.leader
            || current.term != published.term
        {
            out.append(.roleChanged(role, leader: leader, term: term))
        }
        if current.membership != published.membership {
            out.append(.membershipChanged(membership))
        }
        published = current
    }

    private mutating func makePersist(at now: Instant) -> RaftPersist {
        let isCheckpoint = durability.isCheckpointDue
        let from = isCheckpoint ? snapshot.index + 1 : durability.appendedFrom
        let entries = from.map { log.tail(from: $0) } ?? []
        let hasHardState = isCheckpoint || durability.isHardStateDirty
        let truncateFrom = isCheckpoint ? nil : durability.truncateFrom
        return RaftPersist(
            persistence: durability.beginWrite(lastIndex: log.lastIndex, at: now),
            checkpoint: isCheckpoint ? snapshot : nil,
            hardState: hasHardState ? hardState : nil, truncateFrom: truncateFrom,
            entries: entries)
    }

    /// Panics when the state contradicts itself; cheap enough to call after every step.
    package func checkInvariants() {
        precondition(snapshot.index <= appliedIndex, "applied is behind the snapshot")
        precondition(appliedIndex <= commitIndex, "applied is ahead of commit")
        precondition(commitIndex <= log.lastIndex, "commit is ahead of the log")
        precondition(log.baseIndex <= snapshot.index, "the log starts after the snapshot")
        precondition(log.lastTerm <= term, "the log is ahead of the term")
        precondition(durability.durableIndex <= log.lastIndex, "more durable than there is")
        precondition(role != .leader || leader == name, "a leader follows another")
        precondition(role == .leader || peers.isEmpty, "a follower keeps progress")
        precondition(role == .leader || reads.leaseUntil == nil, "a follower holds a lease")
        for peer in peers {
            precondition(peer.match < peer.next, "progress runs backwards")
            precondition(peer.match <= log.lastIndex, "a peer agrees with more than there is")
            precondition(
                peer.seat == RaftSeat(peer.name, in: membership), "a seat is out of date")
        }
        log.checkInvariants()
    }
}

/// What the caller was last told.
struct RaftPublished: Equatable, Sendable {
    var role: RaftRole
    var leader: MachineName?
    var term: UInt64
    var membership: RaftMembership
}

/// Leadership on its way to another voter.
struct RaftTransfer: Equatable, Sendable {
    var target: MachineName
    var deadline: Instant
    /// This machine's disk is the reason: it does not go on leading when the transfer fails.
    var isForDisk = false
}
