package import Base

/// Every bound of one machine's Raft (what happens when it is reached stands beside it).
package struct RaftLimits: Equatable, Sendable {
    /// Entries in one append; more wait for the next one.
    package var appendEntriesMax = 256
    /// Bytes of entries in one append; a single larger entry still travels, alone.
    package var appendBytesMax = 256 * 1024
    /// Appends to one follower without an answer; then entries gather for the next append.
    package var appendsInFlightMax = 64
    /// Bytes of one command; a larger proposal is rejected as `.tooLarge`.
    package var commandBytesMax = 4 * 1024 * 1024
    /// Entries in the leader's log that are not committed; then proposals are `.overloaded`.
    package var pendingProposalsMax = 4_096
    /// Bytes of such entries; then proposals are `.overloaded`.
    package var pendingBytesMax = 64 * 1024 * 1024
    /// Reads that wait for a round or for the leader; then reads are `.overloaded`.
    package var pendingReadsMax = 16_384
    /// Persist effects without an answer; then messages are dropped until the disk catches up.
    package var persistsInFlightMax = 8_192
    /// Bytes of a snapshot in one message.
    package var snapshotChunkBytes = 256 * 1024
    /// Bytes of a whole incoming snapshot; a larger one is refused.
    package var snapshotBytesMax = 1 << 30
    /// Applied entries since the last snapshot after which the next one is asked for.
    package var snapshotAfterEntries = 16_384
    /// Bytes of such entries after which the next snapshot is asked for.
    package var snapshotAfterBytes = 64 * 1024 * 1024
    /// Entries kept in memory behind a snapshot, so that a follower that is a little behind
    /// gets entries instead of the snapshot.
    package var entriesKeptBehindSnapshot = 1_024
    /// How far a learner may be behind the leader's log and still be promoted, in entries.
    package var promotionLagMax = 256
    /// Voters in one membership; a promotion beyond it is refused.
    package var votersMax = 9
    /// Voters and learners in one membership; an addition beyond it is refused.
    package var membersMax = 128

    package init() {}

    /// Terms, indexes, offsets and rounds above this are forged: at one a nanosecond it takes
    /// 146 years to get there. Messages with larger numbers are dropped, so that sums of
    /// a few numbers from a message cannot overflow.
    static let numberMax: UInt64 = 1 << 62
}

/// How one machine takes part in Raft.
package struct RaftConfiguration: Equatable, Sendable {
    /// The name of this machine.
    package var name: MachineName
    /// A follower waits between min and max, drawn anew each time, before it campaigns.
    /// Also the time after a leader's message in which votes are refused (thesis §4.2.3).
    package var electionTimeoutMin = Span.milliseconds(500)
    /// Also the time after which a leader that hears from no majority steps down, and after
    /// which a forwarded read or a leadership transfer is given up.
    package var electionTimeoutMax = Span.milliseconds(1_000)
    package var heartbeatInterval = Span.milliseconds(100)
    package var limits = RaftLimits()

    package init(name: MachineName) { self.name = name }
}
