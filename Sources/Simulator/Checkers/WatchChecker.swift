import Base
import JSON

/// Whether a client's watch, continued over breaks and on other machines, shows every change of
/// the registers once and in order: values count up by one, and revisions only rise.
package struct WatchChecker {
    private(set) var lastRevision: UInt64
    private var values: [String: Int]
    private(set) var events = 0
    private var partial: [UInt8] = []
    /// The server has forgotten what the client is owed; it must list again.
    package private(set) var isExpired = false

    /// - Parameter listed: the registers as the list showed them, at that revision.
    package init(listed: [String: Int], revision: UInt64) {
        values = listed
        lastRevision = revision
    }

    /// The connection broke; half a line is lost with it.
    package mutating func noteBreak() { partial = [] }

    /// The rule that the bytes break, or nil.
    package mutating func take(_ bytes: [UInt8]) -> String? {
        partial += bytes
        while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(partial[..<end])
            partial.removeSubrange(...end)
            if line.isEmpty { continue }
            guard let event = try? JSON(parsing: line) else { return "a watch sent no JSON" }
            if let rule = take(event) { return rule }
        }
        return nil
    }

    private mutating func take(_ event: JSON) -> String? {
        let object = event["object"] ?? [:]
        let type = event["type"]?.string ?? ""
        if type == "ERROR" {
            isExpired = true
            return nil
        }
        guard let name = object["metadata"]?["name"]?.string ?? Optional(""),
            let revision = object["metadata"]?["resourceVersion"]?.string.flatMap({ UInt64($0) })
        else { return "a watch event has no resourceVersion" }
        if type == "BOOKMARK" {
            guard revision >= lastRevision else { return "a bookmark goes back to \(revision)" }
            lastRevision = revision
            return nil
        }
        guard revision > lastRevision else {
            return "a watch shows revision \(revision) after \(lastRevision)"
        }
        lastRevision = revision
        events += 1
        guard let text = object["data"]?["value"]?.string, let value = Int(text) else { return nil }
        if let before = values[name], value != before + 1 {
            return "a watch shows register \(name) going from \(before) to \(value)"
        }
        values[name] = value
        return nil
    }
}
