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
