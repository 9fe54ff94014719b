/// What is wrong with bytes from outside: what was expected, and where.
public struct DecodeError: Error, Equatable, Sendable, CustomStringConvertible {
    public let expected: String
    public let offset: Int

    public init(expected: String, offset: Int) {
        self.expected = expected
        self.offset = offset
    }

    public var description: String { "expected \(expected) at byte \(offset)" }
}

/// Reads integers, strings and blobs from bytes that may be hostile: every read is bounded and
/// throws instead of trapping. Integers are little-endian; lengths are LEB128 varints.
public struct ByteReader: ~Copyable {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Bytes read so far.
    public var offset: Int { position - bytes.startIndex }
    public var remaining: Int { bytes.endIndex - position }
    public var isAtEnd: Bool { remaining == 0 }

    public mutating func readByte() throws(DecodeError) -> UInt8 {
        guard remaining >= 1 else { throw DecodeError(expected: "a byte", offset: offset) }
        defer { position += 1 }
        return bytes[position]
    }

    /// An integer of at most 64 bits.
    public mutating func readInteger<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(DecodeError) -> Integer {
        let size = Integer.bitWidth / 8
        guard remaining >= size else {
            throw DecodeError(expected: "\(size) bytes", offset: offset)
        }
        // Shifts of a type that is not known here cost a call each; those of this one do not.
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += size
        return Integer(truncatingIfNeeded: value)
    }

    /// An unsigned LEB128 varint of at most ten bytes.
    public mutating func readVarint() throws(DecodeError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try readByte()
            guard shift < 63 || byte <= 1 else {
                throw DecodeError(expected: "a varint of 64 bits", offset: start)
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    /// A count or length that must not exceed `limit`, so that a forged one allocates nothing.
    public mutating func readCount(atMost limit: Int) throws(DecodeError) -> Int {
        let start = offset
        let value = try readVarint()
        guard value <= UInt64(limit) else {
            throw DecodeError(expected: "a count of at most \(limit)", offset: start)
        }
        return Int(value)
    }

    /// A length-prefixed blob of at most `limit` bytes.
    public mutating func readBytes(atMost limit: Int) throws(DecodeError) -> [UInt8] {
        try readRaw(readCount(atMost: limit))
    }

    /// Exactly `count` bytes without a prefix.
    public mutating func readRaw(_ count: Int) throws(DecodeError) -> [UInt8] {
        guard count >= 0, remaining >= count else {
            throw DecodeError(expected: "\(count) bytes", offset: offset)
        }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// A length-prefixed UTF-8 string of at most `limit` bytes.
    public mutating func readString(atMost limit: Int) throws(DecodeError) -> String {
        let start = offset
        let raw = try readBytes(atMost: limit)
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw DecodeError(expected: "UTF-8 text", offset: start)
        }
        return text
    }

    public mutating func readBool() throws(DecodeError) -> Bool {
        let start = offset
        switch try readByte() {
        case 0: return false
        case 1: return true
        default: throw DecodeError(expected: "a boolean", offset: start)
        }
    }

    /// Refuses bytes behind the last field.
    public func expectEnd() throws(DecodeError) {
        guard isAtEnd else { throw DecodeError(expected: "the end", offset: offset) }
    }
}

/// Writes what ``ByteReader`` reads.
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Gives away what was written so far and begins again.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    public mutating func writeByte(_ byte: UInt8) { bytes.append(byte) }

    /// An integer of at most 64 bits.
    public mutating func writeInteger<Integer: FixedWidthInteger>(_ value: Integer) {
        var rest = UInt64(truncatingIfNeeded: value)
        for _ in 0..<(Integer.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    public mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    public mutating func writeCount(_ count: Int) { writeVarint(UInt64(count)) }
    public mutating func writeRaw(_ raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }
    public mutating func writeBytes(_ blob: some Collection<UInt8>) {
        writeCount(blob.count)
        bytes.append(contentsOf: blob)
    }
    /// Arrays are by far the most, and an unspecialised generic copies them byte by byte.
    public mutating func writeBytes(_ blob: [UInt8]) {
        writeCount(blob.count)
        bytes.append(contentsOf: blob)
    }
    public mutating func writeRaw(_ raw: [UInt8]) { bytes.append(contentsOf: raw) }
    public mutating func writeString(_ text: String) {
        writeCount(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }
    public mutating func writeBool(_ value: Bool) { bytes.append(value ? 1 : 0) }
}
