import Base
import JSON
import Objects

/// The Events written of late, so that a repetition raises a count instead of making another.
struct EventMemory: Sendable {
    struct Identity: Hashable, Sendable {
        var uid: String
        var reason: String
        var message: String

        init(_ draft: EventDraft) {
            uid = draft.uid
            reason = draft.reason
            message = draft.message
        }
    }

    struct Entry: Sendable {
        var name: String
        var count: Int64
        var lastWritten: Instant
    }

    private(set) var entries: [Identity: Entry] = [:]
    private var order: [Identity] = []

    /// Stores an entry and forgets the oldest beyond the bound.
    mutating func store(_ identity: Identity, _ entry: Entry, countMax: Int) {
        if entries.updateValue(entry, forKey: identity) == nil { order.append(identity) }
        guard order.count > 2 * countMax else { return }
        for old in order.prefix(order.count - countMax) { entries[old] = nil }
        order.removeFirst(order.count - countMax)
    }
}

extension ControlCore {
    /// Whether there is something to write of an Event: it was not written just now.
    func isNews(_ draft: EventDraft, _ now: Instant) -> Bool {
        guard let entry = events.entries[EventMemory.Identity(draft)] else { return true }
        return now - entry.lastWritten >= configuration.eventRepeatIntervalMin
    }

    /// Writes an Event, or raises the count of an earlier one. Its answer is not waited for.
    mutating func record(_ draft: EventDraft, _ now: Instant, _ out: inout Outbox<ControlEffect>) {
        let identity = EventMemory.Identity(draft)
        guard isNews(draft, now) else { return }
        if var entry = events.entries[identity] {
            entry.count += 1
            entry.lastWritten = now
            events.store(identity, entry, countMax: configuration.rememberedEventsMax)
            let key = ObjectKey(.events, namespace: draft.namespace, name: entry.name)
            let patch: JSON = [
                "count": .integer(entry.count), "lastTimestamp": .string(wall.rfc3339),
            ]
            out.append(.write(tickets.next(), .patch(key, patch)))
            return
        }
        let suffix = String(random.next() | 1 << 63, radix: 16)
        let name = "\(draft.key.name.prefix(230)).\(suffix)"
        events.store(
            identity, EventMemory.Entry(name: name, count: 1, lastWritten: now),
            countMax: configuration.rememberedEventsMax)
        out.append(.write(tickets.next(), .create(.events, draft.json(name: name, wall: wall))))
    }
}
