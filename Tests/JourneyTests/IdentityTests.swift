import Foundation
import Testing

extension JourneyTests {
    /// Certificates, the authority, and machines that are removed.
    @Suite(.serialized)
    struct Identities {
        let cluster = Cluster.shared

        init() async throws { try await cluster.settle() }

        private struct Keyring: Decodable {
            struct Authority: Decodable {
                let id: String
            }
            let phase: String
            let awaited: [String]
            let authorities: [Authority]
        }

        private func keyring(of name: String) async throws -> Keyring {
            let answer = try await cluster.inside(name, "podmesh", "keyring", "-o", "json")
            guard answer.succeeded else { throw Failed("\(answer)") }
            return try JSONDecoder().decode(Keyring.self, from: Data(answer.output.utf8))
        }

        @Test func `the authority is replaced while clients and machines go on`() async throws {
            let before = try await keyring(of: "machine-1").authorities.map(\.id)
            let clients = Task {
                var failures: [String] = []
                var count = 0
                while !Task.isCancelled {
                    let answer = try await cluster.kubectl("get", "nodes")
                    count += 1
                    if !answer.succeeded { failures.append("\(answer)") }
                }
                return (count, failures)
            }
            let begun = try await cluster.inside(
                "machine-3", "podmesh", "keyring", "rotate", "--keep-hours", "1")
            #expect(begun.succeeded, "\(begun)")
            try await eventually(within: .seconds(40), "every machine has moved") {
                let keyring = try await keyring(of: "machine-2")
                return keyring.phase == "moving" && keyring.awaited.isEmpty
            }
            try await eventually(within: .seconds(5), "a client with the old kubeconfig") {
                try await cluster.kubectl("get", "nodes").succeeded
            }
            clients.cancel()
            let (count, failures) = try await clients.value
            #expect(count > 0)
            #expect(failures.isEmpty, "\(failures.first ?? "")")

            let fresh = try await cluster.inside("machine-2", "podmesh", "kubeconfig")
            let path = "\(cluster.state)/kubeconfig"
            let old = try String(contentsOfFile: path, encoding: .utf8)
            try fresh.output.write(toFile: path, atomically: true, encoding: .utf8)
            let ended = try await cluster.inside(
                "machine-1", "podmesh", "keyring", "rotate", "--now")
            #expect(ended.succeeded, "\(ended)")
            try await eventually(within: .seconds(20), "the old authority is dropped") {
                let keyring = try await keyring(of: "machine-3")
                return keyring.phase == "steady"
                    && Set(keyring.authorities.map(\.id)).isDisjoint(with: before)
            }
            #expect(try await cluster.kubectl("get", "nodes").succeeded)
            // Each machine still reaches the leader: a read of the newest state needs it.
            for name in ["machine-1", "machine-2", "machine-3"] {
                let answer = try await cluster.kubectl(
                    "get", "nodes", "--request-timeout", "5s", "--server",
                    "https://\(cluster.address(of: name)):6443")
                #expect(answer.succeeded, "\(name): \(answer)")
            }
            let work = "\(cluster.folder)/work/old-kubeconfig"
            try old.write(toFile: work, atomically: true, encoding: .utf8)
            let refused = try await cluster.kubectl("--kubeconfig", work, "get", "nodes")
            #expect(!refused.succeeded)
        }

        @Test func `a removed machine is out at once and comes back as a new one`() async throws {
            let name = "machine-3"
            let alive = try await cluster.inside(
                "machine-1", "podmesh", "members", "remove", name)
            #expect(!alive.succeeded && alive.errors.contains("--yes"), "\(alive)")
            let removed = try await cluster.inside(
                "machine-1", "podmesh", "members", "remove", name, "--yes")
            #expect(removed.succeeded, "\(removed)")
            try await eventually(within: .seconds(10), "nobody counts it any more") {
                let members = try await cluster.inside("machine-2", "podmesh", "members")
                let nodes = try await cluster.kubectl("get", "nodes")
                return members.lines.contains { $0.hasPrefix(name) && $0.contains("left") }
                    && !nodes.output.contains(name)
            }
            // A restart does not help it: its certificates are refused.
            _ = try await cluster.script("kill", name)
            _ = try await cluster.script("start", name)
            try await eventually(within: .seconds(20), "its daemon runs again") {
                _ = try await cluster.status(of: name)
                return true
            }
            #expect(try await !cluster.kubectl("get", "nodes").output.contains(name))
            _ = try await cluster.script("kill", name)
            let disk = "\(cluster.state)/machines/\(name)/disk"
            try FileManager.default.removeItem(atPath: "\(disk)/etc/podmesh/member")
            let again = try await cluster.script("up", "3", timeout: .seconds(60))
            #expect(again.succeeded, "\(again)")
        }
    }
}
