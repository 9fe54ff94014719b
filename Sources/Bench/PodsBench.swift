import Base
import Foundation
import Kubelet
import Shell

/// The start of many Pods at once through podmesh, beside the same Pods made by driving the
/// container runtime directly, with the same concurrency and in the same run.
///
/// It runs on a machine whose runtime has no sandboxes and no daemon, and leaves it so.
package struct PodsBench: Sendable {
    private let pods: Int
    private let machine: MachineConfiguration
    private let folder: String

    static let image = "docker.io/library/busybox:latest"
    static let command = ["sleep", "100000"]

    /// - Parameters:
    ///   - configuration: of the machine, as its daemon would read it.
    ///   - directory: takes the daemon's data, the Pods' files and logs.
    package init(configuration: String, pods: Int, directory: String) throws {
        machine = try MachineConfiguration(contentsOf: configuration)
        self.pods = pods
        folder = try Cleanup.temporaryFolder("pods", in: directory)
    }

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) async throws -> Bool {
        let client = try RuntimeClient(endpoint: machine.containerRuntime.endpoint)
        let runner = Task { try await client.run() }
        defer { runner.cancel() }
        try writeNetwork()
        try await waitUntilReady(client)
        let sandboxes = RuntimeSandboxes(client: client, folder: folder)
        guard try await sandboxes.isEmpty else {
            throw BenchError("the container runtime has sandboxes; stop podmesh and remove them")
        }
        Cleanup.add(.runtime) { sandboxes.removeAllBlocking() }
        defer {
            sandboxes.removeAllBlocking()
            Cleanup.remove(.runtime)
        }
        print(
            "\(pods) Pods of one container at once; the runtime is given at most "
                + "\(RuntimeClient.buildsAtOnce) requests at a time by either side.\n\n")
        // The first sandbox makes the bridge.
        _ = try await sandboxes.start(count: 1)
        try await sandboxes.removeAll()
        var one = try await sandboxes.startOneByOne(count: 5)
        try await sandboxes.removeAll()
        let direct = try await sandboxes.start(count: pods)
        try await sandboxes.removeAll()

        let server = try await PodServer(machine: machine, folder: folder)
        defer { server.stop() }
        var singles = Samples()
        for number in 0..<10 {
            let run = try await server.start(count: 1, prefix: "single-\(number)")
            singles.append(run.times)
        }
        var run = try await server.start(count: pods, prefix: "many")
        var table = FigureTable(peer: "runtime alone")
        table.append(
            Figure(
                "\(pods) Pods, until the last runs", .seconds, run.seconds, peer: direct.seconds,
                bound: .atMostTimesPeer(1.3)))
        table.append(
            Figure("    create to Running, median", .milliseconds, run.times.median()))
        table.append(
            Figure(
                "    create to Running, 99th percentile", .milliseconds,
                run.times.percentile(99)))
        let alone = one.median()
        table.append(
            Figure(
                "1 Pod, create to Running, median of 10", .milliseconds, singles.median(),
                peer: alone, bound: alone.map { .atMost($0 + 40) }))
        print(table.text)
        return table.isEveryBoundMet
    }

    /// A runtime that was just started takes a moment.
    private func waitUntilReady(_ client: RuntimeClient) async throws {
        let watch = Stopwatch()
        var state = await client.readiness()
        while !state.isReady {
            guard watch.elapsedSeconds < 30 else { throw BenchError(state.message) }
            try await Task.sleep(for: .milliseconds(50))
            state = await client.readiness()
        }
    }

    /// The network configuration that podmesh writes, so that both sides do the same work.
    private func writeNetwork() throws {
        let directory = machine.network.cniConfigurationDirectory
        let text = CNIConfiguration.conflist(
            podCIDR: "10.244.0.0/24", bridge: machine.network.bridge, mtu: machine.network.mtu)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try text.write(
            toFile: "\(directory)/\(CNIConfiguration.fileName)", atomically: true, encoding: .utf8)
    }
}

/// How long many Pods took.
struct PodsRun: Sendable {
    /// From the first request until the last one ran.
    var seconds: Double
    /// Milliseconds of each.
    var times = Samples()
}
