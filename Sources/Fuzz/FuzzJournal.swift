import Glibc

/// The input that is being tried, in a file that outlives the process: a trap leaves no other
/// trace of what caused it. The file is mapped, so noting an input costs a copy.
///
///     count of inputs(u64) length(u64) bytes
package final class FuzzJournal {
    private static let size = 16 + 1_048_576
    private let memory: UnsafeMutableRawPointer

    /// Nil when the file cannot be made.
    package init?(path: String) {
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard ftruncate(file, off_t(Self.size)) == 0,
            let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
            memory != MAP_FAILED
        else { return nil }
        self.memory = memory
    }

    deinit { munmap(memory, Self.size) }

    /// Notes an input before it is tried.
    package func note(_ input: [UInt8], number: UInt64) {
        let kept = min(input.count, Self.size - 16)
        memory.storeBytes(of: number, as: UInt64.self)
        memory.storeBytes(of: UInt64(kept), toByteOffset: 8, as: UInt64.self)
        input.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, kept > 0 else { return }
            (memory + 16).copyMemory(from: start, byteCount: kept)
        }
    }

    /// The last input that was noted in a file, with its number; nil when there is none.
    package static func last(in bytes: [UInt8]) -> (number: UInt64, input: [UInt8])? {
        guard bytes.count >= 16 else { return nil }
        func number(at offset: Int) -> UInt64 {
            bytes[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let length = number(at: 8)
        guard number(at: 0) > 0, length <= UInt64(bytes.count - 16) else { return nil }
        return (number(at: 0), Array(bytes[16..<(16 + Int(length))]))
    }
}
