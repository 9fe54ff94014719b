extension KubeletCore {
    /// Holds after every step; see the invariants of the type.
    package func checkInvariants() {
        precondition(order == pods.keys.sorted(), "the order lists exactly the Pods")
        for uid in order {
            guard let pod = pods[uid] else { continue }
            precondition(pod.uid == uid, "a Pod is kept under its UID")
            precondition(
                pod.wishesToResize == resizing.contains(uid), "who wishes to resize is known")
            if pod.stage == .removed {
                precondition(
                    pod.sandbox.phase == .none && pod.strays.isEmpty,
                    "a removed Pod has nothing in the runtime")
            }
            for container in pod.containers where container.stop != nil {
                precondition(container.isRunning, "only what runs is being stopped")
            }
        }
    }
}

// For checkers.
extension KubeletCore {
    /// Everything that grows, with its bound.
    package var queueSizes: [(name: String, size: Int, bound: Int)] {
        let (pulls, others) = queue.running
        return [
            ("kubelet.pulls", pulls, limits.parallelPullsMax),
            ("kubelet.operations", others, limits.operationsInFlightMax),
            ("kubelet.events", events.waitingCount, limits.eventsWaitingMax),
        ]
    }
}
