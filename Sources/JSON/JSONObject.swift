/// The members of a JSON object in the order of the text, with unique names.
///
/// Objects of manifests are small, so a lookup scans; past ``indexThreshold`` members an index
/// is kept, so that a hostile document of a million names costs no quadratic time.
public struct JSONObject: Sendable {
    private var members: [(name: String, value: JSON)] = []
    private var index: [String: Int]?

    private static let indexThreshold = 16

    public init() {}

    /// Later members replace earlier ones of the same name.
    public init(_ members: some Sequence<(String, JSON)>) {
        for (name, value) in members { self[name] = value }
    }

    /// - Parameter members: with different names.
    init(distinct members: [(name: String, value: JSON)]) {
        self.members = members
        if members.count > Self.indexThreshold { rebuildIndex() }
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }
    public var names: [String] { members.map(\.name) }

    public subscript(name: String) -> JSON? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                rebuildIndex()
            case (nil, let value?):
                members.append((name, value))
                if index != nil {
                    index?[name] = members.count - 1
                } else if members.count > Self.indexThreshold {
                    rebuildIndex()
                }
            case (nil, nil):
                break
            }
        }
        _modify {
            let place = position(of: name)
            var value: JSON?
            if let place {
                // Held here alone, so that a change deep inside copies nothing on the way there.
                value = members[place].value
                members[place].value = .null
            }
            defer {
                if let place, let value {
                    members[place].value = value
                } else {
                    self[name] = value
                }
            }
            yield &value
        }
    }

    private func position(of name: String) -> Int? {
        if let index { return index[name] }
        for position in members.indices where members[position].name == name {
            return position
        }
        return nil
    }

    private mutating func rebuildIndex() {
        guard members.count > Self.indexThreshold else {
            index = nil
            return
        }
        var fresh: [String: Int] = [:]
        for (position, member) in members.enumerated() { fresh[member.name] = position }
        index = fresh
    }
}

extension JSONObject {
    /// Whether every member satisfies a condition. Cheaper than a loop: no member is copied.
    public func holdsForAll(_ condition: (String, JSON) -> Bool) -> Bool {
        for position in members.indices
        where !condition(members[position].name, members[position].value) { return false }
        return true
    }
}

extension JSONObject: Sequence {
    public func makeIterator() -> IndexingIterator<[(name: String, value: JSON)]> {
        members.makeIterator()
    }
}

extension JSONObject: Equatable {
    /// Order does not matter to equality, as in RFC 8259.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        for position in left.members.indices {
            // Nearly always the order is the same.
            if left.members[position].name == right.members[position].name {
                guard left.members[position].value == right.members[position].value else {
                    return false
                }
                continue
            }
            guard let other = right.position(of: left.members[position].name),
                right.members[other].value == left.members[position].value
            else { return false }
        }
        return true
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}

extension JSONObject {
    /// Collects members in the order of a text; of two with one name the later value wins, at
    /// the place of the earlier.
    public struct Builder {
        public private(set) var object = JSONObject()

        public init() {}

        /// True when the name was there already.
        public mutating func append(_ name: consuming String, _ value: consuming JSON) -> Bool {
            if object.members.isEmpty { object.members.reserveCapacity(4) }
            if let position = object.position(of: name) {
                object.members[position].value = value
                return true
            }
            if object.index != nil { object.index?[copy name] = object.members.count }
            object.members.append((name, value))
            if object.index == nil, object.members.count > JSONObject.indexThreshold {
                object.rebuildIndex()
            }
            return false
        }
    }
}
