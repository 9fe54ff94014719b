package import JSON

/// What a look at a document by its schema has found.
package struct SchemaReport: Sendable, Equatable {
    /// Fields that the schema does not know, such as `spec.containers[0].imagee`.
    package var unknownFields: [String] = []
    /// Why the document cannot be read at all, in the words of Go's decoder; nil when it can.
    package var typeError: String?
    /// Whether the document holds something that ``ObjectSchema/prune(_:)`` would take away.
    package var needsPruning = false
}

extension ObjectSchema {
    /// Compares a document with the declared fields and types. Nothing is changed; the walk stops
    /// at the first value of a wrong type.
    package func check(_ document: JSON) -> SchemaReport {
        // Most documents have no fault, and then nobody asks where it would stand.
        if isClean(document) { return SchemaReport() }
        var checker = SchemaChecker()
        checker.check(document, self)
        return checker.report
    }

    /// Whether a document has only declared fields, all of their types, and none that is null.
    fileprivate func isClean(_ document: JSON) -> Bool {
        guard case .object(let members) = document else { return false }
        return members.holdsForAll { name, member in
            field(name).map { $0.schema.isClean(member) } ?? false
        }
    }

    /// Takes away fields that the schema does not know and fields that are null.
    package func prune(_ document: inout JSON) {
        guard case .object(let members) = document else { return }
        var kept = JSONObject.Builder()
        for (name, value) in members where !value.isNull {
            guard let field = field(name) else { continue }
            var value = value
            field.schema.prune(&value)
            _ = kept.append(name, value)
        }
        document = .object(kept.object)
    }
}

extension Schema {
    /// What ``SchemaChecker`` looks at, without the way to the value.
    fileprivate func isClean(_ value: JSON) -> Bool {
        switch self {
        case .object(let type):
            return type.isClean(value)
        case .list(let element, _):
            guard case .array(let elements) = value else { return false }
            return elements.allSatisfy { element.isClean($0) }
        case .map(let element, _):
            guard case .object(let members) = value else { return false }
            return members.holdsForAll { element.isClean($1) }
        case .string, .choice:
            if case .string = value { return true }
            return false
        case .boolean:
            if case .bool = value { return true }
            return false
        case .any:
            return !value.isNull
        case .integer(let width, _):
            guard case .integer(let number) = value else { return false }
            return width == .int64 || Int32(exactly: number) != nil
        default:
            return isCleanText(value)
        }
    }

    /// The shapes that are written as text, or as text or a number.
    private func isCleanText(_ value: JSON) -> Bool {
        switch (self, value) {
        case (.number, .integer), (.number, .number), (.intOrString, .string),
            (.quantity, .integer), (.quantity, .number):
            true
        case (.intOrString, .integer(let number)):
            Int32(exactly: number) != nil
        case (.quantity, .string(let text)):
            QuantityText.isValid(text)
        case (.bytes, .string(let text)):
            Base64.firstInvalidOffset(text) == nil
        case (.time, .string(let text)):
            TimeText.isValid(text)
        default:
            false
        }
    }

    fileprivate func prune(_ value: inout JSON) {
        switch self {
        case .object(let type):
            if value.isNull { value = [:] }
            type.prune(&value)
        case .list(let element, _):
            guard case .array(var elements) = value else { return }
            value = .null
            for index in elements.indices { element.prune(&elements[index]) }
            value = .array(elements)
        case .map(let element, _):
            guard case .object(let members) = value else { return }
            var kept = JSONObject.Builder()
            for (name, member) in members {
                var member = member
                element.prune(&member)
                _ = kept.append(name, member)
            }
            value = .object(kept.object)
        case .string, .choice:
            if value.isNull { value = "" }
        default:
            break
        }
    }
}

private struct SchemaChecker {
    var report = SchemaReport()
    /// Names with indices, as unknown fields are named.
    private var path = FieldPath()
    /// The innermost type on the way, as decoding errors name it.
    private var owner = ""

    mutating func check(_ value: JSON, _ type: ObjectSchema) {
        guard case .object(let members) = value else {
            return mismatch(value, type.goName)
        }
        let outer = owner
        for (name, member) in members {
            path.push(name)
            owner = type.name
            if let field = type.field(name) {
                if member.isNull { report.needsPruning = true } else { check(member, field.schema) }
            } else {
                report.needsPruning = true
                report.unknownFields.append(path.description)
            }
            path.pop()
            if report.typeError != nil { return }
        }
        owner = outer
    }

    private mutating func check(_ value: JSON, _ schema: Schema) {
        switch schema {
        case .object(let type):
            if value.isNull { report.needsPruning = true } else { check(value, type) }
        case .list(let element, _):
            guard case .array(let elements) = value else {
                return mismatch(value, schema.goName)
            }
            for (index, member) in elements.enumerated() {
                path.push(index)
                check(member, element)
                path.pop()
                if report.typeError != nil { return }
            }
        case .map(let element, _):
            guard case .object(let members) = value else {
                return mismatch(value, schema.goName)
            }
            for (name, member) in members {
                path.push(key: name)
                check(member, element)
                path.pop()
                if report.typeError != nil { return }
            }
        default:
            checkScalar(value, schema)
        }
    }

    private mutating func checkScalar(_ value: JSON, _ schema: Schema) {
        switch (schema, value) {
        case (_, .null):
            report.needsPruning = true
        case (.string, .string), (.choice, .string), (.boolean, .bool), (.any, _),
            (.number, .integer), (.number, .number), (.intOrString, .string):
            return
        case (.integer(let width, _), .integer(let number)):
            if width == .int32, Int32(exactly: number) == nil { mismatch(value, schema.goName) }
        case (.intOrString, .integer(let number)):
            if Int32(exactly: number) == nil { mismatch(value, "int32") }
        case (.quantity, .string(let text)):
            if !QuantityText.isValid(text) { report.typeError = QuantityText.refusal }
        case (.quantity, .integer):
            return
        case (.quantity, .number):
            return
        case (.bytes, .string(let text)):
            if let offset = Base64.firstInvalidOffset(text) {
                report.typeError = "illegal base64 data at input byte \(offset)"
            }
        case (.time(let isMicro), .string(let text)):
            if !TimeText.isValid(text) {
                report.typeError = TimeText.refusal(of: text, isMicro: isMicro)
            }
        default:
            mismatch(value, schema.goName)
        }
    }

    /// Go's `UnmarshalTypeError`: the path in it has no indices.
    private mutating func mismatch(_ value: JSON, _ expected: String) {
        guard report.typeError == nil else { return }
        let found = value.goDescription
        let names = path.names
        report.typeError =
            names.isEmpty
            ? "json: cannot unmarshal \(found) into Go value of type \(expected)"
            : "json: cannot unmarshal \(found) into Go struct field \(owner).\(names) "
                + "of type \(expected)"
    }
}

extension Schema {
    /// The type as Go's decoder prints it.
    var goName: String {
        switch self {
        case .object(let type): type.goName
        case .list(let element, _): "[]" + element.goName
        case .map(let element, _): "map[string]" + element.goName
        case .string, .choice, .bytes, .intOrString, .time: "string"
        case .integer(let width, _): width.rawValue
        case .boolean: "bool"
        case .number: "float64"
        case .quantity: "resource.Quantity"
        case .any: "runtime.RawExtension"
        }
    }
}

extension JSON {
    /// The kind of value, as Go's decoder names it.
    fileprivate var goDescription: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer(let number): "number \(number)"
        case .number: "number \(quoted)"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
