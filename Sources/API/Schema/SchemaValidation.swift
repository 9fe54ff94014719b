package import JSON

extension ObjectSchema {
    /// Judges what the declarations alone can say: required fields, choices, bounds and formats.
    /// `metadata` and `status` are left out: the one has rules of its own, the other is written by
    /// the cluster itself.
    package func validateFields(of document: JSON, _ validation: inout Validation) {
        guard let members = document.object else { return }
        for (name, value) in members where name != "metadata" && name != "status" {
            guard let field = field(name), field.isJudged else { continue }
            validation.at(name) { field.schema.validate(value, &$0) }
        }
        validateRequired(document, &validation)
    }

    fileprivate func validate(_ value: JSON, _ validation: inout Validation) {
        guard let members = value.object else { return }
        for (name, member) in members {
            guard let field = field(name), field.isJudged else { continue }
            validation.at(name) { field.schema.validate(member, &$0) }
        }
        validateRequired(value, &validation)
    }

    private func validateRequired(_ value: JSON, _ validation: inout Validation) {
        for field in requiredFields where (value[field.name] ?? .null).isEmptyValue {
            validation.at(field.name) { $0.required() }
        }
    }
}

extension Schema {
    /// Whether there is anything to judge in values of this shape.
    var isJudged: Bool {
        switch self {
        case .object(let type):
            !type.requiredFields.isEmpty || type.fields.contains(where: \.isJudged)
        case .list(let element, _):
            element.isJudged
        case .string(.plain), .boolean, .number, .quantity, .bytes, .time, .any, .intOrString,
            .integer(_, bounds: nil), .map(of: .string(.plain), keys: .plain):
            false
        default:
            true
        }
    }

    func validate(_ value: JSON, _ validation: inout Validation) {
        switch self {
        case .object(let type):
            type.validate(value, &validation)
        case .list(let element, _):
            guard let elements = value.array else { return }
            validation.each(elements) { element.validate($1, &$0) }
        case .map(let element, let keys):
            guard let members = value.object else { return }
            for (name, member) in members {
                for fault in keys.faults(of: name) { validation.invalid(.string(name), fault) }
                if element.isJudged { validation.at(key: name) { element.validate(member, &$0) } }
            }
        case .string(let format):
            guard let text = value.string, !text.isEmpty else { return }
            for fault in format.faults(of: text) { validation.invalid(value, fault) }
        case .choice(let choices):
            guard let text = value.string, !text.isEmpty, !choices.contains(text) else { return }
            validation.notSupported(value, choices)
        case .integer(let width, let bounds?):
            guard let number = value.integer, !bounds.contains(number) else { return }
            validation.invalid(value, bounds.fault(width))
        default:
            break
        }
    }
}

extension ClosedRange<Int64> {
    /// The sentence for a number outside.
    fileprivate func fault(_ width: IntegerWidth) -> String {
        let isOpen = upperBound == (width == .int32 ? Int64(Int32.max) : .max)
        guard isOpen else { return "must be between \(lowerBound) and \(upperBound), inclusive" }
        return lowerBound == 1
            ? "must be greater than 0" : "must be greater than or equal to \(lowerBound)"
    }
}

extension JSON {
    /// Whether a required field of this value is as good as missing.
    fileprivate var isEmptyValue: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        default: false
        }
    }
}
