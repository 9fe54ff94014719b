package import Base

/// What a machine's Raft can tell about itself, for people, for metrics and for the
/// membership's keeper.
package struct RaftStatus: Equatable, Sendable {
    /// One other member as the leader sees it.
    package struct Peer: Equatable, Sendable {
        /// How the leader sends to it.
        package enum State: String, Sendable {
            case probe, replicate, snapshot
        }

        package var name: MachineName
        package var state: State
        /// Its log agrees with the leader's up to here, durably.
        package var match: UInt64
        /// The next entry to send.
        package var next: UInt64
        package var inFlightAppends: Int
        package var inFlightBytes: Int
        package var isVoter: Bool
        /// It could vote without holding the cluster up (thesis §4.2.1).
        package var isCaughtUp: Bool
        package var lastHeard: Instant
        package var isReceivingSnapshot: Bool { state == .snapshot }
    }

    package var role: RaftRole
    package var leader: MachineName?
    package var term: UInt64
    package var lastIndex: UInt64
    /// The log is on this machine's disk up to here.
    package var durableIndex: UInt64
    package var commitIndex: UInt64
    package var appliedIndex: UInt64
    package var snapshotIndex: UInt64
    package var membership: RaftMembership
    /// True while the newest membership is not committed, or is joint.
    package var isMembershipChanging: Bool
    /// When the oldest write was asked for that the disk has not answered.
    package var diskWaitsSince: Instant?
    /// The disk refuses writes.
    package var hasDiskFailed: Bool
    /// Leadership is on its way there.
    package var transferTarget: MachineName?
    /// Empty unless this machine leads; sorted by name.
    package var peers: [Peer]
}

/// How often what happened since this machine's start.
package struct RaftCounters: Equatable, Sendable {
    package var elections: UInt64 = 0
    package var electionsWon: UInt64 = 0
    package var transfersBegun: UInt64 = 0
    package var transfersExpired: UInt64 = 0
    /// Leadership given up because this machine's disk was slow, stalled or refused writes.
    package var diskHandovers: UInt64 = 0
    /// Leadership given up because no majority answered.
    package var quorumsLost: UInt64 = 0
    package var membershipChanges: UInt64 = 0
    package var readsByLease: UInt64 = 0
    package var readsByRound: UInt64 = 0
    /// Forwarded requests that this machine refused.
    package var refusals: UInt64 = 0
}

extension RaftCore {
    /// The state now; allocates, so not for every step.
    package func status(at now: Instant) -> RaftStatus {
        RaftStatus(
            role: role, leader: leader, term: term, lastIndex: log.lastIndex,
            durableIndex: durability.durableIndex, commitIndex: commitIndex,
            appliedIndex: appliedIndex, snapshotIndex: snapshot.index, membership: membership,
            isMembershipChanging: memberships.latestIndex > commitIndex || membership.isJoint,
            diskWaitsSince: durability.oldestWriteStartedAt,
            hasDiskFailed: durability.hasFailed, transferTarget: transfer?.target,
            peers: peers.map { peer in
                RaftStatus.Peer(
                    name: peer.name, state: peer.publicState, match: peer.match, next: peer.next,
                    inFlightAppends: peer.inFlight.count, inFlightBytes: peer.inFlight.bytes,
                    isVoter: !peer.seat.isEmpty, isCaughtUp: isCaughtUp(peer, at: now),
                    lastHeard: peer.lastHeard)
            })
    }

    /// Learners that could vote without holding the cluster up (thesis §4.2.1), by name.
    package func caughtUpLearners(at now: Instant) -> [MachineName] {
        peers.filter { $0.seat.isEmpty && isCaughtUp($0, at: now) }.map(\.name)
    }

    /// For how long this leader may still answer reads without asking; nil without a lease.
    package func leaseRemaining(at now: Instant) -> Span? {
        guard hasLease(at: now), let end = reads.leaseUntil else { return nil }
        return end - now
    }

    /// The queues of this machine's Raft, with their bounds; of each member's, under one name.
    package var queueSizes: [(name: String, size: Int, bound: Int)] {
        // The last append may pass the bound by its own size.
        let bytesMax =
            limits.appendBytesInFlightMax + max(limits.appendBytesMax, limits.entryBytesMax)
        var sizes = [
            // At the bound messages are dropped; a timeout or a snapshot may still add a write.
            ("raft.writes", durability.writesInFlight, limits.persistsInFlightMax + 8),
            ("raft.promises", durability.promisesWithheld, limits.promisesWithheldMax),
            ("raft.reads", reads.count, limits.pendingReadsMax),
        ]
        for peer in peers {
            sizes.append(("raft.inflight", peer.inFlight.count, limits.appendsInFlightMax))
            sizes.append(("raft.inflight.bytes", peer.inFlight.bytes, bytesMax))
        }
        return sizes
    }
}

extension RaftProgress {
    fileprivate var publicState: RaftStatus.Peer.State {
        switch state {
        case .probe: .probe
        case .replicate: .replicate
        case .snapshot: .snapshot
        }
    }
}

/// What must differ for any safety property of Raft to be in danger.
package struct RaftGlance: Equatable, Sendable {
    package var term: UInt64
    package var role: RaftRole
    package var lastIndex: UInt64
    package var lastTerm: UInt64
    package var commitIndex: UInt64
}

// For checkers that compare the logs of machines.
extension RaftCore {
    /// Changes nothing. It is `mutating` to be read where the core stands: a read from outside
    /// the room copies the whole value first, and checkers look after every step.
    package mutating func glance() -> RaftGlance {
        RaftGlance(
            term: term, role: role, lastIndex: log.lastIndex, lastTerm: log.lastTerm,
            commitIndex: commitIndex)
    }

    /// The index of the first entry that this machine still holds.
    package var firstIndex: UInt64 { log.baseIndex + 1 }

    /// The term of the last entry, or of the snapshot when there is none behind it.
    package var lastTerm: UInt64 { log.lastTerm }

    /// An entry of the log, committed or not; nil when it is not held.
    package func entry(at index: UInt64) -> RaftEntry? { log.entry(at: index) }
}
