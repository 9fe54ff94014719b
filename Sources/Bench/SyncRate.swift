import Foundation
import Glibc
import Shell

/// How often a second the machine's disk makes an appended block durable: the floor under every
/// write that is acknowledged alone.
package enum SyncRate {
    /// Syncs in a second, one after the other.
    package static func rate(of samples: Samples) -> Double? {
        samples.mean().flatMap { $0 > 0 ? 1_000 / $0 : nil }
    }

    /// Appends `bytes` and calls `fdatasync`, over and over for `seconds`, in a new file of
    /// `folder`. Returns the milliseconds of each.
    package static func measure(
        appending bytes: Int, in folder: String, seconds: Double
    ) throws(BenchError) -> Samples {
        let path = "\(folder)/sync-\(bytes)"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else {
            throw BenchError("\(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        defer {
            close(file)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x61, count: bytes)
        var samples = Samples()
        let whole = Stopwatch()
        while whole.elapsedSeconds < seconds {
            let one = Stopwatch()
            guard write(file, block, bytes) == bytes, fdatasync(file) == 0 else {
                throw BenchError("\(path) cannot be synced: \(String(cString: strerror(errno)))")
            }
            samples.append(one.elapsedSeconds * 1_000)
        }
        return samples
    }
}
