package import Base
import Control
import Gossip
import Kubelet
package import Raft
import Store

/// What a step may have changed that checkers look at.
package struct DaemonGlance: Equatable, Sendable {
    package var raft: RaftGlance
    package var appliedIndex: UInt64
    package var revision: UInt64
}

// For checkers.
extension DaemonCore {
    /// Changes nothing; see `RaftCore.glance`.
    package mutating func glance() -> DaemonGlance {
        DaemonGlance(
            raft: raft.glance(), appliedIndex: store.appliedIndex,
            revision: store.revisionNumber())
    }

    /// Looks at the core where it stands. Reading a member of an optional that an object holds
    /// copies the whole core first, which costs more than most steps.
    package mutating func inspect<Result>(
        _ look: (borrowing DaemonCore) -> Result
    ) -> Result { look(self) }

    /// See `GossipCore.healthIfLive`.
    package mutating func healthIfLive(_ name: MachineName) -> Int? { gossip.healthIfLive(name) }

    /// The queues of this machine's cores that a `…Limits` bounds, each with its length now.
    package mutating func queueSizes() -> [(name: String, size: Int, bound: Int)] {
        var sizes = raft.queueSizes
        sizes += store.queueSizes
        sizes += gossip.queueSizes
        sizes += control.queueSizes
        sizes += kubelet.queueSizes
        sizes.append(("requests", pending.clientCount, configuration.limits.pendingMax))
        sizes.append(("watches", watches.count, configuration.limits.watchesMax))
        return sizes
    }
}
