import Foundation

/// Swift code with the text of its comments and string literals blanked, so that words in prose
/// are not mistaken for code. Line breaks stay, and so do the numbers of lines.
struct SwiftText: Sendable {
    private let bytes: [UInt8]
    private var position = 0
    /// ASCII only: other characters of code are replaced by letters.
    private(set) var code: [UInt8] = []

    init(_ text: String) {
        bytes = Array(text.utf8)
        code.reserveCapacity(bytes.count)
        while position < bytes.count { copyCode(isInterpolation: false) }
    }

    var text: String { String(decoding: code, as: UTF8.self) }

    var lines: [String] {
        code.split(separator: Self.newline, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The numbers of the lines, from 1, on which a match of the pattern starts.
    func lines(matching pattern: NSRegularExpression) -> [Int] {
        let text = text
        let matches = pattern.matches(in: text, range: NSRange(location: 0, length: code.count))
        return matches.map { line(at: $0.range.location) }
    }

    func line(at offset: Int) -> Int {
        code[..<offset].reduce(1) { $0 + ($1 == Self.newline ? 1 : 0) }
    }

    private static let newline = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")
    private static let backslash = UInt8(ascii: "\\")
    private static let opening = UInt8(ascii: "(")
    private static let closing = UInt8(ascii: ")")

    private func byte(_ distance: Int) -> UInt8 {
        position + distance < bytes.count ? bytes[position + distance] : 0
    }

    private mutating func keep(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            let byte = bytes[position]
            code.append(byte < 128 ? byte : UInt8(ascii: "x"))
            position += 1
        }
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            code.append(bytes[position] == Self.newline ? Self.newline : 32)
            position += 1
        }
    }

    /// Copies code to the end, or to the parenthesis that closes an interpolation.
    private mutating func copyCode(isInterpolation: Bool) {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case Self.slash where byte(1) == Self.slash:
                while position < bytes.count, bytes[position] != Self.newline { blank(1) }
            case Self.slash where byte(1) == Self.star:
                skipBlockComment()
            case Self.quote:
                skipString(hashes: 0)
            case Self.hash:
                var hashes = 0
                while byte(hashes) == Self.hash { hashes += 1 }
                if byte(hashes) == Self.quote { skipString(hashes: hashes) } else { keep(hashes) }
            case Self.opening:
                depth += 1
                keep(1)
            case Self.closing:
                depth -= 1
                keep(1)
                if isInterpolation, depth < 0 { return }
            default:
                keep(1)
            }
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if byte(0) == Self.slash, byte(1) == Self.star {
                depth += 1
                blank(2)
            } else if byte(0) == Self.star, byte(1) == Self.slash {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func skipString(hashes: Int) {
        let isLong = byte(hashes + 1) == Self.quote && byte(hashes + 2) == Self.quote
        let quotes = isLong ? 3 : 1
        keep(hashes + quotes)
        while position < bytes.count {
            if sees(Self.quote, quotes, then: Self.hash, hashes) {
                return keep(quotes + hashes)
            }
            guard sees(Self.backslash, 1, then: Self.hash, hashes) else {
                blank(1)
                continue
            }
            if byte(1 + hashes) == Self.opening {
                keep(2 + hashes)
                copyCode(isInterpolation: true)
            } else {
                blank(2 + hashes)
            }
        }
    }

    private func sees(_ first: UInt8, _ count: Int, then second: UInt8, _ more: Int) -> Bool {
        (0..<count).allSatisfy { byte($0) == first }
            && (0..<more).allSatisfy { byte(count + $0) == second }
    }
}
