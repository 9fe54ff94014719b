import Base
import Foundation
import Kubelet
import Shell

/// A machine with a containerd of its own, made by the same scripts that users start machines
/// with. One serves all tests of the process, and goes away with it.
final class TestMachine: Sendable {
    struct Failed: Error {
        var reason: String
    }

    static let shared = Task { try await TestMachine() }

    let folder: String
    let address: String
    let client: RuntimeClient
    /// Its input stays open as long as this process lives.
    private let keeper: Process
    private let keeperInput = Pipe()

    private init() async throws {
        let process = getpid()
        let address = "172.30.\(100 + process % 100).11"
        let folder = "/tmp/podmesh-test-\(process)"
        let checkout = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        self.address = address
        self.folder = folder
        keeper = Process()
        keeper.executableURL = URL(filePath: "/bin/sh")
        keeper.arguments = [
            checkout.appending(path: "docker-compose-free-scripts/lib/test-machine").path,
            checkout.path, folder, address,
        ]
        let output = Pipe()
        keeper.standardInput = keeperInput
        keeper.standardOutput = output
        try keeper.run()
        let word = output.fileHandleForReading.readData(ofLength: 6)
        guard String(decoding: word, as: UTF8.self) == "ready\n" else {
            throw Failed(reason: "the machine did not start; run docker-compose-free-scripts/setup")
        }
        let machine = "\(folder)/state/machines/machine-1"
        client = try RuntimeClient(endpoint: "\(machine)/containerd.sock")
        let conflist = CNIConfiguration.conflist(
            podCIDR: "10.244.1.0/24", bridge: "podmesh0", mtu: 1500)
        try conflist.write(
            toFile: "\(machine)/disk/etc/cni/net.d/\(CNIConfiguration.fileName)",
            atomically: true, encoding: .utf8)
        Task { [client] in try await client.run() }
        try await waitUntilReady()
    }

    private func waitUntilReady() async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        var state = await client.readiness()
        while !state.isReady || !state.message.isEmpty {
            guard ContinuousClock.now < deadline else { throw Failed(reason: state.message) }
            try await Task.sleep(for: .milliseconds(20))
            state = await client.readiness()
        }
    }
}

/// A Pod of one test in the test machine.
struct TestPod {
    let machine: TestMachine
    let sandbox: SandboxConfiguration
    let sandboxID: String
    let addresses: [String]

    init(_ name: String, network: NamespaceOptions.Mode = .pod) async throws {
        machine = try await TestMachine.shared.value
        let uid = UUID().uuidString.lowercased()
        var sandbox = SandboxConfiguration(
            podName: name, podNamespace: "default", podUID: uid, attempt: 0)
        sandbox.hostname = network == .pod ? name : ""
        sandbox.namespaces.network = network
        sandbox.logDirectory = "\(machine.folder)/logs/\(uid)"
        sandbox.cgroupParent = "/kubepods/pod\(uid)"
        let made = try await machine.client.perform(.runSandbox(sandbox)).get()
        guard case .sandbox(let state) = made else {
            throw TestMachine.Failed(reason: "\(made)")
        }
        self.sandbox = sandbox
        sandboxID = state.id
        addresses = state.addresses
    }

    var client: RuntimeClient { machine.client }

    /// Starts a container with a shell script; returns its identifier.
    func run(
        _ script: String, name: String = "main",
        _ change: (inout ContainerConfiguration) -> Void = { _ in }
    ) async throws -> String {
        var container = ContainerConfiguration(
            name: name, attempt: 0, image: "docker.io/library/busybox:latest")
        container.command = ["sh", "-c", script]
        container.logPath = "\(name)/0.log"
        container.namespaces = sandbox.namespaces
        change(&container)
        let made = try await client.perform(
            .createContainer(sandboxID: sandboxID, container, sandbox: sandbox)
        ).get()
        guard case .container(let id) = made else {
            throw TestMachine.Failed(reason: "\(made)")
        }
        _ = try await client.perform(.startContainer(id: id)).get()
        return id
    }

    func logPath(of name: String = "main") -> String { "\(sandbox.logDirectory)/\(name)/0.log" }

    func state(of id: String) async throws -> ContainerState? {
        let found = try await client.perform(.containerStatus(id: id)).get()
        guard case .containerState(let state) = found else { return nil }
        return state
    }

    /// Asks twice, as the kubelet would again and again: containerd 1.6 fails to stop a sandbox
    /// when the shim of a container that has just ended goes meanwhile (`ttrpc: closed`).
    func remove() async throws {
        if case .failure = await client.perform(.stopSandbox(id: sandboxID)) {
            _ = try await client.perform(.stopSandbox(id: sandboxID)).get()
        }
        _ = try await client.perform(.removeSandbox(id: sandboxID)).get()
    }
}
