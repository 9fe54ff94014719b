extension JSON {
    /// The document as compact UTF-8 text, members in their order. Characters of HTML are not
    /// escaped; control characters and U+2028 and U+2029 are, as Go's `encoding/json` does.
    public var bytes: [UInt8] {
        var text = JSONText()
        defer { text.discard() }
        text.append(self)
        return text.bytes
    }

    /// Appends the document to `output`.
    public func write(into output: inout [UInt8]) {
        var text = JSONText()
        defer { text.discard() }
        text.append(self)
        text.append(to: &output)
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A text that is being written. It grows without a look at who else holds it, which a document's
/// thousand short pieces would each pay for.
///
/// Whoever has one calls ``discard()`` in the end.
private struct JSONText {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity = 1_024
    private var count = 0

    init() { base = .allocate(capacity: capacity) }

    func discard() { base.deallocate() }

    var bytes: [UInt8] {
        Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            if count > 0 { buffer.baseAddress?.initialize(from: base, count: count) }
            initialized = count
        }
    }

    func append(to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: base, count: count))
    }

    private mutating func reserve(_ length: Int) {
        guard capacity - count < length else { return }
        capacity = max(capacity * 2, count + length)
        let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        fresh.initialize(from: base, count: count)
        base.deallocate()
        base = fresh
    }

    mutating func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).initialize(from: start, count: bytes.count)
        count += bytes.count
    }

    private mutating func append(literal text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(plain text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    mutating func append(_ value: JSON) {
        switch value {
        case .null: append(literal: "null")
        case .bool(true): append(literal: "true")
        case .bool(false): append(literal: "false")
        case .integer(let number) where (0..<10).contains(number):
            append(48 + UInt8(number))
        case .integer(let number):
            append(plain: String(number))
        case .number(let number):
            // JSON has no infinities; the parser never yields one.
            append(plain: number.isFinite ? number.description : "null")
        case .string(let text):
            append(quoted: text)
        case .array(let elements):
            append(UInt8(ascii: "["))
            for index in elements.indices {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(elements[index])
            }
            append(UInt8(ascii: "]"))
        case .object(let members):
            append(UInt8(ascii: "{"))
            let start = count
            _ = members.holdsForAll { name, value in
                if count > start { append(UInt8(ascii: ",")) }
                append(quoted: name)
                append(UInt8(ascii: ":"))
                append(value)
                return true
            }
            append(UInt8(ascii: "}"))
        }
    }
}

extension JSONText {
    private mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            while start < utf8.count {
                let end = Self.endOfPlainText(utf8, from: start)
                append(UnsafeBufferPointer(rebasing: utf8[start..<end]))
                guard end < utf8.count else { return }
                start = end + appendEscaped(utf8, end)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// The first byte from there on that may have to be escaped. Eight are looked at together.
    private static func endOfPlainText(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawBufferPointer(bytes)
        var index = start
        while index + 8 <= bytes.count {
            let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            // A byte's top bit is set where the byte is high, small, a quote or a backslash.
            let isSmall = (word &- ones &* 0x20) & ~word
            let isQuote = (quote &- ones) & ~quote
            let isBackslash = (backslash &- ones) & ~backslash
            if (word | isSmall | isQuote | isBackslash) & tops != 0 { break }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0xE2 { break }
            index += 1
        }
        return index
    }

    /// Appends what stands at a position, escaped where it must be; returns how long it is.
    private mutating func appendEscaped(
        _ bytes: UnsafeBufferPointer<UInt8>, _ position: Int
    ) -> Int {
        let byte = bytes[position]
        guard byte == 0xE2 else {
            appendEscape(of: byte)
            return 1
        }
        // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
        guard position + 2 < bytes.count, bytes[position + 1] == 0x80,
            bytes[position + 2] & 0xFE == 0xA8
        else {
            append(byte)
            return 1
        }
        append(literal: "\\u202")
        append(0x38 + (bytes[position + 2] & 1))
        return 3
    }

    private mutating func appendEscape(of byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        case 0x22, 0x5C: append(byte)
        default:
            append(literal: "u00")
            append(0x30 + (byte >> 4))
            let digit = byte & 0x0F
            append(digit + (digit < 10 ? 48 : 87))
        }
    }
}
