package import Base

/// Every bound of one machine's Raft (what happens when it is reached stands beside it).
package struct RaftLimits: Equatable, Sendable {
    /// Entries in one append; more wait for the next one.
    package var appendEntriesMax = 256
    /// Bytes of entries in one append; a single larger entry still travels, alone.
    package var appendBytesMax = 256 * 1024
    /// Appends to one follower without an answer; then entries gather for the next append.
    package var appendsInFlightMax = 64
    /// Bytes of entries in such appends; then entries gather, too. A single larger append still
    /// travels, alone.
    package var appendBytesInFlightMax = 8 * 1024 * 1024
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
    /// Votes and acknowledgements that wait for the disk; then new ones are dropped, as if the
    /// network had lost them.
    package var promisesWithheldMax = 16_384
    /// Rounds of heartbeats whose sending times are kept for the lease; the oldest are forgotten.
    package var leaseRoundsMax = 64
    /// Bytes of a snapshot in one message.
    package var snapshotChunkBytes = 256 * 1024
    /// Bytes of a whole incoming snapshot; a larger one is refused.
    package var snapshotBytesMax = 1 << 36
    /// Applied entries since the last snapshot after which the next one is asked for.
    package var snapshotAfterEntries = 16_384
    /// Bytes of such entries after which the next snapshot is asked for.
    package var snapshotAfterBytes = 64 * 1024 * 1024
    /// Entries kept in memory behind a snapshot, so that a follower that is a little behind
    /// gets entries instead of the snapshot.
    package var entriesKeptBehindSnapshot = 1_024
    /// Rounds of catching up that a learner may take too long for, before it is marked as one
    /// that cannot follow. It keeps trying, and is not promoted before a round is fast.
    package var catchUpRoundsMax = 10
    /// Bytes of entries kept behind a snapshot for a member that answers and still needs them;
    /// beyond it the member gets the snapshot. Without them a member that receives a large snapshot
    /// under a load of writes would find each time that the entries behind it are gone.
    package var bytesKeptForMembersMax = 64 * 1024 * 1024
    /// How far a learner may be behind the leader's log and still be promoted, in entries.
    package var promotionLagMax = 256
    /// Voters in one membership; a promotion beyond it is refused.
    package var votersMax = 9
    /// Voters and learners in one membership; an addition beyond it is refused.
    package var membersMax = 128

    package init() {}

    /// The most that one entry weighs, with what surrounds its command.
    var entryBytesMax: Int { commandBytesMax + 64 * 1024 }

    /// Terms, indexes, offsets and rounds above this are forged: at one a nanosecond it takes
    /// 146 years to get there. Messages with larger numbers are dropped, so that sums of
    /// a few numbers from a message cannot overflow.
    static let numberMax: UInt64 = 1 << 62
}

/// How a leader knows that its read index is current (thesis §6.4).
package enum RaftReadMode: String, Hashable, CaseIterable, Sendable {
    /// A round of heartbeats confirms each batch of reads. Trusts no clock.
    case readIndex
    /// A round confirms for as long as no other machine can be elected. Trusts the clocks of the
    /// voters to run at rates within `clockDriftMaxPercent` of each other, all the time.
    case lease
}

/// How one machine takes part in Raft.
package struct RaftConfiguration: Equatable, Sendable {
    /// The name of this machine.
    package var name: MachineName
    /// A follower waits between min and max, drawn anew each time, before it campaigns.
    /// Also the time after a leader's message, or after the start, in which votes are refused
    /// (thesis §4.2.3). Equal on all machines where leases are used.
    package var electionTimeoutMin = Span.milliseconds(500)
    /// Also the time after which a leader that hears from no majority steps down, and after
    /// which a forwarded read or a leadership transfer is given up.
    package var electionTimeoutMax = Span.milliseconds(1_000)
    package var heartbeatInterval = Span.milliseconds(100)
    package var reads = RaftReadMode.readIndex
    /// How much faster one voter's clock may run than another's, in percent.
    package var clockDriftMaxPercent = 10
    /// A leader hands over when its disk has not answered a write for this long although the
    /// others have committed it. A machine whose disk owes an answer for this long does not
    /// campaign.
    package var diskSlowMax = Span.milliseconds(400)
    /// A leader hands over when its disk has not answered a write for this long, whatever the
    /// others do.
    package var diskStallMax = Span.milliseconds(1_000)
    package var limits = RaftLimits()

    package init(name: MachineName) { self.name = name }

    /// How long after the sending of a round that a majority answered no other machine can have
    /// been elected. A follower refuses votes for `electionTimeoutMin` of its own clock; that
    /// span shrinks by the drift where it is measured and again where it is counted off.
    var leaseSpan: Span {
        let percent = Int64(100 + max(0, clockDriftMaxPercent))
        return Span(nanoseconds: electionTimeoutMin.nanoseconds / percent * 100 / percent * 100)
    }
}
