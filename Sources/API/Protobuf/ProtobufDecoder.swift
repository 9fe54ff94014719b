import Base
import JSON

/// Makes of a message the JSON that Go would have made of the same object: the schema says what a
/// field is, ``MessageNumbers`` which number it has.
///
/// Fields of unknown numbers are passed over. Of a field that occurs more than once the last
/// scalar counts, lists grow, and messages are merged, as Protocol Buffers demand. Go's clients
/// send every scalar that is no pointer, so a zero is left out where their JSON leaves it out; they
/// send every struct that is no pointer, and so does their JSON.
struct ProtobufDecoder {
    /// How deep messages may nest. Those of Kubernetes stay below 20; the decoder recurses.
    static let depthMax = 64

    /// The object in `message`, members in the order of the schema.
    static func object(
        _ message: ArraySlice<UInt8>, _ type: ObjectSchema
    ) throws(DecodeError) -> JSONObject {
        try ProtobufDecoder().object([message], type, depth: 1)
    }

    /// The values of a message while it is read, by the names of their fields.
    private struct Fields {
        var scalars: [String: JSON] = [:]
        var lists: [String: [JSON]] = [:]
        var maps: [String: JSONObject] = [:]
        /// Not decoded at once: the pieces of one field are one message (merging is concatenation).
        var messages: [String: [ArraySlice<UInt8>]] = [:]
    }

    private func object(
        _ pieces: [ArraySlice<UInt8>], _ type: ObjectSchema, depth: Int
    ) throws(DecodeError) -> JSONObject {
        // A type whose numbers are not known is kept as an empty object.
        guard let numbers = MessageNumbers.all[type.definitionName] else { return [:] }
        var fields = Fields()
        for piece in pieces { try read(piece, numbers, type, &fields, depth: depth) }
        var members = JSONObject.Builder()
        for field in type.fields {
            guard let value = try value(of: field, fields, depth: depth) else { continue }
            _ = members.append(field.name, value)
        }
        return members.object
    }

    private func value(
        of field: Field, _ fields: Fields, depth: Int
    ) throws(DecodeError) -> JSON? {
        switch field.schema {
        case .list: return fields.lists[field.name].map(JSON.array)
        case .map: return fields.maps[field.name].map(JSON.object)
        case .object(let type):
            guard let pieces = fields.messages[field.name] else { return nil }
            return .object(try object(pieces, type, depth: depth + 1))
        default: return fields.scalars[field.name]
        }
    }

    /// Reads a message, or one that is embedded in it, into `fields`.
    private func read(
        _ message: ArraySlice<UInt8>, _ numbers: MessageNumbers, _ type: ObjectSchema,
        _ fields: inout Fields, depth: Int
    ) throws(DecodeError) {
        guard depth <= Self.depthMax else {
            throw DecodeError(
                expected: "at most \(Self.depthMax) nested messages", offset: message.startIndex)
        }
        var reader = ProtobufReader(message)
        while let part = try reader.next() {
            guard let entry = numbers.entry(part.number) else { continue }
            if case .embedded(_, let name) = entry.number {
                guard let inner = numbers.embedded(name) else { continue }
                try read(part.bytes, inner, type, &fields, depth: depth + 1)
                continue
            }
            guard let field = type.field(entry.name) else { continue }
            switch field.schema {
            case .object:
                fields.messages[field.name, default: []].append(try part.bytes)
            case .list(let element, _):
                try append(part, element, to: &fields.lists[field.name, default: []], depth: depth)
            case .map(let element, _):
                let (key, value) = try mapEntry(part.bytes, element, depth: depth)
                fields.maps[field.name, default: [:]][key] = value
            default:
                fields.scalars[field.name] = try scalar(part, entry, field, depth: depth)
            }
        }
    }

    /// Nil for a zero that Go's JSON leaves out.
    private func scalar(
        _ part: ProtobufField, _ entry: MessageNumbers.Entry, _ field: Field, depth: Int
    ) throws(DecodeError) -> JSON? {
        let value = try value(part, field.schema, depth: depth)
        if field.isRequired { return value }
        if case .kept = entry.number { return value }
        switch (field.schema, value) {
        case (.intOrString, _), (.quantity, _), (.any, _): return value
        case (_, .string("")?), (_, .integer(0)?), (_, .bool(false)?), (_, .number(0)?): return nil
        default: return value
        }
    }

    /// Adds an element to a list, or several when numbers are packed.
    private func append(
        _ part: ProtobufField, _ element: Schema, to list: inout [JSON], depth: Int
    ) throws(DecodeError) {
        switch (element, part.value) {
        case (.integer, .bytes(let packed)), (.boolean, .bytes(let packed)):
            var reader = ProtobufReader(packed)
            while !reader.isAtEnd {
                let offset = part.offset
                let number = ProtobufField.Value.varint(try reader.readVarint())
                let item = ProtobufField(number: part.number, value: number, offset: offset)
                list.append(try value(item, element, depth: depth) ?? .null)
            }
        default:
            list.append(try value(part, element, depth: depth) ?? .null)
        }
    }

    /// A key in field 1 and a value in field 2, either of which may be left out when it is empty.
    private func mapEntry(
        _ message: ArraySlice<UInt8>, _ element: Schema, depth: Int
    ) throws(DecodeError) -> (String, JSON) {
        var key = ""
        var found: ProtobufField?
        var reader = ProtobufReader(message)
        while let part = try reader.next() {
            if part.number == 1 { key = try part.text }
            if part.number == 2 { found = part }
        }
        let empty = message[message.endIndex...]
        let part = found ?? ProtobufField(number: 2, value: .bytes(empty), offset: empty.startIndex)
        return (key, try value(part, element, depth: depth) ?? .null)
    }

    /// One value; nil for a time that is not set.
    private func value(
        _ part: ProtobufField, _ schema: Schema, depth: Int
    ) throws(DecodeError) -> JSON? {
        switch schema {
        case .object(let type):
            return .object(try object([part.bytes], type, depth: depth + 1))
        case .list(let element, _):
            // A list in a map is a message of its own, with the elements in field 1.
            var elements: [JSON] = []
            var reader = ProtobufReader(try part.bytes)
            while let item = try reader.next() {
                guard item.number == 1 else { continue }
                try append(item, element, to: &elements, depth: depth + 1)
            }
            return .array(elements)
        case .map:
            throw DecodeError(expected: "no map in a list or map", offset: part.offset)
        case .string, .choice: return .string(try part.text)
        case .bytes: return .string(Base64Text.standard(Array(try part.bytes)))
        case .boolean: return .bool(try part.varint != 0)
        case .integer(.int32, _):
            return .integer(Int64(Int32(truncatingIfNeeded: try part.varint)))
        case .integer(.int64, _): return .integer(Int64(bitPattern: try part.varint))
        case .number: return try ProtobufValues.number(part)
        case .quantity: return try ProtobufValues.quantity(part.bytes)
        case .intOrString: return try ProtobufValues.intOrString(part.bytes)
        case .time(let isMicro): return try ProtobufValues.time(part.bytes, isMicro: isMicro)
        case .any: return try ProtobufValues.json(part.bytes)
        }
    }
}
