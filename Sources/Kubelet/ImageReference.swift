/// Whether the text of `image` can name an image (`distribution/reference`).
enum ImageReference {
    /// What is wrong with it, in the words of Docker's parser; nil when it can be asked for.
    static func fault(in image: String) -> String? {
        let invalid = "invalid reference format"
        guard !image.isEmpty else { return invalid }
        if image.utf8.count == 64, image.utf8.allSatisfy(isLowerHexadecimal) {
            return "invalid repository name (\(image)), "
                + "cannot specify 64-byte hexadecimal strings"
        }
        var rest = image[...]
        if let at = rest.firstIndex(of: "@") {
            guard isDigest(rest[rest.index(after: at)...]) else { return invalid }
            rest = rest[..<at]
        }
        let (domain, remainder) = split(rest)
        var path = remainder
        var tag: Substring?
        if let colon = path.lastIndex(of: ":") {
            tag = path[path.index(after: colon)...]
            path = path[..<colon]
        }
        let full = domain == nil && !path.contains("/") ? "library/\(path)" : String(path)
        if full.lowercased() != full {
            return "\(invalid): repository name (\(full)) must be lowercase"
        }
        if let tag, !isTag(tag) { return invalid }
        if let domain, !isDomain(domain) { return invalid }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy(isPathComponent) ? nil : invalid
    }

    /// The host before the first slash, where that part looks like one.
    private static func split(_ text: Substring) -> (domain: Substring?, path: Substring) {
        guard let slash = text.firstIndex(of: "/") else { return (nil, text) }
        let first = text[..<slash]
        guard first.contains(".") || first.contains(":") || first == "localhost"
            || first.lowercased() != first
        else { return (nil, text) }
        return (first, text[text.index(after: slash)...])
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let allowed = text.utf8.allSatisfy { isAlphanumeric($0) || ".-:[]".utf8.contains($0) }
        return allowed && !text.isEmpty
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
        return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
            && text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    private static func isDigest(_ text: Substring) -> Bool {
        guard let colon = text.firstIndex(of: ":") else { return false }
        let hexadecimal = text[text.index(after: colon)...]
        return colon > text.startIndex && hexadecimal.utf8.count >= 32
            && hexadecimal.utf8.allSatisfy(isLowerHexadecimal)
    }

    /// Letters and digits, with single separators between them: `.`, `_`, `__` or dashes.
    private static func isPathComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last,
            isAlphanumeric(first), isAlphanumeric(last)
        else { return false }
        var separators = ""
        for byte in text.utf8 {
            if isAlphanumeric(byte) {
                guard separators.count <= 1 || separators == "__"
                    || separators.allSatisfy({ $0 == "-" })
                else { return false }
                separators = ""
            } else if "._-".utf8.contains(byte) {
                separators.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                return false
            }
        }
        return true
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
