import Foundation

/// What a cluster has on the host outside of its state folder; after `down`, none of it may be
/// there.
struct Leftovers: Sendable, Equatable {
    var processes: [String] = []
    var mounts: [String] = []
    var interfaces: [String] = []
    var controlGroups: [String] = []
    var files: [String] = []

    init(of cluster: Cluster) throws {
        let files = FileManager.default
        let segment = cluster.network.split(separator: ".").last.map(String.init) ?? ""
        let group = "podmesh\(segment)"
        for process in try files.contentsOfDirectory(atPath: "/proc") where Int(process) != nil {
            let groups = Self.text("/proc/\(process)/cgroup")
            let line = Self.text("/proc/\(process)/cmdline")
                .replacing("\0", with: " ")
            if groups.contains("/\(group)/") { processes.append("\(process) \(line)") }
        }
        mounts = Self.text("/proc/self/mounts").split(separator: "\n").map(String.init)
            .filter { $0.contains(cluster.state) }
        interfaces = try files.contentsOfDirectory(atPath: "/sys/class/net")
            .filter { $0 == group || $0.hasPrefix("pm\(segment)-") }.sorted()
        controlGroups = Self.hierarchies().map { "\($0)/\(group)" }
            .filter { files.fileExists(atPath: $0) }
        self.files = files.fileExists(atPath: cluster.state) ? [cluster.state] : []
    }

    var isEmpty: Bool {
        processes.isEmpty && mounts.isEmpty && interfaces.isEmpty && controlGroups.isEmpty
            && files.isEmpty
    }

    /// Where the hierarchies of control groups are mounted.
    private static func hierarchies() -> [String] {
        text("/proc/mounts").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2].hasPrefix("cgroup") else { return nil }
            return String(fields[1])
        }
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
