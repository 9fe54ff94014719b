/// A Kubernetes quantity (`resource.Quantity`): a decimal number with an optional suffix such as
/// `500m`, `1.5Gi` or `1e3`, held exactly in thousandths as far as 64 bits go and saturating there.
package struct Quantity: Hashable, Comparable, Sendable {
    /// The value times 1,000, rounded up as Kubernetes rounds.
    package var milli: Int64

    package init(milli: Int64) { self.milli = milli }

    package static let zero = Quantity(milli: 0)

    /// The value rounded up to a whole number.
    package var value: Int64 {
        let quotient = milli / 1_000
        return milli % 1_000 > 0 ? quotient + 1 : quotient
    }

    package static func < (left: Quantity, right: Quantity) -> Bool { left.milli < right.milli }

    package static func + (left: Quantity, right: Quantity) -> Quantity {
        let (sum, overflow) = left.milli.addingReportingOverflow(right.milli)
        return Quantity(milli: overflow ? .max : sum)
    }

    /// Nil when the text is no quantity: `^[+-]?[0-9.]+([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$`.
    package init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        var isNegative = false
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            bytes = bytes.dropFirst()
        }
        var whole = 0.0
        var digits = 0
        var exact: Int64? = 0
        var decimals: Int?
        while let byte = bytes.first {
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
            } else if (48...57).contains(byte) {
                let digit = Int64(byte - 48)
                whole = whole * 10 + Double(digit)
                exact = exact.flatMap { Self.shifted($0, adding: digit) }
                digits += 1
                if let places = decimals { decimals = places + 1 }
            } else {
                break
            }
            bytes = bytes.dropFirst()
        }
        guard digits > 0, let scale = Self.scale(of: String(decoding: bytes, as: UTF8.self))
        else { return nil }
        milli = Self.milli(
            exact: exact, approximate: whole, decimals: decimals ?? 0, scale: scale)
        if isNegative { milli = -milli }
    }

    private enum Scale {
        case decimal(exponent: Int)
        case binary(exponent: Int)
    }

    private static func scale(of suffix: String) -> Scale? {
        switch suffix {
        case "": return .decimal(exponent: 0)
        case "n": return .decimal(exponent: -9)
        case "u": return .decimal(exponent: -6)
        case "m": return .decimal(exponent: -3)
        case "k": return .decimal(exponent: 3)
        case "M": return .decimal(exponent: 6)
        case "G": return .decimal(exponent: 9)
        case "T": return .decimal(exponent: 12)
        case "P": return .decimal(exponent: 15)
        case "E": return .decimal(exponent: 18)
        case "Ki": return .binary(exponent: 10)
        case "Mi": return .binary(exponent: 20)
        case "Gi": return .binary(exponent: 30)
        case "Ti": return .binary(exponent: 40)
        case "Pi": return .binary(exponent: 50)
        case "Ei": return .binary(exponent: 60)
        default: break
        }
        guard suffix.first == "e" || suffix.first == "E",
            let exponent = Int(suffix.dropFirst()), (-30...30).contains(exponent)
        else { return nil }
        return .decimal(exponent: exponent)
    }

    private static func shifted(_ value: Int64, adding digit: Int64) -> Int64? {
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        guard !overflow else { return nil }
        let (sum, overflowed) = product.addingReportingOverflow(digit)
        return overflowed ? nil : sum
    }

    /// Works on integers where they suffice and falls back to floating point near saturation.
    private static func milli(
        exact: Int64?, approximate: Double, decimals: Int, scale: Scale
    ) -> Int64 {
        var factor = 1.0
        var value = exact
        var power = 3 - decimals
        switch scale {
        case .decimal(let exponent):
            power += exponent
        case .binary(let exponent):
            for _ in 0..<exponent { factor *= 2 }
            value = value.flatMap { whole in
                let (product, overflow) = whole.multipliedReportingOverflow(by: 1 << exponent)
                return overflow ? nil : product
            }
        }
        if var result = value {
            var isExact = true
            for _ in 0..<max(0, power) where isExact {
                let (product, overflow) = result.multipliedReportingOverflow(by: 10)
                isExact = !overflow
                result = product
            }
            if isExact {
                var hasRemainder = false
                for _ in 0..<max(0, -power) {
                    hasRemainder = hasRemainder || result % 10 != 0
                    result /= 10
                }
                return hasRemainder ? result + 1 : result
            }
        }
        var product = approximate * factor
        for _ in 0..<abs(power) { product = power > 0 ? product * 10 : product / 10 }
        return product < 9.2e18 ? Int64(product.rounded(.up)) : .max
    }
}
