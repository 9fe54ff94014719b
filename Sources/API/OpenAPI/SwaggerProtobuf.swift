package import JSON

/// A Swagger document as protobuf: the message `openapi.v2.Document` of the gnostic library, which
/// kubectl asks for when it meets a kind that no OpenAPI v3 document has. Paths are left out,
/// because it reads the definitions alone.
package enum SwaggerProtobuf {
    /// How clients name it in `Accept`.
    static let mediaTypes = [
        mediaType, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    ]
    /// The type of the answer to either: an `@` is no part of a media type (RFC 9110 §8.3.1), and
    /// Go's clients refuse it.
    package static let mediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    package static func bytes(of swagger: JSON) -> [UInt8] {
        var info = Message()
        info.add(1, swagger["info"]?["title"]?.string)
        info.add(2, swagger["info"]?["version"]?.string)
        var definitions = Message()
        for (name, schema) in members(swagger["definitions"]) {
            definitions.add(1, named(name, self.schema(schema)))
        }
        var document = Message()
        document.add(1, swagger["swagger"]?.string)
        document.add(2, info)
        document.add(8, Message())
        document.add(9, definitions)
        return document.bytes
    }

    /// A message of length-delimited fields and flags, the only ones that schemas have.
    private struct Message {
        private(set) var bytes: [UInt8] = []

        mutating func add(_ number: UInt64, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            add(number, Array(text.utf8))
        }

        mutating func add(_ number: UInt64, _ message: Message) { add(number, message.bytes) }

        mutating func add(_ number: UInt64, flag: Bool) {
            varint(number << 3)
            varint(flag ? 1 : 0)
        }

        private mutating func add(_ number: UInt64, _ content: [UInt8]) {
            varint(number << 3 | 2)
            varint(UInt64(content.count))
            bytes += content
        }

        private mutating func varint(_ value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(truncatingIfNeeded: rest))
        }
    }

    private static func members(_ json: JSON?) -> [(String, JSON)] {
        guard case .object(let members)? = json else { return [] }
        return members.map { ($0.name, $0.value) }
    }

    /// `NamedSchema` and `NamedAny` are alike: a key and its value.
    private static func named(_ name: String, _ value: Message) -> Message {
        var message = Message()
        message.add(1, name)
        message.add(2, value)
        return message
    }

    /// `Any`: a value as YAML text, of which JSON is a part.
    private static func any(_ json: JSON) -> Message {
        var message = Message()
        message.add(2, String(decoding: json.bytes, as: UTF8.self))
        return message
    }

    private static func schema(_ json: JSON) -> Message {
        var message = Message()
        message.add(1, json["$ref"]?.string)
        message.add(2, json["format"]?.string)
        message.add(4, json["description"]?.string)
        if let value = json["default"] { message.add(5, any(value)) }
        for name in json["required"]?.array ?? [] { message.add(19, name.string) }
        for value in json["enum"]?.array ?? [] { message.add(20, any(value)) }
        if let additional = json["additionalProperties"] {
            var item = Message()
            if let flag = additional.bool { item.add(2, flag: flag) } else {
                item.add(1, schema(additional))
            }
            message.add(21, item)
        }
        if let type = json["type"]?.string {
            var item = Message()
            item.add(1, type)
            message.add(22, item)
        }
        if let items = json["items"] {
            var item = Message()
            item.add(1, schema(items))
            message.add(23, item)
        }
        if json["properties"] != nil {
            var properties = Message()
            for (name, property) in members(json["properties"]) {
                properties.add(1, named(name, schema(property)))
            }
            message.add(25, properties)
        }
        for (name, value) in members(json) where name.hasPrefix("x-") {
            message.add(31, named(name, any(value)))
        }
        return message
    }
}
