import Foundation
import Testing

extension JourneyTests {
    /// Mistakes and damage below the API: configurations, tokens, folders, datagrams.
    @Suite(.serialized) struct BadMachines {
        let cluster = Cluster.shared

        init() async throws { try await cluster.settle() }

        // MARK: Configuration

        @Test(arguments: [
            ("kubelett:\n    maxPods: 9\n", ["unknown field \"kubelett\"", "mean \"kubelet\""]),
            ("mesh:\n    prot: 7946\n", ["unknown field \"mesh.prot\"", "mean \"mesh.port\""]),
            ("mesh:\n    port: high\n", ["mesh.port must be"]),
        ])
        func `a mistake in a configuration is shown with its place`(
            _ text: String, _ words: [String]
        ) async throws {
            let path = "\(cluster.folder)/work/mistake.yaml"
            try "name: machine-1\naddress: 192.0.2.1\n\(text)".write(
                toFile: path, atomically: true, encoding: .utf8)
            let result = try await Command(arguments: [cluster.binary, "run", "--config", path])
                .run()
            #expect(result.status == 1 && result.output.isEmpty)
            // A mistake in a section's name is in the third line, one within it in the fourth.
            let place = text.hasPrefix("mesh") ? "mistake.yaml:4:" : "mistake.yaml:3:1:"
            for word in [place] + words {
                #expect(result.errors.contains(word), "\(result)")
            }
        }

        /// The daemon of the machine itself has every port; a second one gets none of them.
        @Test(arguments: ["mesh", "raft", "api", "dns"])
        func `a port in use ends the daemon with the port and its field`(
            _ field: String
        ) async throws {
            let name = "machine-1"
            let daemon = try cluster.machine(name).daemonPID
            let sections = ["mesh": 7946, "raft": 7947, "api": 6443, "dns": 53]
            let ports = sections.map { section, port in
                "\(section): {port: \(section == field ? port : port + 1000)}"
            }
            let folder = try newFolder("ports-\(field)")
            let config = try write(folder, name: name, more: ports.joined(separator: "\n"))
            let made = try await cluster.inside(
                name, "podmesh", "init", "--config", config, "--kubeconfig", "\(folder)/kubeconfig")
            #expect(made.succeeded, "\(made)")
            let result = try await cluster.inside(
                name, "podmesh", "run", "--config", config, timeout: .seconds(5))
            let port = try #require(sections[field])
            #expect(result.status == 1)
            #expect(result.errors.contains("port \(port) (\(field).port"), "\(result)")
            #expect(result.errors.contains("address in use"), "\(result)")
            #expect(try cluster.machine(name).daemonPID == daemon)
        }

        // MARK: Membership

        @Test func `a wrong token admits nobody`() async throws {
            let token = try await cluster.inside("machine-1", "podmesh", "token", "create").trimmed
            let secretBegin = try #require(token.firstIndex(of: "."))
            let secretEnd = try #require(token.firstIndex(of: "@"))
            let guess = String(repeating: "a", count: token[secretBegin..<secretEnd].count - 1)
            let wrong = token[...secretBegin] + guess + token[secretEnd...]
            try await expectRefusal(of: String(wrong), "token")
            try await expectRefusal(of: "nonsense", "token")
            // The right secret, but the fingerprint of some other cluster's authority.
            let other = token[..<secretEnd] + "@" + String(repeating: "0", count: 64)
            try await expectRefusal(of: String(other), "the token is of another cluster")
        }

