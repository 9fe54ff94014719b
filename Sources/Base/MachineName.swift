/// The name of a machine in the mesh. It is also the name of its Node object, so it must be
/// an RFC 1123 subdomain: lower-case letters, digits, `-` and `.`, at most 253 bytes.
public struct MachineName: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let text: String

    /// Nil when the text is no RFC 1123 subdomain.
    public init?(_ text: String) {
        guard DNSName.isSubdomain(text) else { return nil }
        self.text = text
    }

    public var description: String { text }

    public static func < (left: MachineName, right: MachineName) -> Bool { left.text < right.text }
}

/// The rules of RFC 1123 and RFC 1035 that Kubernetes applies to names.
public enum DNSName {
    /// At most 63 lower-case letters, digits or `-`, starting and ending with a letter or digit.
    public static func isLabel(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard (1...63).contains(bytes.count), let first = bytes.first,
            let last = bytes.suffix(1).first
        else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// Labels of any length joined by dots, at most 253 bytes (RFC 1123 as Kubernetes reads it).
    public static func isSubdomain(_ text: some StringProtocol) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        // One pass, because the name of its machine is read with every transaction.
        var previous = UInt8(ascii: ".")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "."): guard isAlphanumeric(previous) else { return false }
            case UInt8(ascii: "-"): guard previous != UInt8(ascii: ".") else { return false }
            default: guard isAlphanumeric(byte) else { return false }
            }
            previous = byte
        }
        return isAlphanumeric(previous)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte)
    }
}
