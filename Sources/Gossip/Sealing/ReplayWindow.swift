/// The last counters seen of one session: refuses each but the first arrival of a counter, and
/// all that are older than the window, so order may differ by up to 127 datagrams (as in
/// RFC 4303 §3.4.3, with 128 bits).
struct ReplayWindow: Sendable {
    private var highest: UInt64 = 0
    /// Bit `i` stands for the counter `highest − i`.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    static let width: UInt64 = 128

    /// True when this counter was not accepted before; remembers it. Counters start at 1.
    mutating func accept(_ counter: UInt64) -> Bool {
        guard counter > 0 else { return false }
        if counter > highest {
            shift(by: counter - highest)
            highest = counter
            low |= 1
            return true
        }
        let age = highest - counter
        guard age < Self.width else { return false }
        if age < 64 {
            guard low & (1 << age) == 0 else { return false }
            low |= 1 << age
        } else {
            guard high & (1 << (age - 64)) == 0 else { return false }
            high |= 1 << (age - 64)
        }
        return true
    }

    private mutating func shift(by distance: UInt64) {
        guard distance < Self.width else {
            low = 0
            high = 0
            return
        }
        if distance >= 64 {
            high = low << (distance - 64)
            low = 0
        } else {
            high = (high << distance) | (low >> (64 - distance))
            low <<= distance
        }
    }
}
