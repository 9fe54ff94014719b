extension JSON {
    /// Parses one document (RFC 8259, UTF-8 only). Of duplicate member names the last one wins.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self = try JSON.parse(bytes[...], limits: limits, collectDuplicates: false).value
    }

    public init(
        parsing bytes: ArraySlice<UInt8>, limits: JSONLimits = JSONLimits()
    ) throws(JSONError) {
        self = try JSON.parse(bytes, limits: limits, collectDuplicates: false).value
    }

    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// Parses one document and also names the members that occur twice, as paths such as
    /// `spec.containers[0].name`; strict field validation refuses those.
    public static func parseReportingDuplicates(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> (value: JSON, duplicates: [String]) {
        // Where they stand is worked out only for a document that has some.
        let plain = try parse(bytes[...], limits: limits, collectDuplicates: false)
        guard plain.hasDuplicates else { return (plain.value, []) }
        let parsed = try parse(bytes[...], limits: limits, collectDuplicates: true)
        return (parsed.value, parsed.duplicates)
    }

    private struct Parsed {
        var value: JSON
        var duplicates: [String]
        var hasDuplicates: Bool
    }

    private static func parse(
        _ bytes: ArraySlice<UInt8>, limits: JSONLimits, collectDuplicates: Bool
    ) throws(JSONError) -> Parsed {
        guard bytes.count <= limits.bytesMax else {
            throw JSONError(
                "document of \(bytes.count) bytes exceeds the limit of \(limits.bytesMax)",
                offset: limits.bytesMax)
        }
        return try bytes.withUnsafeBufferPointer {
            (buffer) throws(JSONError) -> Parsed in
            var parser = JSONParser(buffer, limits, collectDuplicates: collectDuplicates)
            defer { parser.discard() }
            let value = try parser.parseDocument()
            return Parsed(
                value: value, duplicates: parser.duplicates,
                hasDuplicates: parser.hasDuplicates)
        }
    }
}

