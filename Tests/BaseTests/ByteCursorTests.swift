import Base
import Testing

@Suite struct ByteCursorTests {
    @Test func `what is written is read`() throws {
        var writer = ByteWriter()
        writer.writeByte(7)
        writer.writeInteger(UInt16(0x1234))
        writer.writeInteger(Int64.min)
        writer.writeVarint(.max)
        writer.writeBytes([1, 2, 3])
        writer.writeBytes([4, 5][...])
        writer.writeString("größer")
        writer.writeBool(true)
        writer.writeRaw([9, 9])
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readByte() == 7)
        #expect(try reader.readInteger(UInt16.self) == 0x1234)
        #expect(try reader.readInteger(Int64.self) == .min)
        #expect(try reader.readVarint() == .max)
        #expect(try reader.readBytes(atMost: 3) == [1, 2, 3])
        #expect(try reader.readBytes(atMost: 9) == [4, 5])
        #expect(try reader.readString(atMost: 20) == "größer")
        #expect(try reader.readBool())
        #expect(try reader.readRaw(2) == [9, 9])
        try reader.expectEnd()
    }

    @Test func `integers are little-endian and varints are LEB128`() {
        var writer = ByteWriter()
        writer.writeInteger(UInt32(0x0102_0304))
        writer.writeVarint(300)
        #expect(writer.bytes == [4, 3, 2, 1, 0xAC, 0x02])
    }

    private static let refusals: [(String, [UInt8], Int)] = [
        ("a byte", [], 0),
        ("a varint of 64 bits", [UInt8](repeating: 0xFF, count: 10), 0),
        ("a byte", [0x80], 1),
        ("a count of at most 3", [4, 1, 2, 3, 4], 0),
        ("a count of at most 3", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], 0),
        ("3 bytes", [3, 1, 2], 1),
        ("UTF-8 text", [2, 0xC3, 0x28], 0),
    ]

    @Test("a refusal says what was expected and where", arguments: refusals.indices)
    func refusal(_ index: Int) {
        let (expected, bytes, offset) = Self.refusals[index]
        #expect(throws: DecodeError(expected: expected, offset: offset)) {
            var reader = ByteReader(bytes)
            _ = try reader.readString(atMost: 3)
        }
    }

    @Test func `short integers, odd booleans and bytes behind the end are refused`() {
        #expect(throws: DecodeError(expected: "8 bytes", offset: 0)) {
            var reader = ByteReader([1, 2, 3, 4, 5, 6, 7])
            _ = try reader.readInteger(UInt64.self)
        }
        #expect(throws: DecodeError(expected: "a boolean", offset: 0)) {
            var reader = ByteReader([2])
            _ = try reader.readBool()
        }
        #expect(throws: DecodeError(expected: "-1 bytes", offset: 0)) {
            var reader = ByteReader([2])
            _ = try reader.readRaw(-1)
        }
        #expect(throws: DecodeError(expected: "the end", offset: 1)) {
            var reader = ByteReader([1, 2])
            _ = try reader.readByte()
            try reader.expectEnd()
        }
    }

    @Test func `a slice is read from its own start`() throws {
        var reader = ByteReader([9, 9, 1, 7][2...])
        #expect(reader.remaining == 2)
        #expect(try reader.readBytes(atMost: 1) == [7])
        #expect(reader.offset == 2)
    }

    @Test func `random bytes never trap, whatever is asked of them`() {
        var random = Random(seed: 11)
        for _ in 0..<10_000 {
            let bytes = (0..<random.below(24)).map { _ in UInt8(random.below(256)) }
            var reader = ByteReader(bytes)
            var isReadable = true
            while isReadable, !reader.isAtEnd {
                let before = reader.remaining
                isReadable = (try? Self.readAnything(&reader, &random)) != nil
                #expect(reader.remaining <= before && reader.offset <= bytes.count)
            }
        }
    }

    private static func readAnything(
        _ reader: inout ByteReader, _ random: inout Random
    ) throws(DecodeError) {
        switch random.below(6) {
        case 0: _ = try reader.readVarint()
        case 1: _ = try reader.readInteger(Int32.self)
        case 2: _ = try reader.readBytes(atMost: 16)
        case 3: _ = try reader.readString(atMost: .max)
        case 4: _ = try reader.readBool()
        default: _ = try reader.readRaw(random.below(8))
        }
    }
}
