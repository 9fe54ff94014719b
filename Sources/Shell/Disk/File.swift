import Glibc

/// The system calls that a disk can refuse. Tests put their own in place of these.
package struct DiskCalls: Sendable {
    package var write: @Sendable (Int32, UnsafeRawBufferPointer) -> Int = { descriptor, bytes in
        Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    }
    package var syncData: @Sendable (Int32) -> Int32 = { fdatasync($0) }
    package var sync: @Sendable (Int32) -> Int32 = { fsync($0) }
    package var rename: @Sendable (String, String) -> Int32 = { Glibc.rename($0, $1) }
    /// Sets space aside from the file's beginning, which reads as zeros; 0 or an error number.
    package var allocate: @Sendable (Int32, Int) -> Int32 = { descriptor, size in
        posix_fallocate(descriptor, 0, size)
    }

    package init() {}
}

/// An open file, closed when it is let go. Every failure says which file and what was tried.
/// Not `Sendable`: it belongs to one thread.
package final class File {
    let path: String
    let descriptor: Int32
    private let calls: DiskCalls

    package init(
        opening path: String, _ flags: Int32, calls: DiskCalls = DiskCalls()
    ) throws(ShellError) {
        let descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open \(path)") }
        self.path = path
        self.descriptor = descriptor
        self.calls = calls
    }

    deinit { close(descriptor) }

    /// Writes everything at the file's position.
    package func write(_ bytes: [UInt8]) throws(ShellError) {
        var failure: ShellError?
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = calls.write(descriptor, UnsafeRawBufferPointer(rebasing: rest))
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count == 0 || errno != EINTR {
                    failure = .system("write \(path)", count == 0 ? ENOSPC : errno)
                    return
                }
            }
        }
        if let failure { throw failure }
    }

    /// Reads from `offset` to the end, or `countMax` bytes.
    package func read(from offset: Int = 0, countMax: Int = .max) throws(ShellError) -> [UInt8] {
        let wanted = min(max(0, try size() - offset), countMax)
        var failure: ShellError?
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            while filled < wanted {
                let count = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), wanted - filled,
                    offset + filled)
                if count > 0 {
                    filled += count
                } else if count == 0 {
                    return
                } else if errno != EINTR {
                    failure = .system("read \(path)")
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func size() throws(ShellError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("look at \(path)") }
        return Int(status.st_size)
    }

    /// Makes the bytes durable, and the metadata that is needed to read them back.
    func syncData() throws(ShellError) {
        guard calls.syncData(descriptor) == 0 else { throw .system("sync \(path)") }
    }

    func sync() throws(ShellError) {
        guard calls.sync(descriptor) == 0 else { throw .system("sync \(path)") }
    }

    /// Cuts the file at `size`.
    func truncate(to size: Int) throws(ShellError) {
        guard ftruncate(descriptor, size) == 0 else {
            throw .system("cut \(path) at byte \(size)")
        }
    }

    /// Sets space aside; false where the file system cannot.
    func allocate(_ size: Int) throws(ShellError) -> Bool {
        switch calls.allocate(descriptor, size) {
        case 0: return true
        case EOPNOTSUPP, ENOSYS, EINVAL: return false
        case let number: throw .system("set \(size) bytes aside for \(path)", number)
        }
    }

    /// Puts the position at `offset`.
    func seek(to offset: Int) throws(ShellError) {
        guard lseek(descriptor, offset, SEEK_SET) == offset else {
            throw .system("go to byte \(offset) of \(path)")
        }
    }

    /// Writes over what stands at `offset`; the position is behind it then.
    func rewrite(_ bytes: [UInt8], at offset: Int) throws(ShellError) {
        try seek(to: offset)
        try write(bytes)
    }
}

/// What is done to folders and names in them.
package enum Folder {
    /// Makes the folder, for its owner only, when there is none. The one above must exist.
    static func make(_ path: String) throws(ShellError) {
        guard mkdir(path, 0o700) == 0 else {
            guard errno == EEXIST else { throw .system("make \(path)") }
            return
        }
        // Without this a power cut could take the new folder away with all that was promised in it.
        try sync("\(path)/..", calls: DiskCalls())
    }

    /// Names of the entries, in order.
    package static func list(_ path: String) throws(ShellError) -> [String] {
        guard let stream = opendir(path) else { throw .system("list \(path)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes new, renamed and removed names in the folder durable.
    static func sync(_ path: String, calls: DiskCalls) throws(ShellError) {
        let folder = try File(opening: path, O_RDONLY | O_DIRECTORY, calls: calls)
        try folder.sync()
    }

    static func rename(
        _ from: String, to: String, calls: DiskCalls
    ) throws(ShellError) {
        guard calls.rename(from, to) == 0 else { throw .system("rename \(from) to \(to)") }
    }

    /// Removes a file; none is fine.
    static func remove(_ path: String) throws(ShellError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove \(path)") }
    }

    /// Writes a whole file so that a crash leaves the old one or the new one: to the side, synced,
    /// renamed, and the folder synced.
    static func replace(
        _ name: String, in folder: String, with parts: [[UInt8]], calls: DiskCalls
    ) throws(ShellError) {
        let path = "\(folder)/\(name)"
        let side = "\(path).tmp"
        do {
            let file = try File(opening: side, O_WRONLY | O_CREAT | O_TRUNC, calls: calls)
            for part in parts { try file.write(part) }
            try file.sync()
        }
        try rename(side, to: path, calls: calls)
        try sync(folder, calls: calls)
    }
}

extension ShellError {
    /// From `errno`, with what to do about it.
    static func system(_ operation: String, _ number: Int32 = errno) -> ShellError {
        let text = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            return ShellError(
                .noSpace, operation,
                underlying: "\(text); make room on the file system, then start the daemon again")
        case EROFS:
            return ShellError(
                .readOnly, operation,
                underlying: "\(text); mount it writable, then start the daemon again")
        case EIO:
            return ShellError(
                .inputOutput, operation,
                underlying: "\(text); see the kernel log, the device may be failing")
        case EACCES, EPERM:
            return ShellError(
                .other, operation,
                underlying: "\(text); the daemon's user needs access to it")
        default:
            return ShellError(.other, operation, underlying: text)
        }
    }
}
