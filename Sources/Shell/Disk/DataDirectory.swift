import Glibc

/// The folder that holds what a machine must not forget. While this value lives, no other daemon
/// can open the folder; the lock goes with the process, however it ends.
///
///     cluster-id   which cluster the folder belongs to
///     lock         held by the running daemon
///     log/         see ``WriteAheadLog``
///     snapshot     see ``SnapshotFile``
package final class DataDirectory {
    package let path: String
    private let lock: File

    private init(path: String, lock: File) {
        self.path = path
        self.lock = lock
    }

    package var logPath: String { "\(path)/log" }

    /// Opens the folder for a cluster. A folder that is new, or has no owner yet, becomes that
    /// cluster's; one of another cluster, or in use by another daemon, is refused.
    package static func open(
        _ path: String, clusterID: String
    ) throws(ShellError) -> DataDirectory {
        try Folder.make(path)
        let lock = try File(opening: "\(path)/lock", O_RDWR | O_CREAT)
        guard flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .system("lock \(path)") }
            throw ShellError(
                .wrongOwner, "open \(path)",
                underlying: "another podmesh daemon runs on this folder. Stop it, or give this one"
                    + " a folder of its own.")
        }
        if let owner = try self.clusterID(of: path) {
            guard owner == clusterID else {
                throw ShellError(
                    .wrongOwner, "open \(path)",
                    underlying: "it belongs to cluster \(owner), not \(clusterID). Give the daemon"
                        + " another folder, or move this one away when its data is not needed.")
            }
        } else {
            try Folder.replace(
                "cluster-id", in: path, with: [Array("\(clusterID)\n".utf8)], calls: DiskCalls())
        }
        return DataDirectory(path: path, lock: lock)
    }

    /// The cluster that a folder belongs to; nil when it has none yet.
    package static func clusterID(of path: String) throws(ShellError) -> String? {
        let file = "\(path)/cluster-id"
        guard access(file, F_OK) == 0 || errno != ENOENT else { return nil }
        let bytes = try File(opening: file, O_RDONLY).read(countMax: 256)
        guard let text = String(validating: bytes, as: UTF8.self), text.hasSuffix("\n"),
            text.utf8.count > 1
        else {
            throw ShellError(
                .corrupt, "read \(file)",
                underlying: "it holds no cluster's name. Put back the one line that `podmesh"
                    + " status` shows on another machine of the cluster.")
        }
        return String(text.dropLast())
    }
}
