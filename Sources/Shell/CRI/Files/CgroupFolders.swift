import Glibc
package import Kubelet

/// The folders of control groups, in every hierarchy of a version 1, hybrid or version 2 layout.
package enum CgroupFolders {
    private struct Hierarchy {
        let path: String
        let isUnified: Bool
        /// Of version 1, such as `cpu`.
        let controllers: Set<Substring>
    }

    /// Makes a Pod's group, in which the runtime makes those of its containers, and sets what
    /// they may use together.
    package static func make(_ settings: CgroupSettings) throws {
        let parts = try parts(of: settings.path)
        for hierarchy in try hierarchies() {
            let group = ([hierarchy.path] + parts).joined(separator: "/")
            if hierarchy.isUnified {
                try makeUnified(group, in: hierarchy.path, parts, settings)
                continue
            }
            for (controller, values) in legacyValues(settings)
            where hierarchy.controllers.contains(controller) {
                try PodFiles.makeDirectories(group, mode: 0o755)
                for (file, value) in values { try write(value, to: "\(group)/\(file)") }
            }
        }
    }

    /// Removes a Pod's group once nothing is in it. A group that still holds something stays;
    /// another sandbox of the Pod may use it.
    package static func removeIfEmpty(_ group: String) throws {
        guard let parts = try? parts(of: group) else { return }
        for hierarchy in try hierarchies() {
            rmdir(([hierarchy.path] + parts).joined(separator: "/"))
        }
    }

    private static func parts(of group: String) throws -> [String] {
        let parts = group.split(separator: "/").map(String.init)
        guard !parts.isEmpty, !parts.contains("..") else {
            throw SystemError("use the control group \(group)", errno: EINVAL)
        }
        return parts
    }

    private static func legacyValues(
        _ settings: CgroupSettings
    ) -> [(controller: Substring, values: [(file: String, value: String)])] {
        [
            (
                "cpu",
                [
                    ("cpu.shares", "\(settings.cpuShares)"),
                    ("cpu.cfs_period_us", "\(settings.cpuPeriod)"),
                    ("cpu.cfs_quota_us", "\(settings.cpuQuota ?? -1)"),
                ]
            ),
            ("memory", [("memory.limit_in_bytes", "\(settings.memoryLimitBytes ?? -1)")]),
            ("pids", [("pids.max", settings.processesMax.map { "\($0)" } ?? "max")]),
        ]
    }

    private static func makeUnified(
        _ group: String, in root: String, _ parts: [String], _ settings: CgroupSettings
    ) throws {
        // A hybrid layout's version 2 has no controllers.
        let offered = try PodFiles.contents(of: "\(root)/cgroup.controllers")
        let controllers = Set(
            String(decoding: offered, as: UTF8.self).split { $0 == " " || $0 == "\n" })
        let wanted = ["cpu", "memory", "pids"].filter { controllers.contains($0[...]) }
        guard !wanted.isEmpty else { return }
        try PodFiles.makeDirectories(group, mode: 0o755)
        var above = root
        for part in parts {
            try write(
                wanted.map { "+\($0)" }.joined(separator: " "),
                to: "\(above)/cgroup.subtree_control")
            above += "/\(part)"
        }
        // Shares from 2 to 262,144 become weights from 1 to 10,000.
        let weight = 1 + (max(2, settings.cpuShares) - 2) * 9_999 / 262_142
        let quota = settings.cpuQuota.map { "\($0)" } ?? "max"
        let values = [
            ("cpu", "cpu.weight", "\(weight)"),
            ("cpu", "cpu.max", "\(quota) \(settings.cpuPeriod)"),
            ("memory", "memory.max", settings.memoryLimitBytes.map { "\($0)" } ?? "max"),
            ("pids", "pids.max", settings.processesMax.map { "\($0)" } ?? "max"),
        ]
        for (controller, file, value) in values where wanted.contains(controller) {
            try write(value, to: "\(group)/\(file)")
        }
    }

    /// The kernel takes or refuses a value whole.
    private static func write(_ value: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError("open \(path)") }
        defer { close(file) }
        let bytes = Array(value.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw SystemError("write \(value) to \(path)")
        }
    }

    private static func hierarchies() throws -> [Hierarchy] {
        let table = try PodFiles.contents(of: "/proc/self/mounts")
        return String(decoding: table, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 3, fields[2] == "cgroup" || fields[2] == "cgroup2" else {
                return nil
            }
            return Hierarchy(
                path: String(fields[1]), isUnified: fields[2] == "cgroup2",
                controllers: Set(fields[3].split(separator: ",")))
        }
    }
}