        @Test func `an expired token admits nobody`() async throws {
            let token = try await cluster.inside("machine-1", "podmesh", "token", "create").trimmed
            let id = try #require(token.split(separator: ".").first)
            let past = Data("2020-01-01T00:00:00Z".utf8).base64EncodedString()
            let patched = try await cluster.kubectl(
                "patch", "secret", "bootstrap-token-\(id)", "--namespace", "kube-system",
                "--patch", #"{"data":{"expiration":"\#(past)"}}"#)
            #expect(patched.succeeded, "\(patched)")
            // The machine that is asked may hear of it a moment later.
            try await expectRefusal(of: token, "expired")
        }

        private func expectRefusal(of token: String, _ word: String) async throws {
            let folder = try newFolder("newcomer")
            let config = try write(folder, name: "machine-9")
            let result = try await Command(arguments: [
                cluster.binary, "join", "--config", config, "--server",
                cluster.address(of: "machine-1"), "--token", token,
            ]).run()
            #expect(result.status != 0 && result.output.isEmpty)
            #expect(result.errors.contains(word), "\(result)")
            #expect(
                !FileManager.default.fileExists(atPath: "\(folder)/data/identity"),
                "something was kept of a refused join")
        }

        @Test func `the data folder of another cluster is refused`() async throws {
            let mine = try newFolder("mine")
            let other = try newFolder("other")
            for folder in [mine, other] {
                let config = try write(folder, name: "machine-1")
                let made = try await Command(arguments: [
                    cluster.binary, "init", "--config", config, "--kubeconfig",
                    "\(folder)/kubeconfig",
                ]).run()
                #expect(made.succeeded, "\(made)")
            }
            let files = FileManager.default
            try files.removeItem(atPath: "\(mine)/data/identity")
            try files.copyItem(atPath: "\(other)/data/identity", toPath: "\(mine)/data/identity")
            // In a machine, so that a daemon that starts after all cannot touch the host.
            let run = try await cluster.inside(
                "machine-1", "podmesh", "run", "--config", "\(mine)/config.yaml",
                timeout: .seconds(5))
            #expect(run.status == 1 && run.errors.contains("it belongs to cluster"), "\(run)")
            let again = try await Command(arguments: [
                cluster.binary, "init", "--config", "\(other)/config.yaml", "--kubeconfig",
                "\(other)/kubeconfig",
            ]).run()
            #expect(again.status == 1 && again.errors.contains("belongs to a cluster already"))
        }

        // MARK: Datagrams

        @Test func `noise at the mesh port is counted, and nothing else happens`() async throws {
            let target = "machine-1"
            let daemon = try cluster.machine(target).daemonPID
            let before = try await cluster.status(of: target).mesh.datagramsDropped
            let count = 500
            try sendNoise(count, to: cluster.address(of: target), port: 7946)
            try await eventually(within: .seconds(5), "the noise is counted") {
                try await cluster.status(of: target).mesh.datagramsDropped >= before + count
            }
            #expect(try cluster.machine(target).daemonPID == daemon)
            #expect(try await cluster.readiness().values.allSatisfy { $0 == "True" })
        }

        private func sendNoise(_ count: Int, to address: String, port: UInt16) throws {
            let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            guard descriptor >= 0 else { throw Failed("no socket") }
            defer { close(descriptor) }
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = port.bigEndian
            target.sin_addr.s_addr = inet_addr(address)
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            var random = SystemRandomNumberGenerator()
            for index in 0..<count {
                let size = 1 + index * 1_400 / count
                let bytes = (0..<size).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
                let sent = withUnsafePointer(to: &target) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(descriptor, bytes, size, 0, $0, length)
                    }
                }
                guard sent == size else { throw Failed("datagram \(index) was not sent") }
                // A burst would overflow the receiver's buffer, and the rest would go uncounted.
                if index % 50 == 49 { usleep(5_000) }
            }
        }

        // MARK: Files

        private func newFolder(_ name: String) throws -> String {
            let folder = "\(cluster.folder)/work/\(name)"
            try? FileManager.default.removeItem(atPath: folder)
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            return folder
        }

        private func write(_ folder: String, name: String, more: String = "") throws -> String {
            let path = "\(folder)/config.yaml"
            try """
            name: \(name)
            address: \(cluster.address(of: name))
            dataDirectory: \(folder)/data
            \(more)

            """.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
    }
}
