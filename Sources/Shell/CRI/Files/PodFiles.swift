import Glibc
import Kubelet

/// Folders and files of Pods. Everything here blocks and belongs on a thread for that.
enum PodFiles {
    static func prepare(_ steps: [PreparationStep]) throws {
        for step in steps { try prepare(step) }
    }

    private static func prepare(_ step: PreparationStep) throws {
        switch step {
        case .directory(let path, let mode, let group):
            try makeDirectories(path, mode: mode)
            try setOwner(path, group: group)
            // Changing the group clears the bit that hands it on.
            try setMode(path, mode)
        case .memoryDirectory(let path, let sizeLimit, let group):
            try makeMemoryDirectory(path, sizeLimit: sizeLimit, group: group)
        case .file(let path, let content, let mode):
            try makeDirectories(parent(of: path), mode: 0o755)
            try write(content, to: path, mode: mode)
        case .touch(let path, let mode):
            try makeDirectories(parent(of: path), mode: 0o755)
            try touch(path, mode: mode)
        case .fileSet(let path, let files, let group):
            try FileSet(path: path, files: files, group: group).install()
        case .hostPath(let path, let type):
            try HostPath.check(path, type: type)
        case .emptyDirectory(let path, let group):
            try makeEmptyDirectory(path, group: group)
        case .group(let path, let group, let onlyOnMismatch):
            try VolumeGroup(group).take(path, onlyOnMismatch: onlyOnMismatch)
        case .subPath(let volume, let path, let target, let reason):
            do {
                try SubPath.bind(path, of: volume, to: target)
            } catch is SystemError {
                throw Kubelet.RuntimeError(.misconfigured, reason)
            }
        }
    }

    /// Makes a folder and those above it; an existing one is left as it is.
    static func makeDirectories(_ path: String, mode: mode_t) throws {
        if mkdir(path, mode) == 0 { return try setMode(path, mode) }
        if errno == EEXIST {
            guard try status(path).isDirectory else {
                throw SystemError("make folder \(path)", errno: ENOTDIR)
            }
            return
        }
        guard errno == ENOENT, path.count > 1 else { throw SystemError("make folder \(path)") }
        try makeDirectories(parent(of: path), mode: 0o755)
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw SystemError("make folder \(path)")
        }
        try setMode(path, mode)
    }

    /// Made under another name and then renamed, so that one that is there has its mode.
    private static func makeEmptyDirectory(_ path: String, group: Int64?) throws {
        guard access(path, F_OK) != 0 else { return }
        let fresh = path + ".new"
        try makeDirectories(fresh, mode: 0o777)
        try setOwner(fresh, group: group)
        try setMode(fresh, group == nil ? 0o777 : 0o2777)
        guard rename(fresh, path) == 0 else { throw SystemError("make folder \(path)") }
    }

    /// A tmpfs, mounted once.
    private static func makeMemoryDirectory(
        _ path: String, sizeLimit: Int64?, group: Int64?
    ) throws {
        try makeDirectories(path, mode: 0o777)
        guard try status(path).device == status(parent(of: path)).device else { return }
        var options = "mode=\(group == nil ? "0777" : "02777")"
        if let sizeLimit { options += ",size=\(sizeLimit)" }
        if let group { options += ",gid=\(group)" }
        guard mount("tmpfs", path, "tmpfs", 0, options) == 0 else {
            throw SystemError("mount memory at \(path)")
        }
    }

    /// Writes in place: a container that has the file mounted sees the new content.
    static func write(_ content: [UInt8], to path: String, mode: mode_t) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw SystemError("write \(path)") }
        defer { close(file) }
        guard fchmod(file, mode) == 0 else { throw SystemError("set the mode of \(path)") }
        var written = 0
        while written < content.count {
            let count = content[written...].withUnsafeBytes {
                Glibc.write(file, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw SystemError("write \(path)") }
            written += count
        }
    }

    private static func touch(_ path: String, mode: mode_t) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode)
        guard file >= 0 else { throw SystemError("make \(path)") }
        defer { close(file) }
        guard fchmod(file, mode) == 0 else { throw SystemError("set the mode of \(path)") }
    }

    static func setMode(_ path: String, _ mode: mode_t) throws {
        guard chmod(path, mode) == 0 else { throw SystemError("set the mode of \(path)") }
    }

    static func setOwner(_ path: String, user: Int64? = nil, group: Int64?) throws {
        guard user != nil || group != nil else { return }
        let unchanged = uid_t.max
        guard
            let user = user.map(uid_t.init(exactly:)) ?? unchanged,
            let group = group.map(gid_t.init(exactly:)) ?? unchanged
        else { throw SystemError("set the owner of \(path)", errno: EINVAL) }
        guard lchown(path, user, group) == 0 else {
            throw SystemError("set the owner of \(path)")
        }
    }

    static func removeFile(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("remove \(path)") }
    }

    /// The last `limit` bytes.
    static func tail(of path: String, limit: Int) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open \(path)") }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        let start = max(0, size - max(0, limit))
        var bytes = [UInt8](repeating: 0, count: size - start)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, start) }
        guard count >= 0 else { throw SystemError("read \(path)") }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

/// What `lstat` or `stat` tells of a path.
struct FileStatus {
    var mode: mode_t
    var device: dev_t

    var kind: mode_t { mode & S_IFMT }
    var isDirectory: Bool { kind == S_IFDIR }
}

extension PodFiles {
    static func status(_ path: String) throws -> FileStatus {
        var found = stat()
        guard stat(path, &found) == 0 else { throw SystemError("look at \(path)") }
        return FileStatus(mode: found.st_mode, device: found.st_dev)
    }
}
