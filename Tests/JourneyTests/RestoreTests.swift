import Foundation
import Testing

extension JourneyTests {
    /// A cluster that lost two of its three machines for good comes back from a backup.
    @Suite(.serialized)
    struct Restores {
        let cluster = Cluster.shared
        private let backup = "/etc/podmesh/backup.snapshot"

        init() async throws { try await cluster.settle() }

        private func disk(_ machine: String) -> String {
            "\(cluster.state)/machines/\(machine)/disk"
        }

        /// What wiping a machine does: it is no member any more, and remembers nothing.
        private func wipe(_ machine: String) throws {
            let files = FileManager.default
            try? files.removeItem(atPath: "\(disk(machine))/etc/podmesh/member")
            let data = "\(disk(machine))/var/lib/podmesh"
            for name in try files.contentsOfDirectory(atPath: data) {
                try files.removeItem(atPath: "\(data)/\(name)")
            }
        }

        /// Moves the data folder's files away, as an operator does who keeps what a broken machine
        /// knew.
        private func setAside(_ machine: String, to kept: String) throws {
            let files = FileManager.default
            try? files.removeItem(atPath: kept)
            try files.createDirectory(atPath: kept, withIntermediateDirectories: true)
            let data = "\(disk(machine))/var/lib/podmesh"
            for name in try files.contentsOfDirectory(atPath: data) {
                try files.moveItem(atPath: "\(data)/\(name)", toPath: "\(kept)/\(name)")
            }
        }

        private func create(_ name: String) async throws {
            let made = try await cluster.kubectl("create", "configmap", name)
            #expect(made.succeeded, "\(made)")
        }

        private func podmesh(_ arguments: String...) async throws -> CommandResult {
            let line = ["podmesh", "snapshot"] + arguments + [backup]
            return try await cluster.inside("machine-1", "sh", "-c", line.joined(separator: " "))
        }

        @Test func `a lost quorum is restored from a backup, and the others join again`()
            async throws
        {
            for name in ["in-backup", "after-backup"] {
                _ = try await cluster.kubectl("delete", "configmap", name, "--ignore-not-found")
            }
            try await create("in-backup")
            let saved = try await podmesh("save")
            #expect(saved.succeeded && saved.output.contains("revision"), "\(saved)")
            #expect(!saved.errors.contains("no quorum"), "\(saved)")
            let status = try await podmesh("status", "--output", "json")
            #expect(status.succeeded && status.output.contains("\"sha256\""), "\(status)")
            try await create("after-backup")

            let killed = try await cluster.script("kill", "machine-2", "machine-3")
            #expect(killed.succeeded, "\(killed)")
            for machine in ["machine-2", "machine-3"] { try wipe(machine) }
            let stopped = try await cluster.script("stop", "machine-1")
            #expect(stopped.succeeded, "\(stopped)")
            try setAside("machine-1", to: "\(disk("machine-1"))/etc/podmesh/old")
            try wipe("machine-1")
            _ = try await cluster.script("start", "machine-1")
            let restored = try await podmesh("restore", "--identity", "/etc/podmesh/old")
            #expect(restored.succeeded, "\(restored)")
            let again = try await podmesh("restore")
            #expect(again.errors.contains("belongs to a cluster already"), "\(again)")
            let isMember = FileManager.default.createFile(
                atPath: "\(disk("machine-1"))/etc/podmesh/member", contents: nil)
            #expect(isMember)
            try await eventually(within: .seconds(15), "machine-1 serves what the backup holds") {
                let answer = try await cluster.kubectl(
                    "get", "configmap", "in-backup", "--request-timeout", "2s")
                guard answer.succeeded else { throw Failed("\(answer)") }
                return true
            }
            let lost = try await cluster.kubectl("get", "configmap", "after-backup")
            #expect(lost.errors.contains("not found"), "\(lost)")

            let joined = try await cluster.script("up", "3", timeout: .seconds(60))
            #expect(joined.succeeded, "\(joined)")
            try await cluster.waitUntilAllReady(within: .seconds(20))
            try await create("after-restore")
            // The backup says that machine-3 is Ready, so its daemon may still be starting.
            for name in ["in-backup", "after-restore"] {
                try await eventually(within: .seconds(10), "machine-3 has \(name)") {
                    let answer = try await cluster.kubectl(
                        "get", "configmap", name, "--output", "name", "--server",
                        "https://\(cluster.address(of: "machine-3")):6443")
                    guard answer.output == "configmap/\(name)\n" else { throw Failed("\(answer)") }
                    return true
                }
            }
            try await cluster.deployWeb()
            _ = try await cluster.kubectl("delete", "configmap", "in-backup", "after-restore")
        }
    }
}
