import API
import Base
import Objects
import Store

/// A type of the API as keys of the Store name it.
struct ResourceName: Hashable, Sendable {
    var group: String
    var plural: String
}

/// The open watches of this machine's clients.
struct WatchTable: Sendable {
    struct Entry: Sendable {
        var stream: WatchStream
        var ends: Instant
        /// When the next bookmark is due; nil when the client takes none.
        var nextBookmark: Instant?
    }

    private(set) var entries: [Ticket: Entry] = [:]
    private var deadlines = TicketDeadlines()
    /// Watches of one object by its key, and all others by their type, each in the order of
    /// tickets, so that a change meets only those that may want it.
    private var byKey: [Key: [Ticket]] = [:]
    private var byResource: [ResourceName: [Ticket]] = [:]

    var count: Int { entries.count }
    var deadline: Instant? { deadlines.deadline }
    /// In order of their tickets.
    var tickets: [Ticket] { entries.keys.sorted() }

    mutating func insert(_ ticket: Ticket, _ entry: Entry) {
        entries[ticket] = entry
        if let key = entry.stream.onlyKey {
            Self.insert(ticket, into: &byKey[key, default: []])
        } else {
            Self.insert(ticket, into: &byResource[Self.name(entry.stream.resource), default: []])
        }
        schedule(ticket, entry)
    }

    mutating func remove(_ ticket: Ticket) {
        guard let entry = entries.removeValue(forKey: ticket) else { return }
        if let key = entry.stream.onlyKey {
            if Self.remove(ticket, from: &byKey[key]) { byKey[key] = nil }
        } else {
            let name = Self.name(entry.stream.resource)
            if Self.remove(ticket, from: &byResource[name]) { byResource[name] = nil }
        }
        deadlines.cancel(ticket)
    }

    /// Watches that a change of the key may concern.
    func watching(_ key: Key) -> [Ticket] {
        guard !entries.isEmpty else { return [] }
        let name = ResourceName(group: key.group, plural: key.resource)
        return (byResource[name] ?? []) + (byKey[key] ?? [])
    }

    private static func insert(_ ticket: Ticket, into tickets: inout [Ticket]) {
        // Tickets rise, so nearly always the place is the end.
        tickets.insert(ticket, at: position(of: ticket, in: tickets))
    }

    /// True when none is left.
    private static func remove(_ ticket: Ticket, from tickets: inout [Ticket]?) -> Bool {
        let place = tickets.map { position(of: ticket, in: $0) } ?? 0
        if let count = tickets?.count, place < count, tickets?[place] == ticket {
            tickets?.remove(at: place)
        }
        return tickets?.isEmpty ?? true
    }

    /// The index of a ticket, or of the first one behind it.
    private static func position(of ticket: Ticket, in tickets: [Ticket]) -> Int {
        guard let last = tickets.last, last.number >= ticket.number else { return tickets.count }
        var low = 0
        var high = tickets.count
        while low < high {
            let middle = (low + high) / 2
            if tickets[middle].number < ticket.number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func popDue(at now: Instant) -> Ticket? { deadlines.popDue(at: now) }

    /// Lets the watch turn a change into bytes, which may change the watch.
    mutating func event(
        _ ticket: Ticket, for events: inout SharedEvents, at wallTime: WallTime
    ) -> [UInt8]? {
        entries[ticket]?.stream.wall = wallTime
        return entries[ticket]?.stream.event(&events)
    }

    mutating func reschedule(_ ticket: Ticket, nextBookmark: Instant?) {
        entries[ticket]?.nextBookmark = nextBookmark
        if let entry = entries[ticket] { schedule(ticket, entry) }
    }

    private mutating func schedule(_ ticket: Ticket, _ entry: Entry) {
        deadlines.schedule(ticket, at: min(entry.ends, entry.nextBookmark ?? .distantFuture))
    }

    private static func name(_ resource: Resource) -> ResourceName {
        ResourceName(group: resource.group, plural: resource.plural)
    }
}

extension DaemonCore {
    mutating func beginWatch(
        _ ticket: Ticket, _ stream: WatchStream, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard watches.count < configuration.limits.watchesMax else {
            let error = StatusError(
                .tooManyRequests, "too many open watches; please try again later",
                retryAfterSeconds: 1)
            out.append(.respond(ticket, .status(error)))
            return
        }
        var stream = stream
        out.append(.beginWatch(ticket, contentType: stream.contentType))
        guard let bytes = missedEvents(of: &stream) else {
            out.append(.watchBytes(ticket, stream.expired(oldest: store.revision)))
            out.append(.endWatch(ticket))
            return
        }
        if !bytes.isEmpty { out.append(.watchBytes(ticket, bytes)) }
        let bookmark = now + configuration.limits.bookmarkInterval
        watches.insert(
            ticket,
            WatchTable.Entry(
                stream: stream, ends: now + .seconds(stream.timeoutSeconds),
                nextBookmark: stream.allowsBookmarks ? bookmark : nil))
    }

    /// What the client is owed at once: the objects there are, or the changes since the revision
    /// that it knows. Nil when those are forgotten.
    private func missedEvents(of stream: inout WatchStream) -> [UInt8]? {
        var bytes = stream.initialEvents(store.snapshot)
        for change in brokenTransaction(of: stream) { bytes += stream.event(for: change) ?? [] }
        guard stream.start < store.revision else { return bytes }
        let missed = store.changes(after: stream.start, in: stream.range, limit: .max)
        guard case .changes(let changes, _) = missed else { return nil }
        for change in changes { bytes += stream.event(for: change) ?? [] }
        return bytes
    }

    /// The changes of the revision from which a watch goes on, when there are several: its
    /// connection may have broken between two of them, and the revision does not tell. A client
    /// takes a change that it knows for no news, while one that it never saw is lost for it.
    private func brokenTransaction(of stream: WatchStream) -> [Change] {
        guard stream.goesOn, stream.start > .zero else { return [] }
        let before = Revision(stream.start.number - 1)
        // One revision is never cut in two, so a limit of one gives all its changes.
        guard case .changes(let found, _) = store.changes(after: before, in: stream.range, limit: 1)
        else { return [] }
        let changes = found.prefix { $0.revision == stream.start }
        return changes.count > 1 ? Array(changes) : []
    }

    mutating func feedWatches(_ change: Change, into out: inout Outbox<DaemonEffect>) {
        var events = SharedEvents(change)
        for ticket in watches.watching(change.key) {
            if let bytes = watches.event(ticket, for: &events, at: wallTime) {
                out.append(.watchBytes(ticket, bytes))
            }
        }
    }

    mutating func wakeWatches(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        while let ticket = watches.popDue(at: now) {
            guard let entry = watches.entries[ticket] else { continue }
            guard now < entry.ends else {
                watches.remove(ticket)
                out.append(.endWatch(ticket))
                continue
            }
            out.append(.watchBytes(ticket, entry.stream.bookmark(store.revision)))
            watches.reschedule(
                ticket, nextBookmark: now + configuration.limits.bookmarkInterval)
        }
    }

    /// Ends every watch; its client lists again.
    mutating func endWatches(into out: inout Outbox<DaemonEffect>) {
        for ticket in watches.tickets {
            watches.remove(ticket)
            out.append(.endWatch(ticket))
        }
    }
}