/// A recursive-descent parser over bytes that outlive it. Every read is checked against `count`.
private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let count: Int
    private let limits: JSONLimits
    private let collectDuplicates: Bool
    private var position = 0
    private var depth = 0
    private(set) var duplicates: [String] = []
    private(set) var hasDuplicates = false
    /// The members and elements read so far of the containers that are open.
    private var members = JSONStack<(name: String, value: JSON)>()
    private var elements = JSONStack<JSON>()
    private var marks = JSONStack<UInt64>()

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, _ limits: JSONLimits, collectDuplicates: Bool
    ) {
        self.bytes = bytes
        self.limits = limits
        self.collectDuplicates = collectDuplicates
        count = bytes.count
    }

    /// To be called at the end, whatever it is.
    mutating func discard() {
        members.discard()
        elements.discard()
        marks.discard()
    }

    mutating func parseDocument() throws(JSONError) -> JSON {
        let value = try parseValue(path: nil)
        skipSpace()
        guard position == count else { throw unexpected("after top-level value") }
        return value
    }

    /// Where a value stands, kept only while duplicates are collected.
    private final class Path {
        let parent: Path?
        var name = ""
        var index: Int?

        init(_ parent: Path?) { self.parent = parent }

        /// The dotted form of Kubernetes' strict decoding errors.
        func text(adding last: String) -> String {
            var text = parent?.text ?? ""
            if let index {
                text += "[\(index)]"
                return last.isEmpty ? text : text + "." + last
            }
            let name = last.isEmpty ? self.name : last
            return text.isEmpty ? name : text + "." + name
        }

        var text: String { text(adding: "") }
    }

    private mutating func parseValue(path: Path?) throws(JSONError) -> JSON {
        skipSpace()
        guard position < count else { throw unexpectedEnd() }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try parseObject(parent: path)
        case UInt8(ascii: "["): return try parseArray(parent: path)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), 48...57: return try parseNumber()
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        default: throw unexpected("looking for beginning of value")
        }
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= limits.depthMax else {
            throw JSONError("exceeded max depth", offset: position)
        }
        position += 1
        skipSpace()
    }

    private mutating func parseObject(parent: Path?) throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        if position < count, bytes[position] == UInt8(ascii: "}") {
            position += 1
            return .object(JSONObject())
        }
        return .object(
            collectDuplicates ? try parseMembers(Path(parent)) : try parseMembers())
    }

    private mutating func parseMembers() throws(JSONError) -> JSONObject {
        let start = members.count
        while true {
            let (name, mark) = try parseName()
            let value = try parseValue(path: nil)
            members.push((name, value))
            marks.push(mark)
            guard try endsContainer(UInt8(ascii: "}"), "after object key:value pair") else {
                continue
            }
            let mayRepeat = marks.holdsTwice(from: start)
            marks.drop(to: start)
            let found = members.take(from: start)
            guard mayRepeat else { return JSONObject(distinct: found) }
            var builder = JSONObject.Builder()
            for (name, value) in found where builder.append(name, value) { hasDuplicates = true }
            return builder.object
        }
    }

    private mutating func parseMembers(_ path: Path) throws(JSONError) -> JSONObject {
        var members = JSONObject.Builder()
        while true {
            let name = try parseName().name
            path.name = name
            let value = try parseValue(path: path)
            if members.append(name, value) {
                hasDuplicates = true
                if duplicates.count < limits.duplicatesMax {
                    duplicates.append(path.text(adding: name))
                }
            }
            if try endsContainer(UInt8(ascii: "}"), "after object key:value pair") {
                return members.object
            }
        }
    }

    /// Reads a member's name and the colon behind it. Equal names have equal marks.
    private mutating func parseName() throws(JSONError) -> (name: String, mark: UInt64) {
        skipSpace()
        guard position < count else { throw unexpectedEnd() }
        guard bytes[position] == UInt8(ascii: "\"") else {
            throw unexpected("looking for beginning of object key string")
        }
        let name: String
        let mark: UInt64
        let start = position + 1
        let end = endOfPlainText(from: start)
        if end < count, bytes[end] == UInt8(ascii: "\"") {
            let raw = UnsafeBufferPointer(rebasing: bytes[start..<end])
            mark = JSONNames.mark(of: raw)
            name = JSONNames.name(raw, mark) ?? String(decoding: raw, as: UTF8.self)
            position = end + 1
        } else {
            name = try parseString()
            mark = JSONNames.mark(of: name)
        }
        skipSpace()
        guard position < count else { throw unexpectedEnd() }
        guard bytes[position] == UInt8(ascii: ":") else { throw unexpected("after object key") }
        position += 1
        return (name, mark)
    }

    /// The first byte from there on that is no letter of plain ASCII text: a quote, a backslash, a
    /// control character or a part of another letter. Eight bytes are looked at together.
    private func endOfPlainText(from start: Int) -> Int {
        var index = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawBufferPointer(bytes)
        while index + 8 <= count {
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
        while index < count {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { break }
            index += 1
        }
        return index
    }

    private mutating func parseArray(parent: Path?) throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        if position < count, bytes[position] == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        let path = collectDuplicates ? Path(parent) : nil
        let start = elements.count
        while true {
            path?.index = elements.count - start
            elements.push(try parseValue(path: path))
            if try endsContainer(UInt8(ascii: "]"), "after array element") {
                return .array(elements.take(from: start))
            }
        }
    }

    /// Passes over the comma between two entries (false) or the closing bracket (true).
    private mutating func endsContainer(
        _ bracket: UInt8, _ context: String
    ) throws(JSONError) -> Bool {
        skipSpace()
        guard position < count else { throw unexpectedEnd() }
        let byte = bytes[position]
        guard byte == UInt8(ascii: ",") || byte == bracket else { throw unexpected(context) }
        position += 1
        return byte == bracket
    }

    private mutating func parseLiteral(
        _ literal: StaticString, _ value: JSON
    ) throws(JSONError) -> JSON {
        for index in 1..<literal.utf8CodeUnitCount {
            let expected = literal.utf8Start[index]
            position += 1
            guard position < count else { throw unexpectedEnd() }
            guard bytes[position] == expected else {
                let letter = Character(Unicode.Scalar(expected))
                throw unexpected("in literal \(literal) (expecting '\(letter)')")
            }
        }
        position += 1
        return value
    }

    private mutating func skipSpace() {
        while position < count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }
}

extension JSONParser {
    private mutating func parseNumber() throws(JSONError) -> JSON {
        let start = position
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        guard position < count else { throw unexpectedEnd() }
        var magnitude: UInt64 = 0
        var fits = true
        if bytes[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            guard isDigit else { throw unexpected("in numeric literal") }
            while isDigit {
                let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
                let (sum, overflowed) = product.addingReportingOverflow(
                    UInt64(bytes[position] - 48))
                fits = fits && !overflow && !overflowed
                magnitude = sum
                position += 1
            }
        }
        let isWhole = try !parseFraction()
        if isWhole, fits, magnitude <= UInt64(Int64.max) + (isNegative ? 1 : 0) {
            let bits = Int64(bitPattern: magnitude)
            return .integer(isNegative ? 0 &- bits : bits)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw JSONError("number \(text) is out of range", offset: start)
        }
        return .number(value)
    }

