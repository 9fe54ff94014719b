package import Base

/// What a machine's Raft can tell about itself, for people and for the membership's keeper.
package struct RaftStatus: Equatable, Sendable {
    /// One other member as the leader sees it.
    package struct Peer: Equatable, Sendable {
        package var name: MachineName
        /// Its log agrees with the leader's up to here, durably.
        package var match: UInt64
        package var lastHeard: Instant
        package var isReceivingSnapshot: Bool
    }

    package var role: RaftRole
    package var leader: MachineName?
    package var term: UInt64
    package var lastIndex: UInt64
    package var commitIndex: UInt64
    package var appliedIndex: UInt64
    package var snapshotIndex: UInt64
    package var membership: RaftMembership
    /// True while the newest membership is not committed.
    package var isMembershipChanging: Bool
    /// Empty unless this machine leads; sorted by name.
    package var peers: [Peer]
}

extension RaftCore {
    package var status: RaftStatus {
        RaftStatus(
            role: role, leader: leader, term: term, lastIndex: log.lastIndex,
            commitIndex: commitIndex, appliedIndex: appliedIndex, snapshotIndex: snapshot.index,
            membership: membership, isMembershipChanging: memberships.latestIndex > commitIndex,
            peers: peers.map { peer in
                var isReceivingSnapshot = false
                if case .snapshot = peer.state { isReceivingSnapshot = true }
                return RaftStatus.Peer(
                    name: peer.name, match: peer.match, lastHeard: peer.lastHeard,
                    isReceivingSnapshot: isReceivingSnapshot)
            })
    }
}

// For checkers that compare the logs of machines.
extension RaftCore {
    /// The index of the first entry that this machine still holds.
    package var firstIndex: UInt64 { log.baseIndex + 1 }

    /// An entry of the log, committed or not; nil when it is not held.
    package func entry(at index: UInt64) -> RaftEntry? { log.entry(at: index) }
}
