import Base

/// Runtime requests that wait for their turn: pulls among themselves, all others together.
struct OperationQueue: Sendable {
    private struct Lane: Sendable {
        var running: Set<Ticket> = []
        var waiting: [(ticket: Ticket, request: RuntimeRequest)] = []
    }

    private var pulls = Lane()
    private var others = Lane()

    /// How many requests the runtime works at.
    var running: (pulls: Int, others: Int) { (pulls.running.count, others.running.count) }

    mutating func add(_ ticket: Ticket, _ request: RuntimeRequest, isPull: Bool) {
        if isPull {
            pulls.waiting.append((ticket, request))
        } else {
            others.waiting.append((ticket, request))
        }
    }

    mutating func finish(_ ticket: Ticket) {
        if pulls.running.remove(ticket) == nil { others.running.remove(ticket) }
    }

    /// Hands out what may run now, in the order of arrival.
    mutating func start(_ limits: KubeletLimits, _ perform: (Ticket, RuntimeRequest) -> Void) {
        Self.start(&pulls, limits.parallelPullsMax, perform)
        Self.start(&others, limits.operationsInFlightMax, perform)
    }

    private static func start(
        _ lane: inout Lane, _ limit: Int, _ perform: (Ticket, RuntimeRequest) -> Void
    ) {
        let count = min(max(0, limit - lane.running.count), lane.waiting.count)
        guard count > 0 else { return }
        for (ticket, request) in lane.waiting.prefix(count) {
            lane.running.insert(ticket)
            perform(ticket, request)
        }
        lane.waiting.removeFirst(count)
    }
}
