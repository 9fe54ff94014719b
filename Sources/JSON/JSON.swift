/// A JSON document as a value (RFC 8259).
///
/// Kubernetes documents are trees of unknown shape until a schema has looked at them, so
/// this is the form in which they are checked, defaulted, patched and viewed. A stored document
/// stays bytes; this value is made when a document is written or when code needs its fields.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other finite number.
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    public var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    public var integer: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    public var array: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    public var object: JSONObject? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    public var isNull: Bool {
        if case .null = self { return true }
        return false
    }

    /// The member of that name, or nil when there is none or this is no object. Assigning nil
    /// removes the member; assigning to a value that is no object makes it one.
    public subscript(name: String) -> JSON? {
        get { object?[name] }
        set {
            var members: JSONObject
            if case .object(let existing) = self {
                members = existing
                self = .null  // Gives up this reference, so that the write below is in place.
            } else {
                members = JSONObject()
            }
            members[name] = newValue
            self = .object(members)
        }
        _modify {
            if case .object(var members) = self {
                self = .null
                defer { self = .object(members) }
                yield &members[name]
            } else {
                var member: JSON?
                defer { if let member { self = .object([name: member]) } }
                yield &member
            }
        }
    }

    /// The value behind a path of member names, or nil.
    public subscript(path names: [String]) -> JSON? {
        get {
            var value = self
            for name in names {
                guard let member = value[name] else { return nil }
                value = member
            }
            return value
        }
        set { set(names[...], newValue) }
    }

    private mutating func set(_ names: ArraySlice<String>, _ value: JSON?) {
        guard let first = names.first else {
            self = value ?? .null
            return
        }
        let rest = names.dropFirst()
        guard !rest.isEmpty else {
            self[first] = value
            return
        }
        if self[first] == nil {
            if value == nil { return }
            self[first] = .object([:])
        }
        self[first]?.set(rest, value)
    }

    /// The element at that position, or nil when there is none or this is no array.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements))
    }
    public init(nilLiteral: ()) { self = .null }
}
