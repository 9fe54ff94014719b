import JSON

/// Shorthands for rules, which treat a missing field as Go does: as its zero value.
extension JSON {
    /// The string of a member; empty when there is none.
    func text(_ name: String) -> String { self[name]?.string ?? "" }

    /// The elements of a member; none when it is missing.
    func list(_ name: String) -> [JSON] { self[name]?.array ?? [] }

    /// Whether a member is there and true.
    func flag(_ name: String) -> Bool { self[name]?.bool ?? false }

    /// The members of an object; none when it is no object.
    var members: JSONObject { object ?? JSONObject() }

    /// The names of `candidates` that are members, in their order.
    func present(of candidates: [String]) -> [String] {
        // Objects are small and candidates many.
        var found: [String] = []
        for (name, value) in members where !value.isNull && candidates.contains(name) {
            found.append(name)
        }
        return found.count > 1 ? candidates.filter(found.contains) : found
    }

    /// Changes a member in place, if it is there.
    mutating func update(_ name: String, _ change: (inout JSON) -> Void) {
        guard var value = self[name] else { return }
        self[name] = .null  // So that the value is held once and changed in place.
        change(&value)
        self[name] = value
    }

    /// Changes every element of a member that is a list.
    mutating func updateEach(_ name: String, _ change: (inout JSON) -> Void) {
        update(name) { value in
            guard case .array(var elements) = value else { return }
            value = .null
            for index in elements.indices { change(&elements[index]) }
            value = .array(elements)
        }
    }
}
