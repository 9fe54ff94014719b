import Base

/// Makes inputs that are nearly right: real ones with one to eight changes of the kinds that
/// decoders fall over. The same seed makes the same inputs.
package struct Mutator: Sendable {
    /// Longer inputs are cut, but for the few that nest.
    package static let inputBytesMax = 16 * 1_024
    /// Repetitions of one short piece, which find recursion and quadratic work.
    private static let nestedBytesMax = 256 * 1_024

    private let isText: Bool
    private let tokens: [[UInt8]]
    private var random: Random

    /// Bytes that stand at the edge of something.
    private static let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF, 0x20, 0x0A, 0x22, 0x5C, 0xC0]
    /// Lengths and counts that lie.
    private static let lies: [UInt64] = [
        0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 53, 1 << 62,
        UInt64(Int64.max), 1 << 63, .max,
    ]
    /// Numbers at which texts overflow.
    private static let numbers = [
        "0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551616",
        "1e308", "1e-400", "4294967296", "-0", "00",
    ]

    package init(isText: Bool, tokens: [[UInt8]], seed: UInt64) {
        self.isText = isText
        self.tokens = tokens
        random = Random(seed: seed)
    }

    /// An input made from some of the corpus, which must not be empty.
    package mutating func next(from corpus: [[UInt8]]) -> [UInt8] {
        var bytes = corpus[random.below(corpus.count)]
        if random.below(2_000) == 0 { return nested(in: bytes) }
        for _ in 0...random.below(random.below(8) + 1) {
            mutate(&bytes, corpus)
            if bytes.count > Self.inputBytesMax { bytes.removeLast(bytes.count / 2) }
        }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8], _ corpus: [[UInt8]]) {
        switch random.below(isText ? 12 : 10) {
        case 0: flip(&bytes)
        case 1: set(&bytes, to: Self.edges[random.below(Self.edges.count)])
        case 2: bytes.removeLast(random.below(bytes.count + 1))
        case 3: remove(from: &bytes)
        case 4: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count + 1))
        case 5: repeatPiece(of: &bytes)
        case 6: splice(&bytes, corpus[random.below(corpus.count)])
        case 7: insertToken(into: &bytes)
        case 8: if isText { writeNumber(into: &bytes) } else { writeVarint(into: &bytes) }
        case 9: if isText { swapPieces(of: &bytes) } else { writeInteger(into: &bytes) }
        default: wrap(&bytes)
        }
    }

    /// A place to read or change a byte; nil when there is none.
    private mutating func place(in bytes: [UInt8]) -> Int? {
        bytes.isEmpty ? nil : random.below(bytes.count)
    }

    /// A piece of up to 64 bytes, rarely of any length.
    private mutating func piece(of bytes: [UInt8]) -> Range<Int> {
        guard let start = place(in: bytes) else { return 0..<0 }
        let rest = bytes.count - start
        let longest = random.below(8) == 0 ? rest : min(rest, 64)
        return start..<(start + 1 + random.below(longest))
    }

    private mutating func flip(_ bytes: inout [UInt8]) {
        guard let index = place(in: bytes) else { return }
        bytes[index] ^= 1 << UInt8(random.below(8))
    }

    private mutating func set(_ bytes: inout [UInt8], to byte: UInt8) {
        guard let index = place(in: bytes) else { return }
        bytes[index] = byte
    }

    private mutating func remove(from bytes: inout [UInt8]) {
        bytes.removeSubrange(piece(of: bytes))
    }

    private mutating func repeatPiece(of bytes: inout [UInt8]) {
        let range = piece(of: bytes)
        let copy = Array(bytes[range])
        for _ in 0...random.below(4) { bytes.insert(contentsOf: copy, at: range.upperBound) }
    }

    private mutating func splice(_ bytes: inout [UInt8], _ other: [UInt8]) {
        let head = random.below(bytes.count + 1)
        let tail = random.below(other.count + 1)
        bytes = Array(bytes[..<head] + other[tail...])
    }

    private mutating func insertToken(into bytes: inout [UInt8]) {
        guard !tokens.isEmpty else { return flip(&bytes) }
        let token = tokens[random.below(tokens.count)]
        bytes.insert(contentsOf: token, at: random.below(bytes.count + 1))
    }

    /// Puts a number in the place of one, or anywhere.
    private mutating func writeNumber(into bytes: inout [UInt8]) {
        let number = Array(Self.numbers[random.below(Self.numbers.count)].utf8)
        guard let start = place(in: bytes) else { return bytes = number }
        let digits: (UInt8) -> Bool = { (48...57).contains($0) }
        guard let first = bytes[start...].firstIndex(where: digits) else {
            return bytes.insert(contentsOf: number, at: start)
        }
        let end = bytes[first...].firstIndex { !digits($0) } ?? bytes.count
        bytes.replaceSubrange(first..<end, with: number)
    }

    /// Puts a number in the place of what may be a length or a count.
    private mutating func writeVarint(into bytes: inout [UInt8]) {
        guard let index = place(in: bytes) else { return }
        var writer = ByteWriter()
        if random.chance(0.5) {
            writer.writeVarint(Self.lies[random.below(Self.lies.count)])
        } else {
            let near = Int(bytes[index]) + random.below(9) - 4
            writer.writeVarint(UInt64(max(0, near)))
        }
        bytes.replaceSubrange(index...index, with: writer.bytes)
    }

    /// The same for numbers of two, four or eight bytes in either order.
    private mutating func writeInteger(into bytes: inout [UInt8]) {
        let width = [2, 4, 8][random.below(3)]
        guard bytes.count >= width else { return flip(&bytes) }
        let start = random.below(bytes.count - width + 1)
        var writer = ByteWriter()
        let lie = Self.lies[random.below(Self.lies.count)]
        writer.writeInteger(random.chance(0.7) ? lie : UInt64(bytes.count - start))
        let number = Array(writer.bytes.prefix(width))
        bytes.replaceSubrange(
            start..<(start + width), with: random.chance(0.5) ? number : number.reversed())
    }

    private mutating func swapPieces(of bytes: inout [UInt8]) {
        let first = piece(of: bytes)
        let second = piece(of: bytes)
        guard first.upperBound <= second.lowerBound else { return }
        let head = bytes[..<first.lowerBound] + bytes[second]
        let middle = bytes[first.upperBound..<second.lowerBound]
        bytes = Array(head + middle + bytes[first] + bytes[second.upperBound...])
    }

    /// Brackets or quotes around a piece.
    private mutating func wrap(_ bytes: inout [UInt8]) {
        let pairs = [("[", "]"), ("{", "}"), ("\"", "\""), ("{\"a\":", "}"), ("(", ")"), ("- ", "")]
        let (open, close) = pairs[random.below(pairs.count)]
        let range = piece(of: bytes)
        bytes.insert(contentsOf: close.utf8, at: range.upperBound)
        bytes.insert(contentsOf: open.utf8, at: range.lowerBound)
    }

    /// Thousands of one short piece.
    private mutating func nested(in bytes: [UInt8]) -> [UInt8] {
        let openers = ["[", "{\"a\":", "- ", "(", "a: &a [*a,", "{", "\u{C0}", "/a", "!", "\\"]
        let range = piece(of: bytes)
        let piece: [UInt8]
        if isText, random.chance(0.7) {
            piece = Array(openers[random.below(openers.count)].utf8)
        } else {
            piece = Array(bytes[range].prefix(16))
        }
        let count = [100, 1_000, 10_000, 100_000][random.below(4)]
        let times = min(count, Self.nestedBytesMax / max(1, piece.count))
        return Array(bytes[..<range.lowerBound])
            + Array(repeatElement(piece, count: times).joined()) + bytes[range.lowerBound...]
    }
}
