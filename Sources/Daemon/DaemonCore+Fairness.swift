import API
import Base
import Objects
import Store

/// Requests of clients take seats before they take the road of ``onRequest(_:_:at:into:)``, so that
/// who floods the machine waits, and everybody else does not.
extension DaemonCore {
    static let tooManyRequests = StatusError(
        .tooManyRequests, "Too many requests, please try again later.", retryAfterSeconds: 1)

    mutating func onArrival(
        _ ticket: Ticket, _ request: APIRequest, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard !APICore.isExempt(request) else {
            return onRequest(ticket, request, at: now, into: &out)
        }
        shareSeats(at: now, into: &out)
        let flow = api.flow(of: request, snapshot: store.snapshot, at: wallTime)
        if takesSeat(ticket, request, flow, at: now, into: &out) {
            admit(ticket, request, at: now, into: &out)
        }
    }

    /// A write that was evaluated elsewhere takes its seat for the time until it is in the log. One
    /// that must wait is evaluated anew afterwards.
    mutating func onEvaluated(
        _ ticket: Ticket, _ request: APIRequest, _ write: EvaluatedWrite, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        if !APICore.isExempt(request) {
            shareSeats(at: now, into: &out)
            guard takesSeat(ticket, request, write.flow, at: now, into: &out) else { return }
        }
        onEvaluatedRequest(ticket, request, write.commit, at: now, into: &out)
        if pending.number(ofClient: ticket) == nil { pending.noteFinished(ticket) }
    }

    /// Takes other priority levels into account when there are any.
    private mutating func shareSeats(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        guard let levels = api.changedLevels(store.snapshot) else { return }
        for next in fairness.configure(levels) {
            guard let request = unpark(next) else { continue }
            admit(next, request, at: now, into: &out)
        }
    }

    /// Whether the request may go on at once; if not it waits here, or is refused.
    private mutating func takesSeat(
        _ ticket: Ticket, _ request: APIRequest, _ flow: FlowIdentity?, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) -> Bool {
        switch fairness.arrive(ticket, flow, at: now) {
        case .admitted: return true
        case .queued:
            let limits = configuration.limits
            guard pending.bytes + parkedBytes + request.body.count <= limits.pendingBytesMax else {
                _ = fairness.finish(ticket)
                out.append(.respond(ticket, .status(Self.tooManyRequests)))
                return false
            }
            parked[ticket] = request
            parkedBytes += request.body.count
        case .refused:
            out.append(.respond(ticket, .status(Self.tooManyRequests)))
        }
        return false
    }

    private mutating func admit(
        _ ticket: Ticket, _ request: APIRequest, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        onRequest(ticket, request, at: now, into: &out)
        // What was answered at once never stood in the table.
        if pending.number(ofClient: ticket) == nil { pending.noteFinished(ticket) }
    }

    /// Gives the seats of requests that are done to those that wait.
    mutating func passSeatsOn(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        while true {
            let finished = pending.takeFinishedClients()
            guard !finished.isEmpty else { return }
            for ticket in finished {
                for next in fairness.finish(ticket) {
                    guard let request = unpark(next) else { continue }
                    admit(next, request, at: now, into: &out)
                }
            }
        }
    }

    /// Answers requests that have waited too long for a seat.
    mutating func wakeFairness(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        guard let deadline = fairness.deadline, deadline <= now else { return }
        for ticket in fairness.expired(at: now) {
            guard unpark(ticket) != nil else { continue }
            out.append(.respond(ticket, .status(Self.tooManyRequests)))
        }
    }

    /// A client that has gone needs neither seat nor place.
    mutating func forgetSeat(of ticket: Ticket) {
        guard unpark(ticket) != nil else { return }
        pending.noteFinished(ticket)
    }

    private mutating func unpark(_ ticket: Ticket) -> APIRequest? {
        guard let request = parked.removeValue(forKey: ticket) else { return nil }
        parkedBytes -= request.body.count
        return request
    }
}
