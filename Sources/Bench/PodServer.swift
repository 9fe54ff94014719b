import Base
import Foundation
import JSON
import NIOCore
import Shell

/// A cluster of this machine alone, and Pods that are made through its API.
struct PodServer: Sendable {
    private let process: ChildProcess
    private let connection: PodConnection.Settings

    /// - Parameter runtime: the socket of another container runtime than the machine's.
    init(machine: MachineConfiguration, folder: String, runtime: String? = nil) async throws {
        let path = "\(folder)/config.yaml"
        let endpoint = runtime ?? machine.containerRuntime.endpoint
        try Self.configuration(machine, folder, endpoint).write(
            toFile: path, atomically: true, encoding: .utf8)
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        try ChildProcess.run(
            program, ["init", "--config", path, "--kubeconfig", "\(folder)/kubeconfig"])
        process = try ChildProcess(
            program, ["run", "--config", path], log: "\(folder)/console.log")
        let identity = try IdentityDirectory(dataDirectory: "\(folder)/data").read()
        let kubeconfig = try String(contentsOfFile: "\(folder)/kubeconfig", encoding: .utf8)
        connection = PodConnection.Settings(
            host: machine.address, port: machine.api.port,
            authorityPEM: identity.authorities.map(\.certificatePEM).joined(),
            certificatePEM: try PodmeshServers.field("client-certificate-data", of: kubeconfig),
            privateKeyPEM: try PodmeshServers.field("client-key-data", of: kubeconfig))
        try await waitUntilReady(folder)
    }

    func stop() { process.waitAfterTerminating() }

    /// Creates Pods at once, waits until all run, and deletes them again.
    func start(count: Int, prefix: String) async throws -> PodsRun {
        let names = (0..<count).map { "\(prefix)-\($0)" }
        let run = try await PodConnection.start(names, connection)
        try await PodConnection.remove(names, connection)
        return run
    }

    /// Creates Pods at once and waits until all run.
    func create(_ names: [String], probed: Bool) async throws {
        _ = try await PodConnection.start(names, connection, probed: probed)
    }

    /// Notes when Pods reach a phase, as a watch tells it, while something is done to them.
    func watching(
        _ names: [String], until phase: String, _ body: (PodProgress) async throws -> Void
    ) async throws {
        let progress = PodProgress(names: names, phase: phase)
        let close = try await PodConnection.watch(progress, connection)
        defer { close() }
        try await body(progress)
    }

    /// Processor seconds that the daemon has used; nil when it is gone.
    var processorSeconds: Double? { process.processorSeconds }

    private static func configuration(
        _ machine: MachineConfiguration, _ folder: String, _ endpoint: String
    ) -> String {
        """
        name: \(machine.name.text)
        address: \(machine.address)
        dataDirectory: \(folder)/data
        logLevel: error
        raft:
            voters: 1
        containerRuntime:
            endpoint: \(endpoint)
        network:
            cniConfigurationDirectory: \(machine.network.cniConfigurationDirectory)
        kubelet:
            podDirectory: \(folder)/pods
            logDirectory: \(folder)/logs
            maxPods: 1000
            acceptPresentImages: true

        """
    }

    private func waitUntilReady(_ folder: String) async throws {
        let watch = Stopwatch()
        while watch.elapsedSeconds < 30 {
            // Until it listens, connections are refused.
            if (try? await PodConnection.isReady(connection)) == true { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchError("the Node was not ready within 30 s; see \(folder)/console.log")
    }
}
