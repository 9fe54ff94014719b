import API
import Base
import Objects
import Store

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
            out.append(.watchBytes([ticket], stream.expired(oldest: store.revision)))
            out.append(.endWatch(ticket))
            return
        }
        if !bytes.isEmpty { out.append(.watchBytes([ticket], bytes)) }
        let bookmark = now + configuration.limits.bookmarkInterval
        watches.insert(
            ticket, stream, ends: now + .seconds(stream.timeoutSeconds),
            nextBookmark: stream.allowsBookmarks ? bookmark : nil)
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
        for audience in watches.watching(change.key) {
            if let told = watches.event(audience, for: &events, at: wallTime) {
                out.append(.watchBytes(told.tickets, told.bytes))
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
            out.append(.watchBytes([ticket], watches.bookmark(ticket, store.revision)))
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
