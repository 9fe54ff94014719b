package import Base
package import JSON

extension TableColumn {
    static let name = TableColumn(
        "Name", format: "name", "Name of the object, unique in its namespace.")
    static let age = TableColumn("Age", "Time since the object was created.")
}

extension JSON {
    /// The cell of an object's name.
    var name: JSON { self["metadata"]?["name"] ?? "" }

    /// The cell of an object's age.
    func age(at now: WallTime) -> JSON {
        .string(HumanDuration.since(self["metadata"]?["creationTimestamp"], now: now))
    }
}

/// Spans of time as `kubectl` prints them (`k8s.io/apimachinery/pkg/util/duration`).
package enum HumanDuration {
    /// The time since a timestamp; `<unknown>` without one.
    package static func since(_ timestamp: JSON?, now: WallTime) -> String {
        guard let text = timestamp?.string, let then = WallTime(rfc3339: text) else {
            return "<unknown>"
        }
        return describe(seconds: (now - then).nanoseconds / 1_000_000_000)
    }

    /// Two units at most, and fewer the longer the span is.
    package static func describe(seconds: Int64) -> String {
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if hours < 192 { return pair(days, "d", hours % 24, "h") }
        if hours < 8_760 * 2 { return "\(days)d" }
        if hours < 8_760 * 8 { return pair(days / 365, "y", days % 365, "d") }
        return "\(days / 365)y"
    }

    private static func pair(
        _ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String
    ) -> String {
        small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
    }
}

extension String {
    /// The cell of a text that may be missing.
    var orNone: JSON { isEmpty ? "<none>" : .string(self) }

    /// The cell of something that should be known.
    var orUnknown: JSON { isEmpty ? "<unknown>" : .string(self) }
}

extension JSON {
    /// Labels or a selector's `matchLabels`, sorted: `a=b,c=d`.
    var labelText: JSON {
        members.sorted { $0.name < $1.name }
            .map { "\($0.name)=\($0.value.string ?? "")" }.joined(separator: ",").orNone
    }

    /// A LabelSelector in the form of `kubectl -l`.
    var labelSelectorText: JSON {
        var parts = (self["matchLabels"] ?? [:]).members.map {
            (key: $0.name, text: "\($0.name)=\($0.value.string ?? "")")
        }
        for expression in list("matchExpressions") {
            let key = expression.text("key")
            let values = expression.list("values").compactMap(\.string).sorted()
                .joined(separator: ",")
            switch expression.text("operator") {
            case "In": parts.append((key, "\(key) in (\(values))"))
            case "NotIn": parts.append((key, "\(key) notin (\(values))"))
            case "Exists": parts.append((key, key))
            case "DoesNotExist": parts.append((key, "!\(key)"))
            default: break
            }
        }
        return parts.sorted { $0.key < $1.key }.map(\.text).joined(separator: ",").orNone
    }

    /// A member that counts something; zero when it is missing.
    func count(_ name: String) -> Int64 { self[name]?.integer ?? 0 }
}
