import Base

/// The checks of `k8s.io/apimachinery/pkg/util/validation`; the sentences are those that clients
/// of Kubernetes know.
extension StringFormat {
    /// What is wrong with a text; empty when it has the format.
    package func faults(of text: String) -> [String] {
        if isPlainlyGood(text) { return [] }
        switch self {
        case .plain:
            return []
        case .dnsLabel:
            return limit(text, 63) + (isDNSLabel(text[...]) ? [] : [Self.dnsLabelFault])
        case .dnsSubdomain:
            return limit(text, 253) + (isSubdomain(text) ? [] : [Self.subdomainFault])
        case .dns1035Label:
            let isGood = isDNSLabel(text[...]) && text.utf8.first.map(\.isLowercaseLetter) ?? false
            return limit(text, 63) + (isGood ? [] : [Self.dns1035Fault])
        case .qualifiedName:
            return qualifiedNameFaults(text)
        case .labelValue:
            let isGood = text.isEmpty || isName(text[...])
            return limit(text, 63) + (isGood ? [] : [Self.labelValueFault])
        case .environmentName:
            return environmentNameFaults(text)
        case .configKey:
            return configKeyFaults(text)
        case .ipAddress:
            return IPText.isValid(text)
                ? [] : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
        case .pathSegment:
            if text == "." || text == ".." { return ["may not be '\(text)'"] }
            return ["/", "%"].filter { text.contains($0) }.map { "may not contain '\($0)'" }
        }
    }

    /// Whether a look at the bytes is enough to see that a text has the format, as that of nearly
    /// every text does. False says nothing.
    private func isPlainlyGood(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            switch self {
            case .plain: true
            case .dnsLabel: bytes.count <= 63 && bytes.isSubdomain(withDots: false)
            case .dnsSubdomain: bytes.count <= 253 && bytes.isSubdomain(withDots: true)
            case .labelValue: bytes.isEmpty || bytes.count <= 63 && bytes.isName
            // A name without prefix, which most are.
            case .qualifiedName: bytes.count <= 63 && bytes.isName
            default: false
            }
        }
    }

    private func limit(_ text: String, _ count: Int) -> [String] {
        text.utf8.count > count ? ["must be no more than \(count) bytes"] : []
    }

    private static let dnsLabelFault =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
        + "and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', "
        + "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    private static let subdomainFault =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
        + "or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "
        + "regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    private static let dns1035Fault =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "
        + "an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
        + "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
    private static let nameFault =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
        + "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    private static let labelValueFault =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        + "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
        + "'my_value',  or '12345', regex used for validation is "
        + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    private static let configKeyFault =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
        + "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
        + "'[-._a-zA-Z0-9]+')"

    private func isDNSLabel(_ text: Substring) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last else { return false }
        return first.isLowercaseAlphanumeric && last.isLowercaseAlphanumeric
            && bytes.allSatisfy { $0.isLowercaseAlphanumeric || $0 == UInt8(ascii: "-") }
    }

    private func isSubdomain(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isDNSLabel)
    }

    /// The part of a qualified name behind its prefix, and a label's value.
    private func isName(_ text: Substring) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last else { return false }
        return first.isAlphanumeric && last.isAlphanumeric && bytes.allSatisfy(\.isNameByte)
    }

    private func qualifiedNameFaults(_ text: String) -> [String] {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        var faults: [String] = []
        guard let name = parts.last, parts.count <= 2 else {
            return [
                "a qualified name " + Self.nameFault
                    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            ]
        }
        if parts.count == 2, let prefix = parts.first {
            if prefix.isEmpty {
                faults.append("prefix part must be non-empty")
            } else {
                let prefixFaults = Self.dnsSubdomain.faults(of: String(prefix))
                faults += prefixFaults.map { "prefix part " + $0 }
            }
        }
        if name.isEmpty { faults.append("name part must be non-empty") }
        if name.utf8.count > 63 { faults.append("name part must be no more than 63 bytes") }
        if !isName(name) { faults.append("name part " + Self.nameFault) }
        return faults
    }

    private func environmentNameFaults(_ text: String) -> [String] {
        let isGood = !text.isEmpty && text.utf8.allSatisfy { (32..<127).contains($0) && $0 != 61 }
        return isGood
            ? []
            : [
                "a valid environment variable name must consist only of printable ASCII "
                    + "characters other than '='"
            ]
    }

    private func configKeyFaults(_ text: String) -> [String] {
        var faults = limit(text, 253)
        let isGood = !text.isEmpty && text.utf8.allSatisfy(\.isNameByte)
        if !isGood { faults.append(Self.configKeyFault) }
        if text == "." {
            faults.append("must not be '.'")
        } else if text == ".." {
            faults.append("must not be '..'")
        } else if text.hasPrefix("..") {
            faults.append("must not start with '..'")
        }
        return faults
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Labels of lower case letters, digits and dashes, none of which begins or ends with a dash.
    fileprivate func isSubdomain(withDots: Bool) -> Bool {
        // What stands before the first label ends one, too.
        var previous = UInt8(ascii: ".")
        for byte in self {
            if byte.isLowercaseAlphanumeric {
                previous = byte
                continue
            }
            let isDot = byte == UInt8(ascii: ".") && withDots
            guard isDot || byte == UInt8(ascii: "-"), previous != UInt8(ascii: ".") else {
                return false
            }
            if isDot, previous == UInt8(ascii: "-") { return false }
            previous = byte
        }
        return previous.isLowercaseAlphanumeric
    }

    fileprivate var isName: Bool {
        guard let first, let last else { return false }
        return first.isAlphanumeric && last.isAlphanumeric && allSatisfy(\.isNameByte)
    }
}

extension UInt8 {
    fileprivate var isLowercaseLetter: Bool { (97...122).contains(self) }
    fileprivate var isLowercaseAlphanumeric: Bool {
        isLowercaseLetter || (48...57).contains(self)
    }
    fileprivate var isAlphanumeric: Bool {
        isLowercaseAlphanumeric || (65...90).contains(self)
    }
    /// Alphanumeric, dash, underscore or dot.
    fileprivate var isNameByte: Bool {
        isAlphanumeric || self == 45 || self == 95 || self == 46
    }
}

/// IP addresses as text, of either family.
enum IPText {
    static func isValid(_ text: String) -> Bool { IPv4Address(text) != nil || isIPv6(text) }

    /// RFC 4291 §2.2: eight groups of hexadecimal digits, `::` once for a run of zeros, the last
    /// two perhaps as an IPv4 address.
    static func isIPv6(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: ":")), text.utf8.count <= 45 else { return false }
        var groups = 0
        var hasGap = false
        var rest = text[...]
        if rest.hasPrefix("::") {
            hasGap = true
            rest = rest.dropFirst(2)
            if rest.isEmpty { return true }
        }
        while true {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            let group = rest[..<end]
            if end == rest.endIndex, group.contains(".") {
                guard IPv4Address(group) != nil else { return false }
                groups += 2
                break
            }
            guard (1...4).contains(group.utf8.count), UInt16(group, radix: 16) != nil,
                group.first != "+"
            else { return false }
            groups += 1
            guard end < rest.endIndex else { break }
            rest = rest[end...].dropFirst()
            if rest.first == ":" {
                guard !hasGap else { return false }
                hasGap = true
                rest = rest.dropFirst()
                if rest.isEmpty { break }
            } else if rest.isEmpty {
                return false
            }
        }
        return hasGap ? groups < 8 : groups == 8
    }
}
