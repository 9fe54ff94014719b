import Base
import Foundation
import JSON
import Shell

/// What many Pods cost a daemon whose containers are probed by a command each second, and how
/// soon the API tells of a container's end.
///
/// The container runtime is a ``PretendRuntime`` of this process, so a machine can have more such
/// Pods than its processors could run commands for, and the figures are the daemon's alone.
package struct ProbesBench: Sendable {
    private let pods: Int
    private let seconds: Double
    private let machine: MachineConfiguration
    private let folder: String

    /// - Parameters:
    ///   - configuration: of the machine, as its daemon would read it.
    ///   - seconds: how long the daemon's processor time is watched.
    ///   - directory: takes the daemon's data, the Pods' files and logs.
    package init(
        configuration: String, pods: Int, seconds: Double, directory: String
    ) throws {
        machine = try MachineConfiguration(contentsOf: configuration)
        self.pods = pods
        self.seconds = seconds
        folder = try Cleanup.temporaryFolder("probes", in: directory)
    }

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) async throws -> Bool {
        let socket = "\(folder)/runtime.sock"
        let runtime = try await PretendRuntimeServer(at: socket)
        let server = try await PodServer(machine: machine, folder: folder, runtime: socket)
        defer { server.stop() }
        let idle = try await share(of: server, runtime.runtime)
        let names = (0..<pods).map { "probed-\($0)" }
        try await server.create(names, probed: true)
        try await Task.sleep(for: .seconds(3))
        let busy = try await share(of: server, runtime.runtime)
        var latency = try await ends(of: names.prefix(20).map { $0 }, server, runtime.runtime)
        var table = FigureTable()
        table.append(
            Figure("daemon without Pods, of a core", .ratio, idle.processor))
        table.append(
            Figure(
                "\(pods) Pods with an exec probe each second, of a core", .ratio,
                busy.processor, bound: .atMost(0.25)))
        table.append(Figure("    probes", .perSecond, busy.probes))
        table.append(
            Figure(
                "    processor time of a probe", .microseconds,
                (busy.processor - idle.processor) / busy.probes * 1_000_000))
        table.append(
            Figure(
                "end of a container to a client's watch, median", .milliseconds,
                latency.median(), bound: .atMost(50)))
        table.append(
            Figure("    longest of \(latency.count)", .milliseconds, latency.maximum()))
        print(table.text)
        try await runtime.close()
        return table.isEveryBoundMet
    }

    /// The daemon's share of a core and the probes in a second.
    private func share(
        of server: PodServer, _ runtime: PretendRuntime
    ) async throws -> (processor: Double, probes: Double) {
        let watch = Stopwatch()
        let (before, execs) = (server.processorSeconds, runtime.execs)
        try await Task.sleep(for: .seconds(seconds))
        guard let before, let after = server.processorSeconds else {
            throw BenchError("the daemon ended; see \(folder)/console.log")
        }
        let passed = watch.elapsedSeconds
        return ((after - before) / passed, Double(runtime.execs - execs) / passed)
    }

    /// Milliseconds from the end of each Pod's only container to the watch that tells of it.
    private func ends(
        of names: [String], _ server: PodServer, _ runtime: PretendRuntime
    ) async throws -> Samples {
        var samples = Samples()
        try await server.watching(names, until: "Succeeded") { progress in
            for name in names {
                progress.noteSent(name)
                runtime.exit(podNamed: name)
                try await Task.sleep(for: .milliseconds(150))
            }
            samples = try await progress.result(timeoutSeconds: 30).times
        }
        return samples
    }
}
