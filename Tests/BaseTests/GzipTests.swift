import Base
import Testing

@Suite struct GzipTests {
    @Test func `the checksum is that of gzip`() {
        // The check value of CRC-32/ISO-HDLC.
        #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
    }

    @Test func `nothing and a few bytes become what gzip itself reads`() {
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
        #expect(Gzip.compress([]) == head + [3, 0] + [UInt8](repeating: 0, count: 8))
        // Checked with zlib: the block of "abc" with fixed codes, its checksum and its length.
        #expect(
            Gzip.compress(Array("abc".utf8))
                == head + [0x4B, 0x4C, 0x4A, 6, 0] + [0xC2, 0x41, 0x24, 0x35, 3, 0, 0, 0])
    }

    @Test(arguments: 0..<200)
    func `what is compressed comes back`(_ seed: Int) throws {
        var random = Random(seed: UInt64(seed))
        let words = (0..<20).map { _ in
            (0..<(1 + random.below(30))).map { _ in UInt8(random.below(256)) }
        }
        var bytes: [UInt8] = []
        while bytes.count < seed * 400 { bytes += words[random.below(words.count)] }
        if seed % 3 == 0 { bytes += [UInt8](repeating: 7, count: seed * 5) }
        let packed = Gzip.compress(bytes)
        #expect(try Inflater.inflate(packed) == bytes)
        if seed > 50 { #expect(packed.count < bytes.count / 2) }
    }
}

/// Reads gzip of one block with fixed codes, in the plain way of RFC 1951.
private struct Inflater {
    struct Malformed: Error {}

    private let bytes: [UInt8]
    private var position = 10 * 8
    private var output: [UInt8] = []

    static func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
        var inflater = Inflater(bytes: bytes)
        try inflater.block()
        let trailer = bytes.suffix(8)
        let numbers = [trailer.prefix(4), trailer.suffix(4)].map { part in
            part.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        let output = inflater.output
        guard numbers == [CRC32.checksum(output), UInt32(output.count)] else { throw Malformed() }
        return output
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func bit() throws -> Int {
        guard position / 8 < bytes.count else { throw Malformed() }
        defer { position += 1 }
        return Int(bytes[position / 8] >> (position % 8)) & 1
    }

    /// The lowest bit first.
    private mutating func number(_ bits: Int) throws -> Int {
        try (0..<bits).reduce(0) { result, shift in result | (try bit()) << shift }
    }

    private mutating func symbol() throws -> Int {
        var code = 0
        for _ in 0..<7 { code = code << 1 | (try bit()) }
        if code <= 0b001_0111 { return 256 + code }
        code = code << 1 | (try bit())
        if (0x30...0xBF).contains(code) { return code - 0x30 }
        if (0xC0...0xC7).contains(code) { return 280 + code - 0xC0 }
        code = code << 1 | (try bit())
        guard (0x190...0x1FF).contains(code) else { throw Malformed() }
        return 144 + code - 0x190
    }

    private mutating func block() throws {
        guard try number(3) == 0b011 else { throw Malformed() }
        while true {
            let symbol = try symbol()
            if symbol == 256 { return }
            if symbol < 256 {
                output.append(UInt8(symbol))
            } else {
                try copy(symbol - 257)
            }
        }
    }

    private mutating func copy(_ code: Int) throws {
        let extra = code < 8 || code == 28 ? 0 : (code - 4) / 4
        let base =
            code == 28 ? 258 : code < 8 ? 3 + code : 3 + ((4 + code % 4) << extra)
        let length = base + (try number(extra))
        var place = 0
        for _ in 0..<5 { place = place << 1 | (try bit()) }
        let more = place < 4 ? 0 : (place - 2) / 2
        let distance = (place < 4 ? 1 + place : 1 + ((2 + place % 2) << more)) + (try number(more))
        guard distance <= output.count else { throw Malformed() }
        for _ in 0..<length { output.append(output[output.count - distance]) }
    }
}
