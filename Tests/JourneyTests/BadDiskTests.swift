import Foundation
import Testing

extension JourneyTests {
    /// Damage to what a machine wrote down, and a disk with no room: the machine says so and takes
    /// no part, the other two go on, and it comes back when the cause is gone.
    @Suite(.serialized) struct BadDisks {
        let cluster = Cluster.shared
        let victim = "machine-3"

        init() async throws { try await cluster.settle() }

        private var data: String { "\(cluster.state)/machines/\(victim)/disk/var/lib/podmesh" }
        private var daemonLog: String {
            "\(cluster.state)/machines/\(victim)/disk/var/log/podmesh.log"
        }

        private func newestSegment() throws -> String {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(data)/log").sorted()
            return "\(data)/log/\(try #require(names.last { $0.hasPrefix("log-") }))"
        }

        private func stop() async throws {
            let stopped = try await cluster.script("stop", victim)
            #expect(stopped.succeeded, "\(stopped)")
        }

        private func start() async throws {
            let started = try await cluster.script("start", victim)
            #expect(started.succeeded, "\(started)")
        }

        /// Writes through one machine and reads through another.
        private func write(_ name: String, through machine: String) async throws -> CommandResult {
            try await cluster.kubectl(
                "create", "configmap", name, "--request-timeout", "5s", "--server",
                "https://\(cluster.address(of: machine)):6443")
        }

        /// Its own API answers; that its Node is Ready may have been said before it stopped.
        private func waitUntilVictimServes() async throws {
            try await eventually(within: .seconds(20), "\(victim) serves the API") {
                let answer = try await cluster.kubectl(
                    "get", "--raw", "/readyz", "--request-timeout", "2s", "--server",
                    "https://\(cluster.address(of: victim)):6443")
                guard answer.succeeded else { throw Failed("\(answer)") }
                return true
            }
            try await cluster.waitUntilAllReady()
        }

        private func expectPresent(_ name: String, on machine: String) async throws {
            let answer = try await cluster.kubectl(
                "get", "configmap", name, "--output", "name", "--server",
                "https://\(cluster.address(of: machine)):6443")
            #expect(answer.output == "configmap/\(name)\n", "\(answer)")
        }

        private func forget(_ names: String...) async throws {
            for name in names {
                _ = try await cluster.kubectl("delete", "configmap", name, "--ignore-not-found")
            }
        }

        @Test func `a log cut short by a power cut is taken up where it ends`() async throws {
            try await forget("cut-before", "cut-meanwhile")
            #expect(try await write("cut-before", through: victim).succeeded)
            try await stop()
            #expect(try await write("cut-meanwhile", through: "machine-1").succeeded)
            // The last bytes that were written did not reach the disk, and read as zeros.
            let path = URL(filePath: try newestSegment())
            var bytes = try Data(contentsOf: path)
            let end = try #require(bytes.lastIndex { $0 != 0 })
            for offset in (end - 4)...end { bytes[offset] = 0 }
            try bytes.write(to: path)
            try await start()
            try await waitUntilVictimServes()
            try await expectPresent("cut-before", on: victim)
            try await expectPresent("cut-meanwhile", on: victim)
        }

        @Test func `a log damaged in its middle is refused by file and offset`() async throws {
            try await forget("damage-meanwhile")
            try await stop()
            let path = try newestSegment()
            let whole = try Data(contentsOf: URL(filePath: path))
            var damaged = whole
            let end = try #require(whole.lastIndex { $0 != 0 })
            damaged[end / 2] ^= 0xFF
            try damaged.write(to: URL(filePath: path))
            let logged = try Data(contentsOf: URL(filePath: daemonLog)).count
            try await start()
            let file = URL(filePath: path).lastPathComponent
            try await eventually(within: .seconds(10), "the daemon names the file") {
                let text = try Data(contentsOf: URL(filePath: daemonLog)).dropFirst(logged)
                let news = String(decoding: text, as: UTF8.self)
                guard news.contains(file), news.contains(/(byte|offset|at) \d+/) else {
                    throw Failed(news)
                }
                return true
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == damaged, "nothing was repaired")
            #expect(try await write("damage-meanwhile", through: "machine-1").succeeded)
            // The machine starts its daemon again and again: put right, it needs no help.
            try whole.write(to: URL(filePath: path))
            try await waitUntilVictimServes()
            try await expectPresent("damage-meanwhile", on: victim)
        }

