import Base
import JSON
package import Objects
import Store

extension ContinueToken {
    private static let version = "meta.k8s.io/v1"

    var text: String {
        var json: JSON = [
            "v": .string(Self.version), "rv": .string(revision.description),
            "start": .string(namespace.isEmpty ? name : "\(namespace)/\(name)"),
        ]
        if let begun { json["at"] = .integer(begun.seconds) }
        return Base64Text.encoded(json.bytes)
    }

    package init(parsing text: String) throws(StatusError) {
        guard let bytes = Base64Text.decoded(text),
            let json = try? JSON(parsing: bytes),
            json["v"]?.string == Self.version,
            let number = json["rv"]?.string.flatMap({ UInt64($0) }),
            let start = json["start"]?.string, !start.isEmpty
        else {
            throw StatusError(.badRequest, "continue key is not valid: \(quotedText(text))")
        }
        revision = Revision(number)
        begun = json["at"]?.integer.map { WallTime(seconds: $0) }
        let parts = start.split(separator: "/", maxSplits: 1).map(String.init)
        namespace = parts.count > 1 ? parts[0] : ""
        name = parts.last ?? ""
    }
}

/// Base64 in the alphabet for URLs, without padding (RFC 4648 §5).
enum Base64Text {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The alphabet and the padding of RFC 4648 §4, as JSON documents carry bytes.
    static func standard(_ bytes: [UInt8]) -> String {
        var text = encoded(bytes).utf8.map { byte in
            byte == UInt8(ascii: "-")
                ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
        }
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    static func encoded(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            var word = UInt32(bytes[index]) << 16
            if index + 1 < bytes.count { word |= UInt32(bytes[index + 1]) << 8 }
            if index + 2 < bytes.count { word |= UInt32(bytes[index + 2]) }
            let digits = min(4, bytes.count - index + 1)
            for digit in 0..<digits {
                output.append(alphabet[Int(word >> (18 - 6 * UInt32(digit)) & 63)])
            }
            index += 3
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Nil when a byte is none of the alphabet.
    static func decoded(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            word = (word << 6 | UInt32(value)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return output
    }
}
