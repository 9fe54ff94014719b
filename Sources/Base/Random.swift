/// A seeded generator of random numbers (xoshiro256**, Blackman and Vigna 2018).
///
/// Randomness is a field of a core, so one seed determines a whole simulated cluster. It is
/// not for keys or nonces; those come from libsodium and enter as inputs.
public struct Random: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Expands the seed with SplitMix64, as the authors of xoshiro recommend.
    public init(seed: UInt64) {
        var mixer = seed
        func next() -> UInt64 {
            mixer &+= 0x9E37_79B9_7F4A_7C15
            var word = mixer
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
        state = (next(), next(), next(), next())
    }

    public mutating func next() -> UInt64 {
        let product = state.1 &* 5
        let result = ((product << 7) | (product >> 57)) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
        return result
    }

    /// A number in `0..<bound`; `bound` must be positive. Lemire's method without the
    /// rejection step: the bias is below 2⁻³² for every bound used here.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a random bound must be positive")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number in `[0, 1)`.
    public mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// True with the given probability.
    public mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

    /// A span in `[low, high)`, or `low` when the range is empty.
    public mutating func span(from low: Span, to high: Span) -> Span {
        guard high > low else { return low }
        return low + (high - low).scaled(by: fraction())
    }

    /// Fisher and Yates, with this generator.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        guard elements.count > 1 else { return }
        for index in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(index, below(index + 1))
        }
    }
}

extension Random {
    /// A random UUID (RFC 9562 §5.4).
    public mutating func uuid() -> String {
        let (first, second) = (next(), next())
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for index in 0..<16 {
                let word = index < 8 ? first : second
                var byte = UInt8(truncatingIfNeeded: word >> (8 * (index & 7)))
                if index == 6 { byte = byte & 0x0F | 0x40 }
                if index == 8 { byte = byte & 0x3F | 0x80 }
                if index == 4 || index == 6 || index == 8 || index == 10 {
                    text[position] = 0x2D
                    position += 1
                }
                text[position] = Self.hexadecimal(byte >> 4)
                text[position + 1] = Self.hexadecimal(byte & 15)
                position += 2
            }
            return 36
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? 0x30 + digit : 0x57 + digit
    }
}
