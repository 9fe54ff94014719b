import Gossip
import Raft
import Store

// For checkers: what waits on this machine, and the bound of each queue.
extension DaemonCore {
    /// Every queue that a `…Limits` of this machine's cores bounds, with its length now.
    package var queueSizes: [(name: String, size: Int, bound: Int)] {
        raft.queueSizes + store.queueSizes + gossip.queueSizes + [
            ("requests", pending.clientCount, configuration.limits.pendingMax),
            ("watches", watches.count, configuration.limits.watchesMax),
        ]
    }
}
