import Glibc

/// Gives a volume to the group of a Pod (`fsGroup`): everything in it gets the group, which may
/// read and write it, and folders hand the group on to what is made in them.
struct VolumeGroup {
    private let group: Int64

    init(_ group: Int64) { self.group = group }

    func take(_ path: String, onlyOnMismatch: Bool) throws {
        var found = stat()
        guard stat(path, &found) == 0 else { throw SystemError("look at \(path)") }
        let wanted = mode(of: found)
        if onlyOnMismatch, Int64(found.st_gid) == group, found.st_mode & 0o7777 == wanted { return }
        // Last of all the folder itself, so that an interrupted walk is seen as a mismatch.
        try takeEntries(of: path)
        try take(path, found)
    }

    private func takeEntries(of folder: String) throws {
        for name in try FileTree.entries(of: folder) {
            let path = "\(folder)/\(name)"
            var found = stat()
            guard lstat(path, &found) == 0 else { throw SystemError("look at \(path)") }
            if found.st_mode & S_IFMT == S_IFDIR { try takeEntries(of: path) }
            try take(path, found)
        }
    }

    private func take(_ path: String, _ found: stat) throws {
        try PodFiles.setOwner(path, group: group)
        guard found.st_mode & S_IFMT != S_IFLNK else { return }
        try PodFiles.setMode(path, mode(of: found))
    }

    private func mode(of found: stat) -> mode_t {
        let isFolder = found.st_mode & S_IFMT == S_IFDIR
        return (found.st_mode & 0o7777) | (isFolder ? 0o2770 : 0o660)
    }
}
