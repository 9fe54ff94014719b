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
///
/// Watches that hear the same of every change are one audience, as thousands of clients of one
/// object are: what a change costs here grows with the audiences, not with the watches.
struct WatchTable: Sendable {
    struct Entry: Sendable {
        let ends: Instant
        /// When the next bookmark is due; nil when the client takes none.
        var nextBookmark: Instant?
        fileprivate let audience: UInt64
    }

    private struct Audience: Sendable {
        /// Makes the events of all its watches.
        var stream: WatchStream
        /// Rising.
        private(set) var tickets: [Ticket] = []

        init(_ stream: WatchStream) { self.stream = stream }

        /// Tickets rise, so nearly always the place is the end.
        mutating func insert(_ ticket: Ticket) {
            tickets.insert(ticket, at: position(of: ticket))
        }

        /// True when none is left.
        mutating func remove(_ ticket: Ticket) -> Bool {
            tickets.remove(at: position(of: ticket))
            return tickets.isEmpty
        }

        /// The index of a ticket, or of the first one behind it.
        private func position(of ticket: Ticket) -> Int {
            guard let last = tickets.last, last >= ticket else { return tickets.count }
            var low = 0
            var high = tickets.count
            while low < high {
                let middle = (low + high) / 2
                if tickets[middle] < ticket { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    private(set) var entries: [Ticket: Entry] = [:]
    private var deadlines = TicketDeadlines()
    /// By numbers that rise.
    private var audiences: [UInt64: Audience] = [:]
    private var lastAudience: UInt64 = 0
    private var numbers: [WatchAudience: UInt64] = [:]
    /// Audiences of one object by its key, and all others by their type, each in the order of their
    /// numbers, so that a change meets only those that may want it.
    private var byKey: [Key: [UInt64]] = [:]
    private var byResource: [ResourceName: [UInt64]] = [:]

    var count: Int { entries.count }
    var deadline: Instant? { deadlines.deadline }
    /// In order of their tickets.
    var tickets: [Ticket] { entries.keys.sorted() }

    mutating func insert(
        _ ticket: Ticket, _ stream: WatchStream, ends: Instant, nextBookmark: Instant?
    ) {
        let audience = audience(of: stream)
        audiences[audience]?.insert(ticket)
        let entry = Entry(
            ends: ends, nextBookmark: nextBookmark,
            audience: audience)
        entries[ticket] = entry
        schedule(ticket, entry)
    }

    /// The audience to which a watch belongs; a new one when it is the first.
    private mutating func audience(of stream: WatchStream) -> UInt64 {
        if let form = stream.audience, let number = numbers[form] { return number }
        lastAudience += 1
        audiences[lastAudience] = Audience(stream)
        if let form = stream.audience { numbers[form] = lastAudience }
        if let key = stream.onlyKey {
            byKey[key, default: []].append(lastAudience)
        } else {
            byResource[Self.name(stream.resource), default: []].append(lastAudience)
        }
        return lastAudience
    }

    mutating func remove(_ ticket: Ticket) {
        guard let entry = entries.removeValue(forKey: ticket) else { return }
        deadlines.cancel(ticket)
        if audiences[entry.audience]?.remove(ticket) == true { removeAudience(entry.audience) }
    }

    private mutating func removeAudience(_ number: UInt64) {
        guard let stream = audiences.removeValue(forKey: number)?.stream else { return }
        if let form = stream.audience { numbers[form] = nil }
        if let key = stream.onlyKey {
            byKey[key]?.removeAll { $0 == number }
            if byKey[key]?.isEmpty == true { byKey[key] = nil }
        } else {
            let name = Self.name(stream.resource)
            byResource[name]?.removeAll { $0 == number }
            if byResource[name]?.isEmpty == true { byResource[name] = nil }
        }
    }

    /// Audiences that a change of the key may concern.
    func watching(_ key: Key) -> [UInt64] {
        guard !entries.isEmpty else { return [] }
        let name = ResourceName(group: key.group, plural: key.resource)
        return (byResource[name] ?? []) + (byKey[key] ?? [])
    }

    mutating func popDue(at now: Instant) -> Ticket? { deadlines.popDue(at: now) }

    /// What an audience is told of a change, and who that is; nil when it does not hear of it.
    mutating func event(
        _ audience: UInt64, for events: inout SharedEvents, at wallTime: WallTime
    ) -> (tickets: [Ticket], bytes: [UInt8])? {
        audiences[audience]?.stream.wall = wallTime
        guard let bytes = audiences[audience]?.stream.event(&events),
            let tickets = audiences[audience]?.tickets
        else { return nil }
        return (tickets, bytes)
    }

    /// What tells a client that it has seen everything up to the revision.
    func bookmark(_ ticket: Ticket, _ revision: Revision) -> [UInt8] {
        guard let entry = entries[ticket] else { return [] }
        return audiences[entry.audience]?.stream.bookmark(revision) ?? []
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
