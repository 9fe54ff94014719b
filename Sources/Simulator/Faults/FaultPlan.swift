package import Base
package import Raft

/// What a world is like, and what goes wrong in it; all of it drawn from the seed.
package struct FaultPlan: Sendable {
    package var network = NetworkKnobs()
    package var disk = DiskKnobs()
    package var runtime = RuntimeKnobs()
    package var log = LogKnobs()
    package var times = TimeKnobs()
    /// Machines' calendars differ from the true time by at most this.
    package var wallSkewMax = Span.zero
    /// Machines' monotonic clocks run wrong by at most so many millionths.
    package var driftMax: Int64 = 0
    /// How many machines form the cluster; the others join later, as faults.
    package var machinesAtStart = 3
    /// Whether operators remove a machine whose disk is lost when another takes its place.
    package var removesLost = false
    /// How much longer than in a storm clients wait between their requests.
    package var clientPause: Int64 = 1
    /// In order of time, as spans after the cluster has formed.
    package var faults: [(after: Span, fault: Fault)] = []
    /// When the faults end, after the cluster has formed.
    package var length = Span.zero

    /// A kind world.
    package init() {}
}

/// How machines read, and how soon they replace their logs by snapshots.
package struct LogKnobs: Sendable {
    package var reads = RaftReadMode.readIndex
    package var snapshotAfterEntries: Int?
    package var entriesKeptBehindSnapshot: Int?
    package var snapshotChunkBytes: Int?

    package init() {}
}

/// How patient the protocols are configured to be, in multiples of the defaults. People who have
/// a slow network choose such times, and a cluster that lives for hours says less in them.
package struct TimeKnobs: Sendable {
    /// Of Raft: heartbeats and election timeouts.
    package var log: Int64 = 1
    /// Of the mesh: probes and their timeouts.
    package var mesh: Int64 = 1

    package init() {}
}

/// How long a simulated cluster lives.
package enum SimulationLength: String, CaseIterable, Sendable {
    /// Seconds, with a fault in each of them and busy clients.
    case storm
    /// Hours, with minutes between faults and calm clients.
    case season
}