    /// Passes over a fraction and an exponent; false when there is neither.
    private mutating func parseFraction() throws(JSONError) -> Bool {
        var isPresent = false
        if position < count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            isPresent = true
            try expectDigits("after decimal point in numeric literal")
        }
        if position < count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            isPresent = true
            if position < count, bytes[position] == 43 || bytes[position] == 45 { position += 1 }
            try expectDigits("in exponent of numeric literal")
        }
        return isPresent
    }

    private mutating func expectDigits(_ context: String) throws(JSONError) {
        guard position < count else { throw unexpectedEnd() }
        guard isDigit else { throw unexpected(context) }
        while isDigit { position += 1 }
    }

    private var isDigit: Bool {
        position < count && bytes[position] >= 48 && bytes[position] <= 57
    }
}

extension JSONParser {
    /// Reads a string whose opening quote is at `position`.
    private mutating func parseString() throws(JSONError) -> String {
        let start = position + 1
        var index = endOfPlainText(from: start)
        var isASCII = true
        while index < count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                position = index + 1
                return try text(UnsafeBufferPointer(rebasing: bytes[start..<index]), isASCII, start)
            }
            if byte == UInt8(ascii: "\\") { break }
            if byte < 0x20 {
                position = index
                throw unexpected("in string literal")
            }
            if byte >= 0x80 { isASCII = false }
            index += 1
        }
        position = index
        return try parseEscapedString(from: start)
    }

    private func text(
        _ raw: UnsafeBufferPointer<UInt8>, _ isASCII: Bool, _ start: Int
    ) throws(JSONError) -> String {
        if isASCII { return String(decoding: raw, as: UTF8.self) }
        guard let text = String(validating: raw, as: UTF8.self) else {
            throw JSONError("invalid UTF-8 in string literal", offset: start)
        }
        return text
    }

    /// Goes on at `position`, where the first backslash of the string stands.
    private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        var raw = Array(bytes[start..<position])
        while position < count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: raw, as: UTF8.self) else {
                    throw JSONError("invalid UTF-8 in string literal", offset: start)
                }
                return text
            case UInt8(ascii: "\\"):
                try parseEscape(into: &raw)
            case 0..<0x20:
                position -= 1
                throw unexpected("in string literal")
            default:
                raw.append(byte)
            }
        }
        throw unexpectedEnd()
    }

    private mutating func parseEscape(into raw: inout [UInt8]) throws(JSONError) {
        guard position < count else { throw unexpectedEnd() }
        switch bytes[position] {
        case UInt8(ascii: "\""): raw.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): raw.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): raw.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): raw.append(0x08)
        case UInt8(ascii: "f"): raw.append(0x0C)
        case UInt8(ascii: "n"): raw.append(0x0A)
        case UInt8(ascii: "r"): raw.append(0x0D)
        case UInt8(ascii: "t"): raw.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            raw.append(contentsOf: String(Character(try parseUnicodeEscape())).utf8)
            return
        default: throw unexpected("in string escape code")
        }
        position += 1
    }

    /// Reads the digits of `\uXXXX` and, behind a high surrogate, the low one. A surrogate that
    /// stands alone becomes U+FFFD, as in Go.
    private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let unit = try parseHexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let resume = position
        guard unit < 0xDC00, position + 1 < count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        position += 2
        let low = try parseHexadecimal()
        guard (0xDC00...0xDFFF).contains(low) else {
            position = resume
            return "\u{FFFD}"
        }
        let code = 0x10000 + (UInt32(unit - 0xD800) << 10) + UInt32(low - 0xDC00)
        return Unicode.Scalar(code) ?? "\u{FFFD}"
    }

    private mutating func parseHexadecimal() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard position < count else { throw unexpectedEnd() }
            let byte = bytes[position]
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            case 65...70: digit = byte - 55
            default: throw unexpected("in \\u hexadecimal character escape")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}

extension JSONParser {
    private func unexpectedEnd() -> JSONError {
        JSONError("unexpected end of JSON input", offset: count)
    }

    /// The error for the byte at `position`, quoted as Go quotes it.
    private func unexpected(_ context: String) -> JSONError {
        guard position < count else { return unexpectedEnd() }
        let byte = bytes[position]
        let quoted: String
        switch byte {
        case UInt8(ascii: "'"): quoted = "\\'"
        case UInt8(ascii: "\\"): quoted = "\\\\"
        case 0x0A: quoted = "\\n"
        case 0x0D: quoted = "\\r"
        case 0x09: quoted = "\\t"
        case 0..<0x20, 0x7F..<0xA0:
            quoted = (byte < 0x10 ? "\\x0" : "\\x") + String(byte, radix: 16)
        default: quoted = String(Character(Unicode.Scalar(byte)))
        }
        return JSONError("invalid character '\(quoted)' \(context)", offset: position)
    }
}
