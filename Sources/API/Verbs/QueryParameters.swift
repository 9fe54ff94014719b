package import Objects

/// The parameters of a query string, decoded once, in their order.
package struct QueryParameters: Sendable {
    private let pairs: [(name: String, value: String)]

    static let empty = QueryParameters(pairs: [])

    private init(pairs: [(name: String, value: String)]) { self.pairs = pairs }

    /// Broken escapes and bytes that are no UTF-8 are refused, as Go's `url.ParseQuery` does.
    package init(_ query: String) throws(StatusError) {
        var pairs: [(name: String, value: String)] = []
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = part.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = halves.first, let name = Self.decoded(first, plusIsSpace: true),
                let value = halves.count > 1
                    ? Self.decoded(halves[1], plusIsSpace: true) : ""
            else {
                throw StatusError(
                    .badRequest, "the query holds an invalid URL escape: \(Substring(part))")
            }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    /// The first value of that name; nil when it is not there.
    func first(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }

    /// As Kubernetes converts query values: absent, `0` and `false` are false, any other text,
    /// the empty one too, is true.
    func bool(_ name: String) -> Bool {
        switch first(name)?.lowercased() {
        case nil, "0", "false": false
        default: true
        }
    }

    func integer(_ name: String) throws(StatusError) -> Int64? {
        guard let text = first(name), !text.isEmpty else { return nil }
        guard let number = Int64(text) else {
            throw StatusError(
                .badRequest,
                "strconv.ParseInt: parsing \(quotedText(text)): invalid syntax")
        }
        return number
    }

    /// Undoes percent-encoding; nil when an escape is broken or the bytes are no UTF-8.
    static func decoded(_ text: Substring.UTF8View, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexDigit),
                    let low = iterator.next().flatMap(hexDigit)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}

/// The text in quotes and escaped, as Go's `%q` prints it.
func quotedText(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\t": quoted += "\\t"
        case "\r": quoted += "\\r"
        case "\0"..<" ", "\u{7F}":
            let digits = String(scalar.value, radix: 16)
            quoted += "\\x" + (digits.count < 2 ? "0" : "") + digits
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
