import Glibc
import Kubelet

/// Walks and removes trees of files without following symbolic links.
enum FileTree {
    /// Sorted, without `.` and `..`; empty when there is no such folder.
    static func entries(of path: String) throws -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw SystemError("read folder \(path)")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Paths of all regular files, relative to `path`.
    static func files(below path: String) throws -> [String] {
        var found: [String] = []
        for name in try entries(of: path) {
            if try isDirectory("\(path)/\(name)") {
                found += try files(below: "\(path)/\(name)").map { "\(name)/\($0)" }
            } else {
                found.append(name)
            }
        }
        return found
    }

    /// Removes a file or a folder with all below it; succeeds when there is none.
    static func remove(_ path: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw SystemError("remove \(path)") }
        for name in try entries(of: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw SystemError("remove \(path)") }
    }

    private static func isDirectory(_ path: String) throws -> Bool {
        var found = stat()
        guard lstat(path, &found) == 0 else { throw SystemError("look at \(path)") }
        return found.st_mode & S_IFMT == S_IFDIR
    }
}

extension PodFiles {
    /// Unmounts what is mounted below the folder, innermost first, then removes it. Nothing is
    /// removed while a mount is left: it may be somebody's data.
    static func removePodDirectory(_ path: String, logDirectory: String?) throws {
        for mountPoint in try mountPoints(below: path).reversed() {
            guard umount2(mountPoint, 0) == 0 || umount2(mountPoint, Int32(MNT_DETACH)) == 0 else {
                throw SystemError("unmount \(mountPoint)")
            }
        }
        let left = try mountPoints(below: path)
        guard left.isEmpty else { throw SystemError("unmount \(left[0])", errno: EBUSY) }
        try FileTree.remove(path)
        if let logDirectory { try FileTree.remove(logDirectory) }
    }

    /// In the order they were mounted.
    static func mountPoints(below path: String) throws -> [String] {
        let table = try contents(of: "/proc/self/mountinfo")
        return String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4 else { return nil }
            let point = unescaped(fields[4])
            return point == path || point.hasPrefix(path + "/") ? point : nil
        }
    }

    /// Mount tables write blanks and backslashes as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A file of unknown size, such as those of `/proc`.
    static func contents(of path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open \(path)") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw SystemError("read \(path)") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
