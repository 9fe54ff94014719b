import Base
import JSON
import Simulator
import Store
import Testing

@Suite struct WatchCheckerTests {
    /// Two registers are made at 7 and 8; then one changes, and at 10 both go.
    private let changes: ChangeLog = {
        var changes = ChangeLog()
        changes.append(change("a", 1, at: 7))
        changes.append(change("b", 1, at: 8))
        changes.append(change("a", 2, at: 9, after: 1))
        changes.append(change("a", nil, at: 10, after: 2))
        changes.append(change("b", nil, at: 10, after: 1))
        return changes
    }()

    @Test func `a watch that shows everything once and in order is well`() {
        var checker = WatchChecker(revision: 7, changes)
        #expect(checker.take(event("ADDED", "b", 1, at: 8), changes) == nil)
        #expect(checker.take(event("MODIFIED", "a", 2, at: 9), changes) == nil)
        #expect(checker.pending(changes) != nil)
        #expect(checker.take(event("DELETED", "a", 2, at: 10), changes) == nil)
        #expect(checker.take(event("DELETED", "b", 1, at: 10), changes) == nil)
        #expect(checker.pending(changes) == nil)
        #expect(checker.events == 4)
    }

    @Test func `a gap, a repetition and a stranger are found`() {
        var checker = WatchChecker(revision: 7, changes)
        var gap = checker
        #expect(gap.take(event("MODIFIED", "a", 2, at: 9), changes) != nil)
        var old = checker
        #expect(old.take(event("ADDED", "a", 1, at: 7), changes) != nil)
        #expect(checker.take(event("ADDED", "b", 1, at: 8), changes) == nil)
        #expect(checker.take(event("ADDED", "b", 1, at: 8), changes) != nil)
    }

    @Test func `another content and another type are found`() {
        var checker = WatchChecker(revision: 8, changes)
        var other = checker
        #expect(other.take(event("MODIFIED", "a", 3, at: 9), changes) != nil)
        #expect(checker.take(event("ADDED", "a", 2, at: 9), changes) != nil)
    }

    @Test func `half an event is lost with the connection and comes again`() {
        var checker = WatchChecker(revision: 7, changes)
        let bytes = event("ADDED", "b", 1, at: 8)
        #expect(checker.take(Array(bytes.prefix(20)), changes) == nil)
        checker.noteBreak()
        #expect(checker.lastRevision == 7)
        #expect(checker.take(bytes, changes) == nil)
    }

    @Test func `who goes on behind half a transaction has lost the other half`() {
        var checker = WatchChecker(revision: 9, changes)
        #expect(checker.take(event("DELETED", "a", 2, at: 10), changes) == nil)
        checker.noteBreak()
        var later = changes
        later.append(Self.change("c", 1, at: 11))
        #expect(checker.take(event("ADDED", "c", 1, at: 11), later) != nil)
    }

    @Test func `who goes on behind half a transaction is shown all of it once more`() {
        var checker = WatchChecker(revision: 9, changes)
        #expect(checker.take(event("DELETED", "a", 2, at: 10), changes) == nil)
        checker.noteBreak()
        #expect(checker.take(event("DELETED", "a", 2, at: 10), changes) == nil)
        #expect(checker.take(event("DELETED", "b", 1, at: 10), changes) == nil)
        #expect(checker.take(event("DELETED", "b", 1, at: 10), changes) != nil)
    }

    @Test func `a bookmark beyond a change that was not shown is found`() {
        var checker = WatchChecker(revision: 9, changes)
        #expect(checker.take(bookmark(9), changes) == nil)
        #expect(checker.take(bookmark(10), changes) != nil)
    }

    @Test func `an expiry before anything was forgotten is found`() {
        var checker = WatchChecker(revision: 9, changes)
        let status = #"{"type":"ERROR","object":{"kind":"Status","code":410}}"#
        #expect(checker.take(Array((status + "\n").utf8), changes) != nil)
        #expect(checker.isExpired)
    }

    @Test func `a list must be the sum of the changes up to its revision`() {
        let a = JSON.object(at: 9, "a", 2)
        let b = JSON.object(at: 8, "b", 1)
        #expect(changes.difference(of: [a, b], at: 9) == nil)
        #expect(changes.difference(of: [a], at: 9) != nil)
        #expect(changes.difference(of: [JSON.object(at: 7, "a", 1), b], at: 9) != nil)
        #expect(changes.difference(of: [a, b], at: 10) != nil)
        #expect(changes.difference(of: [], at: 10) == nil)
    }

    private static func change(
        _ name: String, _ value: Int?, at revision: UInt64, after before: Int? = nil
    ) -> Change {
        func document(_ value: Int) -> Document {
            Document(
                bytes: JSON.object(at: nil, name, value).bytes,
                createRevision: Revision(revision), modRevision: Revision(revision))
        }
        return Change(
            revision: Revision(revision),
            key: Key(group: "", resource: "configmaps", namespace: "load", name: name),
            document: value.map(document), previous: before.map(document))
    }

    private func event(_ type: String, _ name: String, _ value: Int, at revision: Int) -> [UInt8] {
        line(type, JSON.object(at: revision, name, value))
    }

    private func bookmark(_ revision: Int) -> [UInt8] {
        line("BOOKMARK", ["metadata": ["resourceVersion": .string("\(revision)")]])
    }

    private func line(_ type: String, _ object: JSON) -> [UInt8] {
        let event: JSON = ["type": .string(type), "object": object]
        return event.bytes + [UInt8(ascii: "\n")]
    }
}

extension JSON {
    /// A register as the API shows it, or as it is stored when there is no revision.
    fileprivate static func object(at revision: Int?, _ name: String, _ value: Int) -> JSON {
        var metadata: JSON = ["name": .string(name)]
        if let revision { metadata["resourceVersion"] = .string("\(revision)") }
        return ["kind": "ConfigMap", "metadata": metadata, "data": ["value": .string("\(value)")]]
    }
}