        @Test(arguments: [false, true])
        func `a full disk stops no machine, and loses nothing`(
            _ isLeaders: Bool
        ) async throws {
            try await forget("full-before", "full-meanwhile", "full-after")
            try await stop()
            try await onSmallDisk {
                try await start()
                try await waitUntilVictimServes()
                #expect(try await write("full-before", through: victim).succeeded)
                if isLeaders { try await makeVictimLead() }
                let daemon = try #require(try cluster.machine(victim).daemonPID)
                let filler = "\(data)/filler"
                let filling = try await Command(arguments: [
                    "dd", "if=/dev/zero", "of=\(filler)", "bs=4k", "status=none",
                ]).run()
                #expect(filling.errors.contains("No space left on device"))
                try await eventually(within: .seconds(15), "the other machines take writes") {
                    let answer = try await write("full-meanwhile", through: "machine-1")
                    guard answer.succeeded || answer.errors.contains("already exists") else {
                        throw Failed("\(answer)")
                    }
                    return true
                }
                for number in 1...20 {
                    _ = try await cluster.kubectl(
                        "annotate", "configmap", "full-meanwhile", "--overwrite", "a=\(number)",
                        "--server", "https://\(cluster.address(of: "machine-2")):6443")
                }
                try await expectPresent("full-meanwhile", on: "machine-2")
                #expect(try cluster.machine(victim).daemonPID == daemon, "the daemon died")

                try FileManager.default.removeItem(atPath: filler)
                try await eventually(within: .seconds(20), "the machine takes writes again") {
                    try await cluster.waitUntilAllReady()
                    let answer = try await write("full-after", through: victim)
                    guard answer.succeeded || answer.errors.contains("already exists") else {
                        throw Failed("\(answer)")
                    }
                    return true
                }
                #expect(try cluster.machine(victim).daemonPID == daemon, "the daemon died")
                for name in ["full-before", "full-meanwhile", "full-after"] {
                    try await expectPresent(name, on: victim)
                }
                try await stop()
            }
            try await start()
            try await waitUntilVictimServes()
        }

        /// Ends the daemon that leads until the election makes the victim leader.
        private func makeVictimLead() async throws {
            for _ in 1...20 {
                let leader = try await cluster.leader()
                guard leader != victim else { return }
                let daemon = try #require(try cluster.machine(leader).daemonPID)
                kill(daemon, SIGKILL)
                try await eventually(within: .seconds(10), "\(leader) has a new daemon") {
                    let now = try cluster.machine(leader).daemonPID
                    guard let now, now != daemon else { return false }
                    return try await cluster.status(of: leader).raft.leader != nil
                }
                try await cluster.waitUntilAllReady()
            }
            throw Failed("\(victim) was never elected")
        }

        /// Runs the body while the data folder of the machine, which must be off before and after,
        /// lies on a disk of a few megabytes. What is written there is kept.
        private func onSmallDisk(_ body: () async throws -> Void) async throws {
            let saved = "\(cluster.folder)/work/saved"
            try await must("rm", "-rf", saved)
            try await must("cp", "--archive", data, saved)
            try await mount(from: saved)
            do {
                try await body()
            } catch {
                _ = try await cluster.script("kill", victim)
                try await unmount(to: saved)
                try await start()
                throw error
            }
            try await unmount(to: saved)
        }

        private func mount(from saved: String) async throws {
            try await must("mount", "-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", data)
            try await must("cp", "--archive", "\(saved)/.", data)
        }

        private func unmount(to saved: String) async throws {
            try? FileManager.default.removeItem(atPath: "\(data)/filler")
            try await must("rm", "-rf", saved)
            try await must("cp", "--archive", data, saved)
            try await must("umount", data)
            try await must("sh", "-c", "rm -rf \(data)/* && cp --archive \(saved)/. \(data)")
        }

        private func must(_ line: String...) async throws {
            let result = try await Command(arguments: line).run()
            guard result.succeeded else { throw Failed("\(result)") }
        }
    }
}
