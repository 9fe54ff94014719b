package import JSON

extension ObjectSchema {
    /// Fills in the declared defaults, in the document and in every object that it holds. A field
    /// that is missing, null or an empty string counts as left out.
    package func applyDefaults(_ document: inout JSON) {
        guard !defaultedFields.isEmpty, document.object != nil else { return }
        for field in defaultedFields {
            guard var value = document[field.name], !field.isLeftOut(value) else {
                if var value = field.default {
                    field.schema.applyDefaults(&value)
                    document[field.name] = value
                }
                continue
            }
            guard field.schema.holdsDefaults else { continue }
            document[field.name] = .null  // So that the value is held once and changed in place.
            field.schema.applyDefaults(&value)
            document[field.name] = value
        }
    }
}

extension Schema {
    func applyDefaults(_ value: inout JSON) {
        switch self {
        case .object(let type):
            type.applyDefaults(&value)
        case .list(let element, _):
            guard element.holdsDefaults, case .array(var elements) = value else { return }
            value = .null
            for index in elements.indices { element.applyDefaults(&elements[index]) }
            value = .array(elements)
        case .map(let element, _):
            guard element.holdsDefaults, case .object(let members) = value else { return }
            for (name, member) in members {
                var member = member
                element.applyDefaults(&member)
                value[name] = member
            }
        default:
            break
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
