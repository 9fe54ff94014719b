import Glibc
import Kubelet

/// Checks what a `hostPath` volume names (`v1.HostPathType`), and makes it where that is asked.
enum HostPath {
    static func check(_ path: String, type: String) throws {
        let kind: mode_t
        let name: String
        switch type {
        case "": return
        case "DirectoryOrCreate":
            if !exists(path) { return try PodFiles.makeDirectories(path, mode: 0o755) }
            (kind, name) = (S_IFDIR, "a directory")
        case "FileOrCreate":
            if !exists(path) { return try PodFiles.write([], to: path, mode: 0o644) }
            (kind, name) = (S_IFREG, "a file")
        case "Directory": (kind, name) = (S_IFDIR, "a directory")
        case "File": (kind, name) = (S_IFREG, "a file")
        case "Socket": (kind, name) = (S_IFSOCK, "a socket file")
        case "CharDevice": (kind, name) = (S_IFCHR, "a character device")
        case "BlockDevice": (kind, name) = (S_IFBLK, "a block device")
        default:
            throw RuntimeError(.invalidArgument, "\(type) is an invalid volume type")
        }
        guard exists(path), try PodFiles.status(path).kind == kind else {
            throw RuntimeError(
                .invalidArgument, "hostPath type check failed: \(path) is not \(name)")
        }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

/// A place inside a volume that a mount names by `subPath`.
enum SubPath {
    /// Makes it as a folder when it is missing. Links inside the volume are followed, and
    /// refused when they lead out of it.
    static func make(_ path: String, in volume: String) throws {
        guard let root = resolved(volume) else { throw SystemError("look at \(volume)") }
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !path.hasPrefix("/"), !parts.contains("..") else { throw escape(path, volume) }
        var current = root
        for part in parts {
            let next = "\(current)/\(part)"
            if let found = resolved(next) {
                guard found == root || found.hasPrefix(root + "/") else {
                    throw escape(path, volume)
                }
                current = found
                continue
            }
            guard errno == ENOENT, mkdir(next, 0o750) == 0 else {
                throw SystemError("make subPath \(next)")
            }
            let status = try PodFiles.status(current)
            try PodFiles.setMode(next, status.mode & 0o7777)
            current = next
        }
    }

    private static func escape(_ path: String, _ volume: String) -> RuntimeError {
        RuntimeError(
            .invalidArgument,
            "failed to prepare subPath for volumeMount: \(path) leads out of volume \(volume)")
    }

    private static func resolved(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
