import GRPCCore

/// A message of protocol buffers as its fields, for calls of which only a field or two matter.
package struct WireMessage: Sendable {
    package private(set) var bytes: [UInt8]

    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    // MARK: Writing

    package mutating func append(_ number: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        write(number << 3)
        write(value)
    }

    package mutating func append(_ number: UInt64, _ value: [UInt8]) {
        write(number << 3 | 2)
        write(UInt64(value.count))
        bytes += value
    }

    package mutating func append(_ number: UInt64, _ text: String) {
        if !text.isEmpty { append(number, Array(text.utf8)) }
    }

    private mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    // MARK: Reading

    /// The last number under this field; zero without one.
    package func number(_ field: UInt64) -> UInt64 {
        var result: UInt64 = 0
        forEach { if $0 == field, case .number(let value) = $1 { result = value } }
        return result
    }

    package func text(_ field: UInt64) -> String {
        messages(field).last.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    }

    package func message(_ field: UInt64) -> WireMessage { messages(field).last ?? WireMessage() }

    package func messages(_ field: UInt64) -> [WireMessage] {
        var result: [WireMessage] = []
        forEach { number, value in
            if number == field, case .bytes(let bytes) = value { result.append(.init(bytes)) }
        }
        return result
    }

    /// A map of texts, whose entries are messages.
    package func map(_ field: UInt64) -> [String: String] {
        var result: [String: String] = [:]
        for entry in messages(field) { result[entry.text(1)] = entry.text(2) }
        return result
    }

    private enum Value {
        case number(UInt64)
        case bytes([UInt8])
    }

    /// Walks the fields until the end or until something that no message has.
    private func forEach(_ body: (UInt64, Value) -> Void) {
        var position = 0
        func varint() -> UInt64? {
            var result: UInt64 = 0
            var shift: UInt64 = 0
            while position < bytes.count, shift < 64 {
                let byte = bytes[position]
                position += 1
                result |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return result }
                shift += 7
            }
            return nil
        }
        func skip(_ count: UInt64) -> ArraySlice<UInt8>? {
            guard count <= UInt64(bytes.count - position) else { return nil }
            defer { position += Int(count) }
            return bytes[position..<position + Int(count)]
        }
        while let tag = varint() {
            switch tag & 7 {
            case 0:
                guard let value = varint() else { return }
                body(tag >> 3, .number(value))
            case 1:
                guard skip(8) != nil else { return }
            case 2:
                guard let count = varint(), let slice = skip(count) else { return }
                body(tag >> 3, .bytes(Array(slice)))
            case 5:
                guard skip(4) != nil else { return }
            default: return
            }
        }
    }
}

struct WireSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: WireMessage) throws -> Bytes {
        Bytes(message.bytes)
    }
}

struct WireDeserializer: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> WireMessage {
        WireMessage(bytes.withUnsafeBytes { Array($0) })
    }
}

extension GRPCClient {
    /// One call whose messages are read field by field.
    func call(
        _ service: String, _ method: String, _ message: WireMessage,
        metadata: Metadata = [:], _ options: CallOptions
    ) async throws -> WireMessage {
        try await unary(
            request: ClientRequest(message: message, metadata: metadata),
            descriptor: MethodDescriptor(fullyQualifiedService: service, method: method),
            serializer: WireSerializer(), deserializer: WireDeserializer(), options: options
        ) { response in
            try response.message
        }
    }
}
