/// A file of variables in a volume (`env[].valueFrom.fileKeyRef`): `NAME='value'` on each line, or
/// the value over several lines. Blank lines and those that begin with `#` are passed over.
package struct EnvironmentFile: Sendable, Equatable {
    /// The text is no such file: where, and what is wrong.
    package struct Malformed: Error, Equatable {
        package let line: Int
        package let reason: String
    }

    private let values: [String: String]

    package init(_ bytes: [UInt8]) throws(Malformed) {
        var values: [String: String] = [:]
        var rest = bytes[...]
        var line = 1
        while !rest.isEmpty {
            let start = rest.prefix { $0 != UInt8(ascii: "\n") }
            let first = start.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if first.isEmpty || first.first == UInt8(ascii: "#") {
                rest = rest.dropFirst(start.count + 1)
                line += 1
                continue
            }
            let (name, value, after) = try Self.entry(rest, line)
            values[name] = String(decoding: value, as: UTF8.self)
            line += value.count { $0 == UInt8(ascii: "\n") } + 1
            rest = after
        }
        self.values = values
    }

    package subscript(name: String) -> String? { values[name] }

    private static func entry(
        _ text: ArraySlice<UInt8>, _ line: Int
    ) throws(Malformed) -> (name: String, value: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
        let head = text.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\n") }
        let name = String(decoding: head, as: UTF8.self)
        guard !name.isEmpty, head.endIndex < text.endIndex, text[head.endIndex] != 10,
            !name.contains(where: \.isWhitespace)
        else { throw Malformed(line: line, reason: "expected NAME='value'") }
        let quoted = text[(head.endIndex + 1)...]
        guard quoted.first == UInt8(ascii: "'") else {
            throw Malformed(line: line, reason: "the value is not in single quotes")
        }
        let value = quoted.dropFirst().prefix { $0 != UInt8(ascii: "'") }
        guard value.endIndex < text.endIndex else {
            throw Malformed(line: line, reason: "the value has no closing quote")
        }
        let rest = text[(value.endIndex + 1)...]
        let tail = rest.prefix { $0 != UInt8(ascii: "\n") }
        guard tail.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == 13 })
        else { throw Malformed(line: line, reason: "text behind the closing quote") }
        return (name, value, rest.dropFirst(tail.count + 1))
    }
}

/// Names a file of variables by its volume and the path in it.
struct EnvironmentFileName: Hashable, Sendable {
    let volume: String
    let path: String
}
