import Glibc

/// How much room a folder takes on its disk.
enum DiskUsage {
    /// Bytes of all files below the folder, on its own file system; zero when there is none.
    static func bytes(below path: String) -> Int64 {
        var found = stat()
        guard lstat(path, &found) == 0 else { return 0 }
        return bytes(of: path, found, device: found.st_dev)
    }

    private static func bytes(of path: String, _ entry: stat, device: dev_t) -> Int64 {
        let own = Int64(entry.st_blocks) * 512
        guard entry.st_mode & S_IFMT == S_IFDIR, let folder = opendir(path) else { return own }
        defer { closedir(folder) }
        var total = own
        while let next = readdir(folder) {
            let name = withUnsafePointer(to: &next.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            let child = "\(path)/\(name)"
            var found = stat()
            guard lstat(child, &found) == 0, found.st_dev == device else { continue }
            total += bytes(of: child, found, device: device)
        }
        return total
    }
}

/// The room of a file system.
extension DiskUsage {
    static func fileSystem(of path: String) -> (statvfs)? {
        var found = statvfs()
        return statvfs(path, &found) == 0 ? found : nil
    }
}
