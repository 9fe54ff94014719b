/// A JSON Patch (RFC 6902). Errors are worded as those of the library behind Kubernetes' API.
public struct JSONPatch: Sendable, Equatable {
    /// One operation with its pointers split and unescaped (RFC 6901).
    public enum Operation: Sendable, Equatable {
        case add(Pointer, JSON)
        case remove(Pointer)
        case replace(Pointer, JSON)
        case move(from: Pointer, to: Pointer)
        case copy(from: Pointer, to: Pointer)
        case test(Pointer, JSON)
    }

    public let operations: [Operation]

    /// As many as Kubernetes allows.
    public static let operationsMax = 10_000
    /// Bounds what `copy` may add, so that a short patch cannot double a document forever.
    public static let copiedBytesMax = 3 * 1_024 * 1_024

    public init(operations: [Operation]) { self.operations = operations }

    public init(_ json: JSON) throws(PatchError) {
        guard let entries = json.array else {
            throw PatchError("cannot unmarshal a JSON patch: it must be an array of operations")
        }
        guard entries.count <= Self.operationsMax else {
            throw PatchError(
                "The allowed maximum operations in a JSON patch is \(Self.operationsMax), "
                    + "got \(entries.count)")
        }
        var operations: [Operation] = []
        for entry in entries { operations.append(try Self.operation(entry)) }
        self.operations = operations
    }

    private static func operation(_ json: JSON) throws(PatchError) -> Operation {
        let path = try Pointer(json["path"], in: "path")
        let kind = json["op"]?.string ?? "unknown"
        switch kind {
        case "add": return .add(path, try value(of: json))
        case "remove": return .remove(path)
        case "replace": return .replace(path, try value(of: json))
        case "move": return .move(from: try Pointer(json["from"], in: "from"), to: path)
        case "copy": return .copy(from: try Pointer(json["from"], in: "from"), to: path)
        case "test": return .test(path, json["value"] ?? .null)
        default: throw PatchError("Unexpected kind: \(kind)")
        }
    }

    private static func value(of json: JSON) throws(PatchError) -> JSON {
        guard let value = json["value"] else {
            throw PatchError("operation missing value field: missing value")
        }
        return value
    }

    /// Applies all operations in order, or none.
    public func apply(to document: JSON) throws(PatchError) -> JSON {
        var document = document
        var copied = 0
        for operation in operations {
            try Self.apply(operation, to: &document, copied: &copied)
        }
        return document
    }

    private static func apply(
        _ operation: Operation, to document: inout JSON, copied: inout Int
    ) throws(PatchError) {
        switch operation {
        case .add(let path, let value):
            try add(value, at: path, to: &document, verb: "add")
        case .remove(let path):
            try remove(at: path, from: &document, verb: "remove")
        case .replace(let path, let value):
            guard document[pointer: path.parent] != nil else {
                throw PatchError(
                    "replace operation does not apply: doc is missing path: \(path): missing value")
            }
            guard document[pointer: path] != nil else {
                throw PatchError(
                    "replace operation does not apply: doc is missing key: \(path): missing value")
            }
            try document.edit(path.names[...]) { place in place = value }
        case .move(let source, let path):
            guard !path.names.starts(with: source.names) || path == source else {
                throw PatchError("move operation does not apply: cannot move \(source) into itself")
            }
            guard let value = document[pointer: source] else {
                throw PatchError(
                    "move operation does not apply: doc is missing from path: \(source): "
                        + "missing value")
            }
            try remove(at: source, from: &document, verb: "move")
            try add(value, at: path, to: &document, verb: "move")
        case .copy(let source, let path):
            guard let value = document[pointer: source] else {
                throw PatchError(
                    "copy operation does not apply: doc is missing from path: \(source): "
                        + "missing value")
            }
            copied += value.bytes.count
            guard copied <= copiedBytesMax else {
                throw PatchError(
                    "Unable to copy, the accumulated size increase of copy is \(copied), "
                        + "exceeding the limit \(copiedBytesMax)")
            }
            try add(value, at: path, to: &document, verb: "copy")
        case .test(let path, let value):
            guard (document[pointer: path] ?? .null) == value else {
                throw PatchError("testing value \(path) failed: test failed")
            }
        }
    }

