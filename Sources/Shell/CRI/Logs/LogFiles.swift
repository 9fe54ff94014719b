import Glibc
import GRPCCore
import Kubelet
import SwiftProtobuf

/// The log of one container: the file that is written, and those that were set aside, named after
/// it and the time (`0.log.20261121-170102`).
package struct LogFiles {
    let path: String

    package init(_ path: String) { self.path = path }

    private var folder: String { PodFiles.parent(of: path) }
    private var name: String { path.split(separator: "/").last.map(String.init) ?? "" }

    /// Whether the file that is written has more bytes; false when there is none.
    package func isLarger(than bytes: Int64) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && Int64(found.st_size) > bytes
    }

    /// From the oldest to the newest.
    package func setAside() throws -> [String] {
        try FileTree.entries(of: folder).filter { $0.hasPrefix("\(name).") }
            .map { "\(folder)/\($0)" }
    }

    /// Renames the file; until the runtime opens another, it writes on into the renamed one.
    ///
    /// - Parameter time: seconds since 1970.
    package func setAside(at time: Int) throws -> String {
        var (time, parts) = (time, tm())
        gmtime_r(&time, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let stamp = "\(parts.tm_year + 1_900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))-"
            + "\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
        let target = "\(path).\(stamp)"
        guard rename(path, target) == 0 else { throw SystemError("rename \(path)") }
        return target
    }

    /// Keeps the newest of those set aside.
    package func removeOldest(keeping count: Int) throws {
        for path in try setAside().dropLast(max(0, count)) { try PodFiles.removeFile(path) }
    }

    package func removeAll() throws {
        try removeOldest(keeping: 0)
        try PodFiles.removeFile(path)
    }
}

extension RuntimeClient {
    func rotate(
        _ logs: [RunningLog], bytesMax: Int64, filesMax: Int, _ options: CallOptions
    ) async throws {
        let large = try await onBlockingThread {
            logs.filter { LogFiles($0.path).isLarger(than: bytesMax) }
        }
        for log in large {
            let renamed = try await onBlockingThread { () throws -> String in
                let files = LogFiles(log.path)
                // The one that is written counts, and so does the one that is renamed now.
                try files.removeOldest(keeping: max(0, filesMax - 2))
                return try files.setAside(at: time(nil))
            }
            do {
                _ = try await runtime.reopenContainerLog(
                    .with { $0.containerID = log.containerID }, options: options)
            } catch {
                // Nothing is lost: the runtime goes on with the file it has.
                rename(renamed, log.path)
            }
        }
    }
}
