import Glibc
import Kubelet

/// A place inside a volume that a mount names by `subPath`.
///
/// The way is walked on open folders, one part after the other, and links are read, not followed:
/// whatever a container changes meanwhile, nothing outside of the volume is reached.
struct SubPath {
    private let volume: String
    private let makesMissing: Bool
    /// `O_PATH` (open(2)), which Swift's Glibc leaves out: names a file without opening it.
    private static let pathOnly: Int32 = 0o10000000
    /// The open folders from the volume's own to the one reached.
    private var folders: [Int32] = []
    private var linksLeft = 40

    /// Binds what the path names to `target`, which holds nothing else afterwards.
    static func bind(_ path: String, of volume: String, to target: String) throws {
        var walk = try SubPath(volume)
        defer { walk.closeAll() }
        let found = try walk.open(path)
        defer { close(found) }
        var status = stat()
        guard fstat(found, &status) == 0 else { throw SystemError("look at \(path)") }
        // What an earlier attempt of the container had bound, and what it may have been bound to.
        while umount2(target, Int32(MNT_DETACH)) == 0 {}
        try FileTree.remove(target)
        if status.st_mode & S_IFMT == S_IFDIR {
            try PodFiles.makeDirectories(target, mode: 0o750)
        } else {
            try PodFiles.makeDirectories(PodFiles.parent(of: target), mode: 0o750)
            try PodFiles.write([], to: target, mode: 0o640)
        }
        guard mount("/proc/self/fd/\(found)", target, "", UInt(MS_BIND | MS_REC), nil) == 0 else {
            throw SystemError("bind \(path) of \(volume)")
        }
    }

    /// The first bytes of a regular file; nothing is made that is missing.
    static func read(_ path: String, of volume: String, limit: Int) throws -> [UInt8] {
        var walk = try SubPath(volume, makesMissing: false)
        defer { walk.closeAll() }
        let found = try walk.open(path)
        defer { close(found) }
        var status = stat()
        guard fstat(found, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError("read \(path) of \(volume)", errno: EINVAL)
        }
        let file = Glibc.open("/proc/self/fd/\(found)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("read \(path) of \(volume)") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: min(max(0, limit), Int(status.st_size)))
        let count = bytes.withUnsafeMutableBytes { Glibc.pread(file, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw SystemError("read \(path) of \(volume)") }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    private init(_ volume: String, makesMissing: Bool = true) throws {
        self.volume = volume
        self.makesMissing = makesMissing
        let root = Glibc.open(volume, Self.pathOnly | O_DIRECTORY | O_CLOEXEC)
        guard root >= 0 else { throw SystemError("open \(volume)") }
        folders = [root]
    }

    /// What the path names; folders that are missing are made with the mode of the one above.
    private mutating func open(_ path: String) throws -> Int32 {
        guard !path.hasPrefix("/") else { throw escape(path) }
        var rest = parts(of: path)
        while let part = rest.popFirst() {
            if part == ".." {
                guard folders.count > 1 else { throw escape(path) }
                close(folders.removeLast())
                continue
            }
            let next = try entry(part)
            var status = stat()
            guard fstat(next, &status) == 0 else {
                close(next)
                throw SystemError("look at \(path)")
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: folders.append(next)
            case S_IFLNK:
                defer { close(next) }
                let target = try target(of: next, in: path)
                rest = parts(of: target) + rest
            default:
                guard rest.isEmpty else {
                    close(next)
                    throw SystemError("open \(path)", errno: ENOTDIR)
                }
                return next
            }
        }
        return dup(folders[folders.count - 1])
    }

    private func entry(_ name: Substring) throws -> Int32 {
        let folder = folders[folders.count - 1]
        let flags = Self.pathOnly | O_NOFOLLOW | O_CLOEXEC
        let found = openat(folder, String(name), flags)
        if found >= 0 { return found }
        guard errno == ENOENT, makesMissing else { throw SystemError("open \(name) in \(volume)") }
        var above = stat()
        guard fstat(folder, &above) == 0 else { throw SystemError("look at \(volume)") }
        guard mkdirat(folder, String(name), above.st_mode & 0o7777) == 0 || errno == EEXIST else {
            throw SystemError("make \(name) in \(volume)")
        }
        let made = openat(folder, String(name), flags)
        guard made >= 0 else { throw SystemError("open \(name) in \(volume)") }
        // The process' umask has taken bits away; the group comes with the folder above.
        guard chmod("/proc/self/fd/\(made)", above.st_mode & 0o7777) == 0 else {
            close(made)
            throw SystemError("set the mode of \(name) in \(volume)")
        }
        return made
    }

    /// A link leads on from the folder it is in; an absolute one would leave the volume.
    private mutating func target(of link: Int32, in path: String) throws -> String {
        guard linksLeft > 0 else { throw SystemError("open \(path)", errno: ELOOP) }
        linksLeft -= 1
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return pointer.map { readlinkat(link, "", $0, bytes.count) } ?? -1
        }
        guard count > 0 else { throw SystemError("read link \(path)") }
        let target = String(decoding: buffer[..<count], as: UTF8.self)
        guard !target.hasPrefix("/") else { throw escape(path) }
        return target
    }

    private func parts(of path: String) -> ArraySlice<Substring> {
        path.split(separator: "/").filter { $0 != "." }[...]
    }

    private func escape(_ path: String) -> SystemError {
        SystemError("\(path) leads out of volume \(volume)", errno: EINVAL)
    }

    private func closeAll() {
        for folder in folders { close(folder) }
    }
}
