import Glibc

/// The folders of control groups, in every hierarchy of a version 1, hybrid or version 2 layout.
package enum CgroupFolders {
    /// Removes a Pod's group once nothing is in it. A group that still holds something stays;
    /// another sandbox of the Pod may use it.
    package static func removeIfEmpty(_ group: String) throws {
        let parts = group.split(separator: "/")
        guard !parts.isEmpty, !parts.contains("..") else { return }
        for hierarchy in try hierarchies() {
            rmdir(([hierarchy] + parts.map(String.init)).joined(separator: "/"))
        }
    }

    private static func hierarchies() throws -> [String] {
        let table = try PodFiles.contents(of: "/proc/self/mounts")
        return String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "cgroup" || fields[2] == "cgroup2" else {
                return nil
            }
            return String(fields[1])
        }
    }
}
