import Base

/// One field of a message: its number and what stands on the wire.
struct ProtobufField {
    enum Value {
        case varint(UInt64)
        case fixed(UInt64)
        /// Text, bytes, a message, or packed numbers.
        case bytes(ArraySlice<UInt8>)
    }

    let number: UInt32
    let value: Value
    /// Where the field begins in the body.
    let offset: Int

    var bytes: ArraySlice<UInt8> {
        get throws(DecodeError) {
            guard case .bytes(let bytes) = value else {
                throw DecodeError(expected: "bytes in field \(number)", offset: offset)
            }
            return bytes
        }
    }

    var varint: UInt64 {
        get throws(DecodeError) {
            guard case .varint(let value) = value else {
                throw DecodeError(expected: "a varint in field \(number)", offset: offset)
            }
            return value
        }
    }

    var text: String {
        get throws(DecodeError) {
            guard let text = String(validating: try bytes, as: UTF8.self) else {
                throw DecodeError(expected: "UTF-8 text in field \(number)", offset: offset)
            }
            return text
        }
    }
}

/// Reads the fields of one message, one after the other, out of bytes that may be hostile. Nested
/// messages come as slices of the same bytes, so nothing is copied and offsets are those of the
/// body. Groups, which Kubernetes has none of, are passed over.
struct ProtobufReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    private static let groupDepthMax = 64

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position == bytes.endIndex }

    /// The next field, or nil at the end.
    mutating func next() throws(DecodeError) -> ProtobufField? {
        var groups: [UInt32] = []
        while !isAtEnd {
            let start = position
            let tag = try readVarint()
            guard let number = UInt32(exactly: tag >> 3), (1...0x1FFF_FFFF).contains(number) else {
                throw DecodeError(expected: "a field number", offset: start)
            }
            let value: ProtobufField.Value
            switch tag & 7 {
            case 0: value = .varint(try readVarint())
            case 1: value = .fixed(try readFixed(8))
            case 2: value = .bytes(try readBytes())
            case 3 where groups.count < Self.groupDepthMax:
                groups.append(number)
                continue
            case 4 where groups.last == number:
                groups.removeLast()
                continue
            case 5: value = .fixed(try readFixed(4))
            default: throw DecodeError(expected: "a wire type", offset: start)
            }
            if groups.isEmpty {
                return ProtobufField(number: number, value: value, offset: start)
            }
        }
        guard groups.isEmpty else {
            throw DecodeError(expected: "the end of a group", offset: position)
        }
        return nil
    }

    /// An unsigned LEB128 varint of at most ten bytes.
    mutating func readVarint() throws(DecodeError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        throw DecodeError(expected: "a varint of 64 bits", offset: start)
    }

    private mutating func readBytes() throws(DecodeError) -> ArraySlice<UInt8> {
        let start = position
        let count = try readVarint()
        guard count <= UInt64(bytes.endIndex - position) else {
            throw DecodeError(expected: "a length within the message", offset: start)
        }
        defer { position += Int(count) }
        return bytes[position..<position + Int(count)]
    }

    private mutating func readFixed(_ count: Int) throws(DecodeError) -> UInt64 {
        guard bytes.endIndex - position >= count else {
            throw DecodeError(expected: "\(count) bytes", offset: position)
        }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[position + index]) << (8 * UInt64(index)) }
        position += count
        return value
    }
}
