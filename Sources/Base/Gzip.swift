/// Compresses bytes into the gzip format (RFC 1952) with the codes that DEFLATE fixes (RFC 1951
/// §3.2.6). It looks at one earlier place for each repetition, so it is quick, not thorough;
/// lists of documents, which repeat themselves, become about a tenth.
package enum Gzip {
    package static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var writer = DeflateWriter(capacity: bytes.count / 4 + 64)
        // Identification, method 8, no flags, no time, no hint, unknown system.
        writer.output = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
        bytes.withUnsafeBufferPointer { deflate($0, into: &writer) }
        var trailer = CRC32.checksum(bytes)
        for _ in 0..<4 {
            writer.output.append(UInt8(truncatingIfNeeded: trailer))
            trailer >>= 8
        }
        var length = UInt32(truncatingIfNeeded: bytes.count)
        for _ in 0..<4 {
            writer.output.append(UInt8(truncatingIfNeeded: length))
            length >>= 8
        }
        return writer.output
    }

    private static let windowBytes = 32_768
    private static let matchMin = 4
    private static let matchMax = 258
    private static let hashBits = 15

    /// One block, the last, with fixed codes.
    private static func deflate(
        _ bytes: UnsafeBufferPointer<UInt8>, into writer: inout DeflateWriter
    ) {
        writer.write(0b011, bits: 3)
        var places = [Int32](repeating: -1, count: 1 << hashBits)
        places.withUnsafeMutableBufferPointer { places in
            var position = 0
            while position < bytes.count {
                let found = match(at: position, in: bytes, places)
                if let found {
                    writer.write(length: found.length, distance: position - found.start)
                    // Places inside a repetition are passed over, but for its last few.
                    let end = position + found.length
                    for place in max(position, end - 3)..<end { note(place, in: bytes, places) }
                    position = end
                } else {
                    writer.write(literal: bytes[position])
                    note(position, in: bytes, places)
                    position += 1
                }
            }
        }
        writer.endBlock()
    }

    private static func hash(at position: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard position + matchMin <= bytes.count else { return nil }
        var word: UInt32 = 0
        for offset in 0..<matchMin { word = word << 8 | UInt32(bytes[position + offset]) }
        return Int(truncatingIfNeeded: (word &* 2_654_435_761) >> UInt32(32 - hashBits))
    }

    private static func note(
        _ position: Int, in bytes: UnsafeBufferPointer<UInt8>,
        _ places: UnsafeMutableBufferPointer<Int32>
    ) {
        guard let hash = hash(at: position, in: bytes) else { return }
        places[hash] = Int32(truncatingIfNeeded: position)
    }

    private static func match(
        at position: Int, in bytes: UnsafeBufferPointer<UInt8>,
        _ places: UnsafeMutableBufferPointer<Int32>
    ) -> (start: Int, length: Int)? {
        guard let hash = hash(at: position, in: bytes) else { return nil }
        let start = Int(places[hash])
        guard start >= 0, start < position, position - start <= windowBytes else { return nil }
        let limit = min(matchMax, bytes.count - position)
        var length = 0
        while length < limit, bytes[start + length] == bytes[position + length] { length += 1 }
        return length >= matchMin ? (start, length) : nil
    }
}

/// Bits of a DEFLATE stream, the lowest of each byte first.
private struct DeflateWriter {
    var output: [UInt8] = []
    private var pending: UInt64 = 0
    private var count = 0

    init(capacity: Int) { output.reserveCapacity(capacity) }

    mutating func write(_ value: UInt32, bits: Int) {
        pending |= UInt64(value) << UInt64(count)
        count += bits
        while count >= 8 {
            output.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            count -= 8
        }
    }

    mutating func write(literal: UInt8) {
        let code = FixedCodes.symbols[Int(literal)]
        write(code.value, bits: code.bits)
    }

    mutating func write(length: Int, distance: Int) {
        let index = FixedCodes.lengthIndex[length]
        let code = FixedCodes.symbols[257 + index]
        write(code.value, bits: code.bits)
        write(
            UInt32(length - FixedCodes.lengthBases[index]), bits: FixedCodes.lengthExtraBits[index])
        let place = FixedCodes.distanceIndex(distance)
        write(FixedCodes.reversed(UInt32(place), bits: 5), bits: 5)
        write(
            UInt32(distance - FixedCodes.distanceBases[place]),
            bits: FixedCodes.distanceExtraBits(place))
    }

    mutating func endBlock() {
        let code = FixedCodes.symbols[256]
        write(code.value, bits: code.bits)
        if count > 0 { write(0, bits: 8 - count) }
    }
}

/// The tables of RFC 1951 §3.2.5 and §3.2.6.
private enum FixedCodes {
    static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
    ]

    static let lengthExtraBits: [Int] = lengthBases.indices.map { index in
        index < 8 || index == 28 ? 0 : (index - 4) / 4
    }

    /// For each length, the last base that is not greater.
    static let lengthIndex: [Int] = (0...258).map { length in
        (lengthBases.lastIndex { $0 <= length }) ?? 0
    }

    static func distanceExtraBits(_ index: Int) -> Int { index < 4 ? 0 : (index - 2) / 2 }

    static let distanceBases: [Int] = {
        var bases: [Int] = []
        var base = 1
        for index in 0..<30 {
            bases.append(base)
            base += 1 << distanceExtraBits(index)
        }
        return bases
    }()

    /// Distances double every two codes, so the highest bits of one name its code.
    static func distanceIndex(_ distance: Int) -> Int {
        guard distance > 4 else { return distance - 1 }
        let value = distance - 1
        let highest = Int.bitWidth - 1 - value.leadingZeroBitCount
        return highest * 2 + (value >> (highest - 1) & 1)
    }

    /// Literals, the end of a block (256) and lengths (from 257), ready to be written.
    static let symbols: [(value: UInt32, bits: Int)] = (0..<288).map { symbol in
        let code: (UInt32, Int) =
            switch symbol {
            case 0..<144: (UInt32(0x30 + symbol), 8)
            case 144..<256: (UInt32(0x190 + symbol - 144), 9)
            case 256..<280: (UInt32(symbol - 256), 7)
            default: (UInt32(0xC0 + symbol - 280), 8)
            }
        return (reversed(code.0, bits: code.1), code.1)
    }

    /// Codes stand with their highest bit first, everything else with its lowest.
    static func reversed(_ code: UInt32, bits: Int) -> UInt32 {
        var (rest, result) = (code, UInt32(0))
        for _ in 0..<bits {
            result = result << 1 | rest & 1
            rest >>= 1
        }
        return result
    }
}

/// The checksum of gzip (ISO 3309, ITU-T V.42).
package enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
        }
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var value = UInt32.max
            for byte in bytes {
                value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8
            }
            return ~value
        }
    }
}
