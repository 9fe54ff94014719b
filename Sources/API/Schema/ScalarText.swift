import Base
import Objects
import JSON

/// The text of a quantity (`resource.Quantity`).
enum QuantityText {
    static let refusal =
        "quantities must match the regular expression "
        + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

    static func isValid(_ text: String) -> Bool { Quantity(text) != nil }
}

/// The text of a timestamp.
enum TimeText {
    static func isValid(_ text: String) -> Bool { WallTime(rfc3339: text) != nil }

    static func refusal(of text: String, isMicro: Bool) -> String {
        let layout = isMicro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00"
        return "parsing time \"\(text)\" as \"\(layout)\": cannot parse \"\(text)\" as \"2006\""
    }
}

/// Base64 with padding (RFC 4648 §4), the form of a Secret's data.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var pending: UInt32 = 0
        var count = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            count += 1
            if count == 3 {
                for shift in [18, 12, 6, 0] as [UInt32] {
                    text.append(alphabet[Int(pending >> shift & 63)])
                }
                pending = 0
                count = 0
            }
        }
        if count == 1 {
            text.append(alphabet[Int(pending >> 2 & 63)])
            text.append(alphabet[Int(pending << 4 & 63)])
            text += Array("==".utf8)
        } else if count == 2 {
            text.append(alphabet[Int(pending >> 10 & 63)])
            text.append(alphabet[Int(pending >> 4 & 63)])
            text.append(alphabet[Int(pending << 2 & 63)])
            text += Array("=".utf8)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Where the text stops being base64, or nil when all of it is.
    static func firstInvalidOffset(_ text: String) -> Int? {
        var digits = 0
        var padding = 0
        var offset = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                if padding > 0 { return offset }
                digits += 1
            case UInt8(ascii: "="):
                padding += 1
                if padding > 2 || digits % 4 < 2 { return offset }
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                break
            default:
                return offset
            }
            offset += 1
        }
        return (digits + padding) % 4 == 0 ? nil : offset
    }

    /// How many bytes the text stands for.
    static func decodedCount(_ text: String) -> Int {
        var digits = 0
        for byte in text.utf8 where byte > 32 && byte != UInt8(ascii: "=") { digits += 1 }
        return digits * 3 / 4
    }
}
