/// A 64-bit hash that is the same in every process, unlike Swift's own. It finds differences
/// between honest peers and is no protection against forgery; the seal of a datagram is.
///
/// FNV-1a over the bytes, and the finalizer of MurmurHash3 to spread the result.
struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func combine(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
        // A byte that UTF-8 never uses ends the text, so that ("ab", "c") is not ("a", "bc").
        combine(0xFF as UInt8)
    }

    mutating func combine(_ word: UInt64) {
        for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
            combine(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    var value: UInt64 {
        var word = state
        word = (word ^ (word >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        word = (word ^ (word >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return word ^ (word >> 33)
    }
}
