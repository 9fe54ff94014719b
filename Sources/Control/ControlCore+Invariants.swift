extension ControlCore {
    /// Checks what must hold between any two steps. It walks all Pods; tests and the simulator
    /// call it, the daemon does not.
    package func checkInvariants() {
        precondition(
            flightCounts.values.reduce(0, +) == flights.count,
            "every write under way belongs to one item")
        precondition(
            flights.count <= flightsMax,
            "writes under way are bounded")
        precondition(isLeading || flights.isEmpty, "only a leader writes")
        state.checkInvariants()
    }

    /// One reconciliation may pass the bound at which they pause.
    private var flightsMax: Int { configuration.writesInFlightMax + configuration.burstMax * 3 }

    /// Everything that grows without being in the Store, with its bound.
    package var queueSizes: [(name: String, size: Int, bound: Int)] {
        [
            ("control.writes", flights.count, flightsMax),
            ("control.reports", reports.waitingCount, state.pods.count),
            ("control.events", events.entries.count, 2 * configuration.rememberedEventsMax),
        ]
    }
}

extension ClusterState {
    func checkInvariants() {
        var fresh: [String: NodeLedger] = [:]
        for pod in pods.values {
            guard let node = node(of: pod) else { continue }
            fresh[node, default: NodeLedger()].add(pod)
            precondition(!isWaiting(pod.key), "\(pod.key) waits and is on \(node)")
        }
        precondition(fresh.count == ledgers.count, "a ledger for every Node in use and no other")
        for (name, ledger) in fresh {
            let kept = self.ledger(name)
            precondition(kept.pods == ledger.pods, "the Pods of \(name) are those that name it")
            precondition(
                kept.requested == ledger.requested && kept.runningCount == ledger.runningCount,
                "the sums of \(name) are those of its Pods")
        }
    }
}
