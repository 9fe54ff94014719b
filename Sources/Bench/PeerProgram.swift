import Foundation
import Glibc

/// A program of Debian that podmesh is measured beside.
package enum PeerProgram: String, Sendable, CaseIterable {
    case etcd
    case serf

    /// The package that brings the program.
    package var package: String {
        switch self {
        case .etcd: "etcd-server"
        case .serf: "serf"
        }
    }

    /// The program's path; nil when it is not installed.
    package func find() -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let places = folders.map(String.init) + ["/usr/bin", "/usr/sbin", "/usr/local/bin"]
        return places.map { "\($0)/\(rawValue)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    /// The program's path, after Debian's package has been installed if need be. Installing takes
    /// root and a moment, so it is done only when `mayInstall`.
    package func locate(mayInstall: Bool) throws(BenchError) -> String {
        if let path = find() { return path }
        let remedy = "install it with \"apt-get install \(package)\" or pass --install-peers"
        guard mayInstall else {
            throw BenchError("\(rawValue) is not installed, so there is nothing to compare with; "
                + remedy)
        }
        do {
            // Debian would start the service; a bench starts its own.
            try ChildProcess.run(
                "/usr/bin/env",
                [
                    "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "apt-get", "install",
                    "--yes", "--quiet", "--no-install-recommends", package,
                ])
        } catch {
            throw BenchError("\(package) could not be installed: \(error)")
        }
        guard let path = find() else {
            throw BenchError("\(package) is installed but there is no program \(rawValue)")
        }
        return path
    }
}
