/// A set of places in a document, as server-side apply keeps for each manager
/// (`structured-merge-diff`'s `fieldpath.Set`). Its JSON form is `metav1.FieldsV1`.
///
/// A node of the tree may be in the set itself (`isMember`) and may have children.
public struct FieldSet: Sendable, Equatable {
    public var isMember = false
    public private(set) var children: [PathElement: FieldSet] = [:]

    /// One step from a value to a part of it, held in the text of `FieldsV1`: `f:name` for a
    /// member, `k:{…}` for a list element by its keys, `v:…` for an element of a set and `i:0` for
    /// a position.
    public struct PathElement: Hashable, Comparable, Sendable, CustomStringConvertible {
        public let text: String

        public static func field(_ name: String) -> PathElement { PathElement(text: "f:" + name) }
        public static func value(_ value: JSON) -> PathElement {
            PathElement(text: "v:" + value.text)
        }
        /// The keys' values; the order of the pairs does not matter.
        public static func key(_ pairs: [(name: String, value: JSON)]) -> PathElement {
            let sorted = pairs.sorted { $0.name < $1.name }
            return PathElement(text: "k:" + JSON.object(JSONObject(sorted.map { ($0, $1) })).text)
        }

        /// Reads a member name of `FieldsV1`; nil when it is none.
        public init?(parsing text: String) {
            let body = String(text.dropFirst(2))
            if text.hasPrefix("f:") {
                self.text = text
            } else if text.hasPrefix("k:"), let json = try? JSON(parsing: body),
                let pairs = json.object
            {
                self = .key(pairs.map { ($0.name, $0.value) })
            } else if text.hasPrefix("v:"), let json = try? JSON(parsing: body) {
                self = .value(json)
            } else if text.hasPrefix("i:"), Int(body) != nil {
                self.text = text
            } else {
                return nil
            }
        }

        private init(text: String) { self.text = text }

        public var fieldName: String? {
            text.hasPrefix("f:") ? String(text.dropFirst(2)) : nil
        }

        public static func < (left: PathElement, right: PathElement) -> Bool {
            left.text < right.text
        }

        /// The form in conflict messages: `.name`, `[name="web"]`, `["value"]` or `[0]`.
        public var description: String {
            let body = String(text.dropFirst(2))
            switch text.utf8.first {
            case UInt8(ascii: "f"): return "." + body
            case UInt8(ascii: "k"):
                let pairs = (try? JSON(parsing: body))?.object ?? JSONObject()
                let texts = pairs.map { "\($0.name)=\($0.value.text)" }
                return "[" + texts.joined(separator: ",") + "]"
            default: return "[\(body)]"
            }
        }
    }

    public typealias Path = [PathElement]

    public init() {}

    public init(paths: [Path]) {
        for path in paths { insert(path) }
    }

    /// The set of the members along a path of names, for instance `["metadata", "name"]`.
    public init(fields: [[String]]) {
        self.init(paths: fields.map { $0.map(PathElement.field) })
    }

    public var isEmpty: Bool {
        !isMember && children.values.allSatisfy(\.isEmpty)
    }

    public subscript(element: PathElement) -> FieldSet? {
        get { children[element] }
        set { children[element] = newValue.flatMap { $0.isEmpty ? nil : $0 } }
    }

    public mutating func insert(_ path: Path) {
        guard let first = path.first else {
            isMember = true
            return
        }
        children[first, default: FieldSet()].insert(Array(path.dropFirst()))
    }

    /// Adds all fields of a set below a path.
    public mutating func insert(_ set: FieldSet, at path: Path) {
        guard let first = path.first else {
            self = isEmpty ? set : union(set)
            return
        }
        children[first, default: FieldSet()].insert(set, at: Array(path.dropFirst()))
    }

    public func contains(_ path: Path) -> Bool {
        guard let first = path.first else { return isMember }
        return children[first]?.contains(Array(path.dropFirst())) ?? false
    }

    public func union(_ other: FieldSet) -> FieldSet {
        var result = self
        result.isMember = isMember || other.isMember
        for (element, child) in other.children {
            result[element] = result.children[element].map { $0.union(child) } ?? child
        }
        return result
    }

    /// The members that are in both.
    public func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.isMember = isMember && other.isMember
        for (element, child) in children {
            result[element] = other.children[element].map(child.intersection)
        }
        return result
    }

    /// The members that are not in the other set.
    public func subtracting(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.isMember = isMember && !other.isMember
        for (element, child) in children {
            result[element] = other.children[element].map(child.subtracting) ?? child
        }
        return result
    }

    /// Without the members of the other set and everything below them.
    public func removing(subtrees other: FieldSet) -> FieldSet {
        guard !other.isMember else { return FieldSet() }
        var result = FieldSet()
        result.isMember = isMember
        for (element, child) in children {
            result[element] = other.children[element].map { child.removing(subtrees: $0) } ?? child
        }
        return result
    }

    /// All members, in the order of their text.
    public var paths: [Path] {
        var result: [Path] = isMember ? [[]] : []
        for (element, child) in sortedChildren {
            result += child.paths.map { [element] + $0 }
        }
        return result
    }

    public var sortedChildren: [(key: PathElement, value: FieldSet)] {
        children.sorted { $0.key < $1.key }
    }

    /// `FieldsV1`: `{"f:metadata":{"f:labels":{".":{},"f:app":{}}}}`.
    public var json: JSON {
        var object = JSONObject()
        if isMember, !children.isEmpty { object["."] = .object([:]) }
        for (element, child) in sortedChildren { object[element.text] = child.json }
        return .object(object)
    }

    /// Reads `FieldsV1`; members that are no path elements are passed over.
    public init(json: JSON) {
        guard let object = json.object else { return }
        for (name, value) in object {
            guard name != "." else {
                isMember = true
                continue
            }
            guard let element = PathElement(parsing: name) else { continue }
            var child = FieldSet(json: value)
            if child.children.isEmpty { child.isMember = true }
            children[element] = child
        }
    }
}

extension [FieldSet.PathElement] {
    /// `.spec.template.spec.containers[name="web"].image`.
    public var fieldPath: String { map(\.description).joined() }
}
