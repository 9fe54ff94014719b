extension JSON {
    /// The document as compact UTF-8 text, members in their order.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        write(into: &output)
        return output
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Appends the document to `output`. Characters of HTML are not escaped; control characters
    /// and U+2028 and U+2029 are, as Go's `encoding/json` does.
    public func write(into output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(true): output.append(contentsOf: "true".utf8)
        case .bool(false): output.append(contentsOf: "false".utf8)
        case .integer(let value): Self.write(value, into: &output)
        case .number(let value):
            // JSON has no infinities; the parser never yields one.
            output.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let text): Self.writeString(text, into: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            var isFirst = true
            for (name, value) in members {
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                Self.writeString(name, into: &output)
                output.append(UInt8(ascii: ":"))
                value.write(into: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ value: Int64, into output: inout [UInt8]) {
        if (0..<10).contains(value) {
            output.append(48 + UInt8(value))
        } else {
            output.append(contentsOf: String(value).utf8)
        }
    }

    /// Appends a quoted string.
    public static func writeString(_ text: String, into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            var index = 0
            while index < utf8.count {
                let byte = utf8[index]
                guard byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0xE2 else {
                    index += 1
                    continue
                }
                if byte == 0xE2 {
                    // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
                    guard index + 2 < utf8.count, utf8[index + 1] == 0x80,
                        utf8[index + 2] & 0xFE == 0xA8
                    else {
                        index += 1
                        continue
                    }
                    append(utf8, plain..<index, to: &output)
                    output.append(contentsOf: "\\u202".utf8)
                    output.append(utf8[index + 2] & 1 == 0 ? 0x38 : 0x39)
                    index += 3
                } else {
                    append(utf8, plain..<index, to: &output)
                    writeEscape(of: byte, into: &output)
                    index += 1
                }
                plain = index
            }
            append(utf8, plain..<utf8.count, to: &output)
        }
        output.append(UInt8(ascii: "\""))
    }

    /// A buffer is copied as a whole, a slice of one byte by byte.
    private static func append(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to output: inout [UInt8]
    ) {
        output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[range]))
    }

    private static func writeEscape(of byte: UInt8, into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case 0x22, 0x5C: output.append(byte)
        default:
            output.append(contentsOf: "u00".utf8)
            output.append(byte < 0x10 ? 0x30 : 0x31)
            let digit = byte & 0x0F
            output.append(digit < 10 ? 48 + digit : 87 + digit)
        }
    }
}
