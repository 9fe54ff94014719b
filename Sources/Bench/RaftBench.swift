import Foundation

/// Writes and reads through the log.
package struct RaftBench: Sendable {
    private let isQuick: Bool
    private let mayInstallPeers: Bool

    package init(isQuick: Bool, mayInstallPeers: Bool) {
        self.isQuick = isQuick
        self.mayInstallPeers = mayInstallPeers
    }

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) async throws -> Bool {
        let folder = try Cleanup.temporaryFolder("raft")
        var table = FigureTable(peer: "etcd")
        for bytes in [512, 2_048] {
            var samples = try SyncRate.measure(
                appending: bytes, in: folder, seconds: isQuick ? 0.5 : 2)
            let median = samples.median()
            table.append(Figure("fdatasync of \(bytes) B, median", .milliseconds, median))
        }
        print(table.text)
        return table.isEveryBoundMet
    }
}
