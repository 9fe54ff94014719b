import Base
import JSON
import Objects

extension ControlCore {
    mutating func onFinished(
        _ ticket: Ticket, _ result: WriteResult, _ now: Instant,
        _ out: inout Outbox<ControlEffect>
    ) {
        // Events are written without waiting, and answers may outlive a term.
        guard isLeading, let flight = flights.removeValue(forKey: ticket) else { return }
        trimFlightOrder()
        let remaining = (flightCounts[flight.item] ?? 1) - 1
        flightCounts[flight.item] = remaining > 0 ? remaining : nil
        switch result {
        case .success(let document): onSuccess(flight, document, now, &out)
        case .failure(let error): onRefusal(flight, error, now, &out)
        }
        if remaining <= 0, blocked.remove(flight.item) != nil { enqueue(flight.item) }
    }

    private mutating func onSuccess(
        _ flight: Flight, _ document: JSON, _ now: Instant, _ out: inout Outbox<ControlEffect>
    ) {
        refusals[flight.item] = nil
        let metadata = ObjectMeta(document["metadata"] ?? [:])
        if var draft = flight.event {
            if draft.ending == .name { draft.message += metadata.name }
            record(draft, now, &out)
        }
        switch flight.write {
        case .create(let resource, _):
            learn(document, metadata, resource)
        case .update(let resource, _, _):
            learn(document, metadata, resource, isNew: false)
        case .patch(let key, _, _):
            learn(document, metadata, key.resource, isNew: false)
        case .delete, .bind:
            // The deletion or binding shows as a change in the order of revisions.
            break
        }
    }

    /// Takes in the object that a write left, so that the next decision does not wait for the
    /// change to come round. What the changes have told already is not told again: a write that
    /// took the last finalizer off has ended the object, and an object that was made may be gone.
    private mutating func learn(
        _ document: JSON, _ metadata: ObjectMeta, _ resource: Resource, isNew: Bool = true
    ) {
        guard !metadata.uid.isEmpty, let revision = UInt64(metadata.resourceVersion),
            revision > seenRevision, document["kind"]?.string == resource.kind
        else { return }
        let key = ObjectKey(resource, namespace: metadata.namespace, name: metadata.name)
        let known = state.record(key)
        guard isNew || known?.uid == metadata.uid else { return }
        if let known, known.uid == metadata.uid, known.resourceVersion >= revision { return }
        if let change = state.apply(key, StoredObject(document)) { markDirty(change) }
    }

    private mutating func onRefusal(
        _ flight: Flight, _ error: StatusError, _ now: Instant,
        _ out: inout Outbox<ControlEffect>
    ) {
        var change: ObjectChange?
        switch flight.write {
        case .delete(let key, _, _, _):
            if error.reason == .notFound { break }
            change = state.cancelDeletion(of: key, uid: flight.uid)
        case .bind(let key, let uid, _):
            change = state.cancelAssumption(of: key, uid: uid)
        case .create, .update, .patch:
            break
        }
        if let change { markDirty(change) }
        if var draft = flight.failureEvent {
            if draft.ending == .refusal { draft.message += error.message }
            record(draft, now, &out)
        }
        let count = (refusals[flight.item]?.count ?? 0) + 1
        refusals[flight.item] = Refusals(count: count, message: error.message)
        out.append(.mark("control.refused.\(error.reason.rawValue)"))
        deadlines.schedule(flight.item, at: now + pause(after: count, error.reason))
    }

    /// Kubernetes' exponential back-off; a conflict only says that the cache was behind.
    private mutating func pause(after count: Int, _ reason: StatusError.Reason) -> Span {
        var span = configuration.retryDelayMin
        if reason == .conflict, count < 5 { return span }
        for _ in 1..<max(2, min(count, 16)) { span = span * 2 }
        let pause = min(span, configuration.retryDelayMax)
        return random.span(from: pause, to: pause.scaled(by: 1.2))
    }

    mutating func expireFlights(_ now: Instant, _ out: inout Outbox<ControlEffect>) {
        trimFlightOrder()
        while let ticket = flightOrder.first, let flight = flights[ticket], flight.deadline <= now {
            out.append(.mark("control.write-timed-out"))
            let error = StatusError(.timeout, "the write was not answered in time")
            onFinished(ticket, .failure(error), now, &out)
            trimFlightOrder()
        }
    }

    private mutating func trimFlightOrder() {
        let answered = flightOrder.prefix { flights[$0] == nil }.count
        if answered > 0 { flightOrder.removeFirst(answered) }
    }
}
