import Base
import JSON

/// Whether a client's watch, continued over breaks and on other machines, shows every change
/// once, in order, and truly. The truth is the ``ChangeLog``.
///
/// A client that goes on behind a break names the last revision that it saw, and takes that for
/// everything up to it. A server that has shown it one of two changes of a revision must therefore
/// show all of them again; only these may come twice.
package struct WatchChecker: Sendable {
    /// What the client names when it goes on.
    package private(set) var lastRevision: UInt64
    /// How many changes it has been shown.
    package private(set) var events = 0
    /// The server has forgotten what the client is owed; it must list again.
    package private(set) var isExpired = false
    /// The place in the log of the next change that it is owed.
    private var next: Int
    private var since: UInt64
    /// The place of the next change that may come again, as the connection is a new one.
    private var again: Int?
    /// Nothing has been shown since the client began, or went on.
    private var isContinued = true
    private var continuedAt: UInt64
    private var partial: [UInt8] = []

    /// - Parameter revision: that of the list with which the client began.
    package init(revision: UInt64, _ changes: ChangeLog) {
        lastRevision = revision
        continuedAt = revision
        next = changes.position(after: revision)
        since = changes.since
    }

    /// The connection broke; half a line is lost with it.
    package mutating func noteBreak() {
        partial = []
        again = nil
        isContinued = true
        continuedAt = lastRevision
    }

    /// The rule that the bytes break, or nil.
    package mutating func take(_ bytes: [UInt8], _ changes: ChangeLog) -> String? {
        resume(changes)
        partial += bytes
        while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(partial[..<end])
            partial.removeSubrange(...end)
            if line.isEmpty { continue }
            guard let event = try? JSON(parsing: line) else { return "a watch sent no JSON" }
            if let rule = take(event, changes) { return rule }
        }
        return nil
    }

    /// What the watch still owes, in words.
    package func pending(_ changes: ChangeLog) -> String? {
        guard since == changes.since, next < changes.entries.count else { return nil }
        let entry = changes.entries[next]
        return "it has not shown \(entry.type) \(entry.name) at \(entry.revision)"
    }

    /// The server says that what the client is owed is forgotten, which must be so somewhere.
    package func expiry(_ changes: ChangeLog) -> String? {
        guard lastRevision >= changes.forgotten, since == changes.since else { return nil }
        return "a watch from \(lastRevision) has expired, and changes are forgotten only up to "
            + "\(changes.forgotten)"
    }

    private mutating func take(_ event: JSON, _ changes: ChangeLog) -> String? {
        let object = event["object"] ?? [:]
        let type = event["type"]?.string ?? ""
        if type == "ERROR" {
            isExpired = true
            guard object["code"]?.integer == 410 else { return "a watch failed: \(object)" }
            return expiry(changes)
        }
        guard let revision = object["metadata"]?["resourceVersion"]?.string.flatMap({ UInt64($0) })
        else { return "a watch event has no resourceVersion" }
        guard revision >= lastRevision else {
            return "a watch shows \(type) at \(revision) after \(lastRevision)"
        }
        lastRevision = revision
        let owed = next < changes.entries.count ? changes.entries[next] : nil
        if type == "BOOKMARK" {
            guard let owed, owed.revision <= revision else { return nil }
            return "a watch was told to be at \(revision), and was not shown \(owed.type) "
                + "\(owed.name) at \(owed.revision)"
        }
        let name = object["metadata"]?["name"]?.string ?? ""
        if isRepetition(type, name, revision, changes) { return nil }
        guard let owed, owed.revision == revision, owed.name == name, owed.type == type else {
            let words = owed.map { "\($0.type) \($0.name) at \($0.revision)" } ?? "nothing"
            return "a watch shows \(type) \(name) at \(revision), and owes \(words)"
        }
        guard ChangeLog.isEqual(object, owed.document) else {
            return "a watch shows \(type) \(name) at \(revision) with another content"
        }
        next += 1
        events += 1
        return nil
    }

    /// Whether the event shows once more, in order, what the revision of the break holds.
    private mutating func isRepetition(
        _ type: String, _ name: String, _ revision: UInt64, _ changes: ChangeLog
    ) -> Bool {
        if isContinued {
            isContinued = false
            let first = revision == 0 ? 0 : changes.position(after: revision - 1)
            let count = changes.position(after: revision) - first
            again = revision == continuedAt && count > 1 ? first : nil
        }
        guard let place = again, place < next else {
            again = nil
            return false
        }
        let entry = changes.entries[place]
        guard entry.revision == revision, entry.name == name, entry.type == type else {
            again = nil
            return false
        }
        again = place + 1
        return true
    }

    /// What was not recorded cannot be compared; the watch is followed from here on.
    private mutating func resume(_ changes: ChangeLog) {
        guard since != changes.since else { return }
        since = changes.since
        next = changes.position(after: lastRevision)
    }
}
