package import Base

/// What happened to one machine's Raft.
package enum RaftInput: Equatable, Sendable {
    case message(from: MachineName, RaftMessage)
    /// Wants a command in the log. A machine that does not lead forwards it; the ticket comes
    /// back only in a rejection. Success shows as an `.apply` of these bytes.
    case propose(Ticket, [UInt8])
    /// Several at once: they share one append to each follower and one write.
    case proposeAll([RaftProposal])
    /// Wants an index such that a state with it applied holds every write acknowledged by now.
    case readIndex(Ticket)
    /// Wants a change, of one member or of many; success shows as `.membershipChanged`.
    case changeMembership(Ticket, RaftMembershipChange)
    /// Everything up to and with this persist effect is durable.
    case persisted(upTo: RaftPersistence)
    /// The disk refused a write: it is full, read-only or broken. This machine votes for nobody,
    /// acknowledges nothing and does not lead until it starts again.
    case persistFailed
    /// The state machine's snapshot that `.saveSnapshot` asked for is durable.
    case snapshotSaved(RaftSnapshotMetadata)
    /// That snapshot could not be written; another one is asked for when it is due.
    case snapshotFailed(RaftSnapshotMetadata)
    /// The bytes of `.writeSnapshot` are in the file.
    case snapshotWritten(Ticket)
    /// The snapshot of `.installSnapshot` is durable and the state machine continues from it.
    case snapshotInstalled(RaftSnapshotMetadata)
    /// That snapshot could not be written or read; it may come again from its start.
    case snapshotRefused(RaftSnapshotMetadata)
    /// The bytes that `.readSnapshot` asked for; fewer than asked only at the end.
    case snapshotRead(Ticket, bytes: [UInt8], isLast: Bool)
    /// The snapshot of `.readSnapshot` is gone or damaged.
    case snapshotUnavailable(Ticket)
    /// Gives up leadership, to the given voter or to the best one. Ignored by non-leaders.
    case transferLeadership(to: MachineName?)
    /// `deadline` has come.
    case wake
}

/// A command that somebody wants in the log.
package struct RaftProposal: Equatable, Sendable {
    /// Comes back only in a rejection.
    package var ticket: Ticket
    package var bytes: [UInt8]

    package init(ticket: Ticket, bytes: [UInt8]) {
        self.ticket = ticket
        self.bytes = bytes
    }
}

/// Names a persist effect; later ones are greater.
package struct RaftPersistence: Hashable, Comparable, Sendable {
    package var sequence: UInt64

    package init(sequence: UInt64) { self.sequence = sequence }

    package static func < (left: RaftPersistence, right: RaftPersistence) -> Bool {
        left.sequence < right.sequence
    }
}