    private static func add(
        _ value: JSON, at path: Pointer, to document: inout JSON, verb: String
    ) throws(PatchError) {
        guard let name = path.names.last else {
            document = value
            return
        }
        guard document[pointer: path.parent]?.isContainer ?? false else {
            throw PatchError(
                "\(verb) operation does not apply: doc is missing path: \"\(path)\": missing value")
        }
        try document.edit(path.names.dropLast()) { (place) throws(PatchError) in
            guard case .array(var elements) = place else {
                place[name] = value
                return
            }
            let index = name == "-" ? elements.count : Pointer.index(name)
            guard let index, index <= elements.count else {
                throw PatchError(
                    "error in \(verb) for path: '\(path)': Unable to access invalid index: "
                        + "\(name): invalid index referenced")
            }
            elements.insert(value, at: index)
            place = .array(elements)
        }
    }

    private static func remove(
        at path: Pointer, from document: inout JSON, verb: String
    ) throws(PatchError) {
        guard let name = path.names.last, document[pointer: path.parent]?.isContainer ?? false
        else {
            throw PatchError(
                "\(verb) operation does not apply: doc is missing path: \"\(path)\": missing value")
        }
        try document.edit(path.names.dropLast()) { (place) throws(PatchError) in
            if case .array(var elements) = place {
                guard let index = Pointer.index(name), index < elements.count else {
                    throw PatchError(
                        "error in \(verb) for path: '\(path)': Unable to access invalid index: "
                            + "\(name): invalid index referenced")
                }
                elements.remove(at: index)
                place = .array(elements)
            } else {
                guard place[name] != nil else {
                    throw PatchError(
                        "error in \(verb) for path: '\(path)': Unable to remove nonexistent key: "
                            + "\(name): missing value")
                }
                place[name] = nil
            }
        }
    }
}

extension JSONPatch {
    /// An RFC 6901 pointer; without names it means the whole document.
    public struct Pointer: Sendable, Equatable, CustomStringConvertible {
        public let names: [String]

        public init(names: [String]) { self.names = names }

        public init(_ text: String) throws(PatchError) {
            guard text.isEmpty || text.hasPrefix("/") else {
                throw PatchError("JSON pointer must be empty or start with \"/\": \"\(text)\"")
            }
            names = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
                .map { Self.unescaped($0) }
        }

        fileprivate init(_ json: JSON?, in field: String) throws(PatchError) {
            guard let text = json?.string else {
                throw PatchError("operation missing \(field) field: missing value")
            }
            try self.init(text)
        }

        public var parent: Pointer { Pointer(names: names.dropLast()) }

        public var description: String {
            names.map { "/" + Self.replacing(Self.replacing($0, "~", "~0"), "/", "~1") }.joined()
        }

        /// An array index: digits without leading zeros.
        static func index(_ name: String) -> Int? {
            guard name == "0" || (name.utf8.first.map { (49...57).contains($0) } ?? false),
                name.utf8.allSatisfy({ (48...57).contains($0) })
            else { return nil }
            return Int(name)
        }

        private static func unescaped(_ name: Substring) -> String {
            replacing(replacing(String(name), "~1", "/"), "~0", "~")
        }

        private static func replacing(_ text: String, _ old: String, _ new: String) -> String {
            text.contains(old) ? text.split(separator: old, omittingEmptySubsequences: false)
                .joined(separator: new) : text
        }
    }
}

extension JSON {
    var isContainer: Bool {
        switch self {
        case .array, .object: true
        default: false
        }
    }

    public subscript(pointer pointer: JSONPatch.Pointer) -> JSON? {
        var value = self
        for name in pointer.names {
            let next =
                value.array != nil
                ? JSONPatch.Pointer.index(name).flatMap { value[$0] } : value[name]
            guard let next else { return nil }
            value = next
        }
        return value
    }

    /// Changes the value behind existing names; does nothing when one is missing.
    fileprivate mutating func edit(
        _ names: ArraySlice<String>, _ change: (inout JSON) throws(PatchError) -> Void
    ) throws(PatchError) {
        guard let name = names.first else { return try change(&self) }
        if case .array(var elements) = self {
            guard let index = JSONPatch.Pointer.index(name), elements.indices.contains(index)
            else { return }
            try elements[index].edit(names.dropFirst(), change)
            self = .array(elements)
        } else if var member = self[name] {
            try member.edit(names.dropFirst(), change)
            self[name] = member
        }
    }
}
