/// The Castagnoli checksum (RFC 3720 appendix B.4), eight bytes a step with eight tables.
package struct CRC32C {
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// Table `k` at `256 * k + b` is the checksum of byte `b` followed by `k` zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 {
                value = value & 1 == 1 ? (value >> 1) ^ polynomial : value >> 1
            }
            tables[byte] = value
        }
        for index in 256..<(8 * 256) {
            let shorter = tables[index - 256]
            tables[index] = (shorter >> 8) ^ tables[Int(shorter & 0xFF)]
        }
        return tables
    }()

    private var state: UInt32 = .max

    package init() {}

    /// The checksum of all bytes taken in.
    package var value: UInt32 { ~state }

    package static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }

    package mutating func update(_ bytes: some Collection<UInt8>) {
        let isDone: Void? = bytes.withContiguousStorageIfAvailable { updateContiguous($0) }
        guard isDone == nil else { return }
        Self.tables.withUnsafeBufferPointer { tables in
            for byte in bytes { step(byte, tables) }
        }
    }

    mutating func update(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { update($0) }
    }

    private mutating func updateContiguous(_ bytes: UnsafeBufferPointer<UInt8>) {
        let raw = UnsafeRawBufferPointer(bytes)
        Self.tables.withUnsafeBufferPointer { tables in
            var offset = 0
            while offset + 8 <= raw.count {
                let word = UInt64(
                    littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    ^ UInt64(state)
                state =
                    tables[7 * 256 + Int(word & 0xFF)]
                    ^ tables[6 * 256 + Int(word >> 8 & 0xFF)]
                    ^ tables[5 * 256 + Int(word >> 16 & 0xFF)]
                    ^ tables[4 * 256 + Int(word >> 24 & 0xFF)]
                    ^ tables[3 * 256 + Int(word >> 32 & 0xFF)]
                    ^ tables[2 * 256 + Int(word >> 40 & 0xFF)]
                    ^ tables[256 + Int(word >> 48 & 0xFF)]
                    ^ tables[Int(word >> 56)]
                offset += 8
            }
            while offset < raw.count {
                step(raw[offset], tables)
                offset += 1
            }
        }
    }

    private mutating func step(_ byte: UInt8, _ tables: UnsafeBufferPointer<UInt32>) {
        state = (state >> 8) ^ tables[Int(UInt8(truncatingIfNeeded: state) ^ byte)]
    }
}
