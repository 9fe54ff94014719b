import Base
import Yams

/// What is wrong in a configuration file, and where: `FILE:LINE:COLUMN: message`.
package struct ConfigurationError: Error, CustomStringConvertible, Equatable {
    package let file: String
    package let line: Int?
    package let column: Int?
    package let message: String

    package var description: String {
        switch (line, column) {
        case (let line?, let column?): "\(file):\(line):\(column): \(message)"
        default: "\(file): \(message)"
        }
    }
}

/// Walks one YAML mapping and remembers which of its fields were asked for, so that a field
/// that nobody knows is refused with its place and the nearest known name.
final class ConfigurationReader {
    private let file: String
    private let path: String
    private let mapping: Node.Mapping?
    private var known: [String] = []

    init(file: String, path: String = "", node: Node?) throws(ConfigurationError) {
        self.file = file
        self.path = path
        switch node {
        case nil:
            mapping = nil
        case .mapping(let mapping):
            self.mapping = mapping
        case .scalar(let scalar) where scalar.string.isEmpty || scalar.string == "null":
            mapping = nil
        case let node?:
            throw Self.error(file, node, "\(path.isEmpty ? "the file" : path) must be a mapping")
        }
    }

    func string(_ name: String, or fallback: String) throws(ConfigurationError) -> String {
        guard let node = node(name) else { return fallback }
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
            throw Self.error(file, node, "\(path)\(name) must be a text")
        }
        return scalar.string
    }

    func required(_ name: String) throws(ConfigurationError) -> String {
        let value = try string(name, or: "")
        guard !value.isEmpty else {
            let place = mapping.flatMap(\.mark)
            throw ConfigurationError(
                file: file, line: place?.line, column: place?.column,
                message: "\(path)\(name) is missing; give it a value")
        }
        return value
    }

    func integer(
        _ name: String, or fallback: Int, in range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int {
        guard let node = node(name) else { return fallback }
        guard case .scalar(let scalar) = node, let value = Int(scalar.string),
            range.contains(value)
        else {
            throw Self.error(
                file, node,
                "\(path)\(name) must be a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        return value
    }

    func bool(_ name: String, or fallback: Bool) throws(ConfigurationError) -> Bool {
        guard let node = node(name) else { return fallback }
        guard let value = node.bool else {
            throw Self.error(file, node, "\(path)\(name) must be true or false")
        }
        return value
    }

    func strings(_ name: String) throws(ConfigurationError) -> [String] {
        guard let node = node(name) else { return [] }
        guard case .sequence(let sequence) = node else {
            throw Self.error(file, node, "\(path)\(name) must be a list of texts")
        }
        var values: [String] = []
        for element in sequence {
            guard case .scalar(let scalar) = element else {
                throw Self.error(file, element, "\(path)\(name) must be a list of texts")
            }
            values.append(scalar.string)
        }
        return values
    }

    /// Checks the value of a text field and refuses it at its own place in the file.
    func check(
        _ name: String, _ isValid: Bool, _ requirement: String
    ) throws(ConfigurationError) {
        guard !isValid, let node = mapping?[Node(name)] else { return }
        throw Self.error(file, node, "\(path)\(name) \(requirement)")
    }

    /// Reads a nested mapping; an absent one reads as an empty one.
    func section(
        _ name: String, _ read: (ConfigurationReader) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        let reader = try ConfigurationReader(
            file: file, path: "\(path)\(name).", node: node(name))
        try read(reader)
        try reader.finish()
    }

    /// Refuses the first field that was never asked for.
    func finish() throws(ConfigurationError) {
        guard let mapping else { return }
        for (key, _) in mapping where !known.contains(key.string ?? "") {
            let name = key.string ?? "?"
            let nearest = known.min { editDistance($0, name) < editDistance($1, name) }
            let hint = nearest.map { "; did you mean \"\(path)\($0)\"?" } ?? ""
            throw Self.error(file, key, "unknown field \"\(path)\(name)\"\(hint)")
        }
    }

    private func node(_ name: String) -> Node? {
        known.append(name)
        return mapping?[Node(name)]
    }

    private static func error(_ file: String, _ node: Node, _ message: String)
        -> ConfigurationError
    {
        ConfigurationError(
            file: file, line: node.mark?.line, column: node.mark?.column, message: message)
    }
}

/// Levenshtein's distance over characters; names are short, so two rows suffice.
func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.lowercased())
    let right = Array(right.lowercased())
    var previous = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            let substitution = previous[column] + (character == other ? 0 : 1)
            current.append(min(previous[column + 1] + 1, current[column] + 1, substitution))
        }
        previous = current
    }
    return previous[right.count]
}
