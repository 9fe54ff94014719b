import Glibc

/// A container's log file, open for reading. Everything here blocks.
final class LogFile: Sendable {
    static let chunkBytes = 64 * 1024

    let path: String
    private let descriptor: Int32
    private let identity: FileIdentity

    /// Which file a path names: another one after the log was rotated.
    struct FileIdentity: Equatable, Sendable {
        var device: dev_t
        var number: ino_t
    }

    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        var found = stat()
        guard fstat(descriptor, &found) == 0 else {
            close(descriptor)
            throw SystemError("look at \(path)")
        }
        self.path = path
        self.descriptor = descriptor
        identity = FileIdentity(device: found.st_dev, number: found.st_ino)
    }

    deinit { close(descriptor) }

    /// At most ``chunkBytes``; empty at the end of what is written yet.
    func read(at offset: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.chunkBytes)
        let count = bytes.withUnsafeMutableBytes {
            pread(descriptor, $0.baseAddress, $0.count, offset)
        }
        guard count >= 0 else { throw SystemError("read \(path)") }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// The path names another file now, or none.
    var isReplaced: Bool {
        var found = stat()
        guard stat(path, &found) == 0 else { return true }
        return FileIdentity(device: found.st_dev, number: found.st_ino) != identity
    }

    /// Where the last `lines` lines start. A last line without its end counts as one.
    func start(ofLast lines: Int) throws -> Int {
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { throw SystemError("look at \(path)") }
        let size = Int(found.st_size)
        guard lines > 0, size > 0 else { return size }
        var missing = lines
        var end = size
        while end > 0 {
            let start = max(0, end - Self.chunkBytes)
            let bytes = try read(at: start).prefix(end - start)
            for index in bytes.indices.reversed() where bytes[index] == UInt8(ascii: "\n") {
                let next = start + index + 1
                if next == size { continue }
                missing -= 1
                if missing == 0 { return next }
            }
            end = start
        }
        return 0
    }
}
