import Base
package import JSON
package import Store

/// All changes of some documents, as the first machine to apply each showed them: what every
/// watch must tell and every list must add up to.
package struct ChangeLog: Sendable {
    package struct Entry: Sendable {
        package var revision: UInt64
        package var name: String
        /// As a watch calls it: ADDED, MODIFIED or DELETED.
        package var type: String
        /// What a watch shows of it: the document, or the one that was deleted. Nothing has a
        /// resourceVersion here.
        package var document: [UInt8]
    }

    private let range: KeyRange
    /// In the order in which they happened; one revision may have several.
    package private(set) var entries: [Entry] = []
    /// Changes after this revision are known, up to ``through``.
    package private(set) var since: UInt64 = 0
    package private(set) var through: UInt64 = 0
    /// The highest revision up to which some machine has ever forgotten changes.
    package private(set) var forgotten: UInt64 = 0

    package init(
        range: KeyRange = .namespace(
            group: "", resource: "configmaps", namespace: Requests.namespace)
    ) {
        self.range = range
    }

    /// A machine's Store after a step. Costs a comparison when it has nothing new.
    package mutating func note(_ timeline: StoreTimeline) {
        let revision = timeline.snapshot.revision.number
        guard revision > through else { return }
        forgotten = max(forgotten, timeline.history.compacted.number)
        switch timeline.changes(after: Revision(through), in: range, limit: .max) {
        case .changes(let changes, _): for change in changes { append(change) }
        case .compacted:
            // A snapshot took a machine past what anybody else has shown.
            entries = []
            since = revision
        }
        through = revision
    }

    package mutating func append(_ change: Change) {
        let document = change.document ?? change.previous
        let type =
            change.document == nil ? "DELETED" : change.previous == nil ? "ADDED" : "MODIFIED"
        entries.append(
            Entry(
                revision: change.revision.number, name: change.key.name, type: type,
                document: document?.bytes ?? []))
        through = max(through, change.revision.number)
    }

    /// The place of the first change behind a revision.
    package func position(after revision: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].revision > revision { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// In what a list at a revision is not the sum of all changes up to there; nil when it is.
    package func difference(of items: [JSON], at revision: UInt64) -> String? {
        guard since == 0, revision <= through else { return nil }
        var wanted: [String: Entry] = [:]
        for entry in entries[..<position(after: revision)] {
            wanted[entry.name] = entry.type == "DELETED" ? nil : entry
        }
        for item in items {
            let name = item["metadata"]?["name"]?.string ?? ""
            guard let entry = wanted.removeValue(forKey: name) else {
                return "a list at revision \(revision) has \(name), which is not there"
            }
            let version = item["metadata"]?["resourceVersion"]?.string
            guard version == String(entry.revision), Self.isEqual(item, entry.document) else {
                return "a list at revision \(revision) shows \(name) as of \(version ?? "-"); "
                    + "it changed last at \(entry.revision)"
            }
        }
        return wanted.keys.min().map { "a list at revision \(revision) lacks \($0)" }
    }

    /// Whether an object that a client saw is the document, but for its resourceVersion.
    static func isEqual(_ object: JSON, _ document: [UInt8]) -> Bool {
        guard let stored = try? JSON(parsing: document) else { return false }
        var object = object
        object[path: ["metadata", "resourceVersion"]] = nil
        return object == stored
    }
}
