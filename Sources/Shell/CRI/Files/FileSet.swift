import Glibc
import Kubelet

/// The folder of a configMap, secret, downwardAPI or projected volume.
///
///     path/..2026-1/dir/key     this version's files
///     path/..data -> ..2026-1   renamed over the last one: all files change at once
///     path/dir -> ..data/dir    what containers open
struct FileSet {
    let path: String
    let files: [VolumeFile]
    let group: Int64?

    private var dataLink: String { "\(path)/..data" }

    func install() throws {
        guard files.allSatisfy({ Self.isInside($0.path) }) else {
            throw SystemError("write files of \(path)", errno: EINVAL)
        }
        try PodFiles.makeDirectories(path, mode: 0o777)
        try own(path, mode: 0o777)
        let old = Self.target(of: dataLink)
        if let old, isCurrent(version: "\(path)/\(old)") { return }
        let version = try makeVersion()
        let name = String(version.dropFirst(path.count + 1))
        let newLink = "\(path)/..data_new"
        unlink(newLink)
        guard symlink(name, newLink) == 0 else { throw SystemError("link \(newLink)") }
        guard rename(newLink, dataLink) == 0 else { throw SystemError("rename \(newLink)") }
        try makeEntries()
        if let old { try FileTree.remove("\(path)/\(old)") }
    }

    /// Relative, and without parts that lead elsewhere.
    private static func isInside(_ path: String) -> Bool {
        !path.hasPrefix("/") && !path.hasPrefix("..") && !path.isEmpty
            && path.split(separator: "/", omittingEmptySubsequences: false)
                .allSatisfy { $0 != ".." && !$0.isEmpty }
    }

    private func makeVersion() throws -> String {
        var template = Array("\(path)/..XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemError("make a folder in \(path)") }
        let version = String(cString: made)
        try own(version, mode: 0o755)
        for file in files {
            let target = "\(version)/\(file.path)"
            var above = version
            for part in file.path.split(separator: "/").dropLast() {
                above += "/\(part)"
                try PodFiles.makeDirectories(above, mode: 0o755)
                try own(above, mode: 0o755)
            }
            let mode = mode_t(file.mode & 0o777)
            try PodFiles.write(file.content, to: target, mode: mode)
            try PodFiles.setOwner(target, user: file.user, group: group)
            // The group of a Pod (fsGroup) may read what only root could.
            if group != nil { try PodFiles.setMode(target, mode | 0o440) }
        }
        return version
    }

    private func own(_ folder: String, mode: mode_t) throws {
        try PodFiles.setOwner(folder, group: group)
        try PodFiles.setMode(folder, group == nil ? mode : mode | 0o2050)
    }

    /// Links for the first parts of all paths; those of files that are gone go, too.
    private func makeEntries() throws {
        let wanted = Set(files.compactMap { $0.path.split(separator: "/").first.map(String.init) })
        for entry in try FileTree.entries(of: path) where !entry.hasPrefix("..") {
            if !wanted.contains(entry) { try FileTree.remove("\(path)/\(entry)") }
        }
        for entry in wanted.sorted() {
            let target = "..data/\(entry)"
            if Self.target(of: "\(path)/\(entry)") == target { continue }
            guard symlink(target, "\(path)/\(entry)") == 0 else {
                throw SystemError("link \(path)/\(entry)")
            }
        }
    }

    /// Nothing is written when nothing has changed, so that watchers of the files stay asleep.
    private func isCurrent(version: String) -> Bool {
        guard let present = try? FileTree.files(below: version), present.count == files.count
        else { return false }
        return files.allSatisfy { file in
            let path = "\(version)/\(file.path)"
            let mode = mode_t(file.mode & 0o777) | (group == nil ? 0 : 0o440)
            guard let status = try? PodFiles.status(path), status.mode & 0o777 == mode,
                let content = try? PodFiles.tail(of: path, limit: .max)
            else { return false }
            return content == file.content
        }
    }

    private static func target(of link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return pointer.map { readlink(link, $0, bytes.count) } ?? -1
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
