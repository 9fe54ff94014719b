package import JSON

extension ObjectSchema {
    /// Fills in the declared defaults, in the document and in every object that it holds. A field
    /// that is missing, null or an empty string counts as left out.
    package func applyDefaults(_ document: inout JSON) {
        if let completed = completed(document) { document = completed }
    }

    /// The document with what it leaves out, or nil when nothing is missing. Most documents that
    /// are written are complete already, and are not copied then.
    fileprivate func completed(_ document: JSON) -> JSON? {
        guard !defaultedFields.isEmpty, case .object(let members) = document else { return nil }
        var result: JSONObject?
        for field in defaultedFields {
            let change: JSON?
            if let value = members[field.name], !field.isLeftOut(value) {
                change = field.holdsDefaults ? field.schema.completed(value) : nil
            } else {
                change = field.default
            }
            guard let change else { continue }
            var members = result ?? members
            result = nil  // So that the members are held once and changed in place.
            members[field.name] = change
            result = members
        }
        return result.map(JSON.object)
    }
}

extension Schema {
    /// As ``ObjectSchema/applyDefaults(_:)``; nil when nothing is missing.
    func completed(_ value: JSON) -> JSON? {
        switch self {
        case .object(let type):
            return type.completed(value)
        case .list(let element, _):
            guard element.holdsDefaults, case .array(let elements) = value else { return nil }
            var result: [JSON]?
            for (index, member) in elements.enumerated() {
                guard let change = element.completed(member) else { continue }
                var list = result ?? elements
                result = nil
                list[index] = change
                result = list
            }
            return result.map(JSON.array)
        case .map(let element, _):
            guard element.holdsDefaults, case .object(let members) = value else { return nil }
            var result = members
            for (name, member) in members {
                if let change = element.completed(member) { result[name] = change }
            }
            return .object(result)
        default:
            return nil
        }
    }
}

extension Field {
    /// Whether Go's decoder would hold the zero value of a field without pointer: null, an empty
    /// string, or a zero where the bounds allow none.
    fileprivate func isLeftOut(_ value: JSON) -> Bool {
        switch (value, schema) {
        case (.null, _): true
        case (.string(let text), _): text.isEmpty
        case (.integer(0), .integer(_, let bounds?)): !bounds.contains(0)
        default: false
        }
    }
}
