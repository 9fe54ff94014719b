import JSON

/// Kernel parameters that a Pod sets for itself (`validateSysctls`).
enum SysctlRules {
    private static let nameBytesMax = 253
    private static let pattern =
        "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"

    static func validate(_ security: JSON, _ v: inout Validation) {
        var seen: Set<String> = []
        v.each("sysctls", of: security) { v, sysctl in
            let name = sysctl.text("name")
            v.at("name") { v in
                if name.isEmpty {
                    v.required()
                } else if !isValid(name) {
                    v.invalid(
                        .string(name),
                        "must have at most \(nameBytesMax) characters and match regex \(pattern)")
                } else if !seen.insert(name).inserted {
                    v.duplicate(.string(name))
                }
            }
        }
    }

    /// Segments between dots or slashes: small letters, digits, and `-` or `_` inside.
    private static func isValid(_ name: String) -> Bool {
        guard name.utf8.count <= nameBytesMax else { return false }
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        let separators = [UInt8(ascii: "."), UInt8(ascii: "/")]
        let inner = [UInt8(ascii: "-"), UInt8(ascii: "_")]
        return name.utf8.split(omittingEmptySubsequences: false) { separators.contains($0) }
            .allSatisfy { segment in
                guard let first = segment.first, let last = segment.last else { return false }
                return isAlphanumeric(first) && isAlphanumeric(last)
                    && segment.allSatisfy { isAlphanumeric($0) || inner.contains($0) }
            }
    }
}
