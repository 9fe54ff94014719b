package import Base
import Foundation
import Shell

/// The first lines of every report: what ran, where and when.
package enum BenchHeader {
    /// Three lines and an empty one. `command` is what repeats the run.
    package static func text(command: String, at time: WallTime = .now) -> String {
        """
        \(command)
        podmesh \(Version.text), \(machine)
        \(time.rfc3339)

        """ + "\n"
    }

    /// Processors, memory and kernel of this machine.
    static var machine: String {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let memory = Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824
        let kernel = (try? text(of: "/proc/sys/kernel/osrelease")) ?? "an unknown kernel"
        let load = (try? text(of: "/proc/loadavg"))?.split(separator: " ").first ?? "unknown"
        return "\(cores) cores (\(processor)), \(Int(memory.rounded())) GiB, Linux \(kernel), "
            + "load \(load)"
    }

    private static var processor: String {
        let information = (try? text(of: "/proc/cpuinfo")) ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":").last.map(String.init) ?? "unknown processor"
        return name.trimmingCharacters(in: .whitespaces)
    }

    private static func text(of path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
