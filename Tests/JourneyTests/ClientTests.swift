import Foundation
import Testing

extension JourneyTests {
    /// Clients that we did not write, each run by a program in `Clients/` against the cluster.
    /// `docker-compose-free-scripts/setup --all` installs them from PyPI.
    @Suite(.serialized) struct Clients {
        let cluster = Cluster.shared

        init() async throws { try await cluster.settle() }

        private var python: String { "\(cluster.root)/.build/clients/bin/python" }

        private func command(_ program: String, _ variables: [String: String] = [:]) -> Command {
            Command(
                arguments: [python, "\(cluster.root)/Tests/JourneyTests/Clients/\(program).py"],
                environment: cluster.environment.merging(variables) { $1 },
                timeout: .seconds(400))
        }

        private func expectAllChecks(
            _ program: String, _ variables: [String: String] = [:]
        ) async throws {
            let result = try await command(program, variables).run()
            let checks = result.lines.filter { $0.hasPrefix("ok ") }
            #expect(result.succeeded && !checks.isEmpty, "\(result)")
        }

        @Test(arguments: [
            "official", "light", "asynchronous", "wire", "conformance", "seeds", "containers",
            "resizes",
        ])
        func `a client finds what Kubernetes has`(_ program: String) async throws {
            try await expectAllChecks(program)
        }

        @Test(arguments: ["installed", "newest"])
        func `kubectl's subcommands do what they do on Kubernetes`(
            _ version: String
        ) async throws {
            let newest = "\(cluster.root)/.build/clients/bin/kubectl"
            let program = version == "newest" ? newest : "kubectl"
            try await expectAllChecks("commands", ["KUBECTL": program])
        }

        @Test func `an informer loses no event while the leader is killed twice`() async throws {
            let informer = try command("informer", ["SECONDS_TO_WRITE": "25"]).start()
            try await eventually(within: .seconds(30), "the informer watches") {
                informer.output.contains("ready")
            }
            for _ in 1...2 {
                let leader = try await cluster.leader()
                let killed = try await cluster.script("kill", leader)
                #expect(killed.succeeded, "\(killed)")
                try await eventually(within: .seconds(15), "another machine leads") {
                    try await cluster.leader() != leader
                }
                let started = try await cluster.script("start", leader)
                #expect(started.succeeded, "\(started)")
                try await cluster.waitUntilAllReady(within: .seconds(20))
            }
            let result = await informer.result()
            #expect(result.succeeded, "\(result)")
        }
    }
}
