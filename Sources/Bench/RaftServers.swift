import Base
import Foundation
import Shell

/// A cluster of one kind, running in namespaces, and how the load client reaches its leader.
protocol RaftServers: Sendable {
    var processes: [ChildProcess] { get }

    /// The part of the load's settings that is about the server.
    func settings(
        _ server: LoadSettings.Server, _ operation: LoadSettings.Operation
    ) throws -> LoadSettings
}

extension RaftServers {
    /// Of all members together.
    var processorSeconds: Double { processes.compactMap(\.processorSeconds).reduce(0, +) }
    func stop() { for process in processes { process.stop() } }
}

/// Real daemons, each with its own namespace and data folder, and without a container runtime.
struct PodmeshServers: RaftServers {
    let processes: [ChildProcess]
    private let folder: String

    private static let apiPort = 6443
    private static let raftPort = 7947
    private static let program = "/proc/self/exe"

    init(count: Int, network: BenchNetwork, folder: String) async throws {
        self.folder = folder
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: Self.program)
        for number in 0..<count { try Self.configure(number, voters: count, folder) }
        let config = { "\(folder)/\($0 as Int)/config.yaml" }
        func run(_ number: Int, _ arguments: [String]) throws -> String {
            let command = network.command(number, program, arguments)
            return try ChildProcess.run(command.program, command.arguments)
        }
        func start(_ number: Int) throws -> ChildProcess {
            let command = network.command(number, program, ["run", "--config", config(number)])
            return try ChildProcess(
                command.program, command.arguments, log: "\(folder)/\(number)/console.log")
        }
        let output = try run(
            0, ["init", "--config", config(0), "--kubeconfig", "\(folder)/kubeconfig"])
        guard let token = output.split(separator: "\n").last(where: { $0.contains("@") }) else {
            throw BenchError("podmesh init printed no token: \(output)")
        }
        var processes = [try start(0)]
        try await Self.wait(for: config(0), in: folder) { $0.contains("\"role\":\"leader\"") }
        for number in 1..<max(1, count) {
            _ = try run(
                number,
                [
                    "join", "--config", config(number), "--server", BenchNetwork.address(0),
                    "--token", String(token),
                ])
            processes.append(try start(number))
        }
        let voters = (0..<count).map { "\"machine-\($0)\"" }
        try await Self.wait(for: config(0), in: folder) { status in
            status.split(separator: "[").contains { list in
                voters.allSatisfy { list.prefix { $0 != "]" }.contains($0) }
            }
        }
        self.processes = processes
    }

    func settings(
        _ server: LoadSettings.Server, _ operation: LoadSettings.Operation
    ) throws -> LoadSettings {
        let identity = try IdentityDirectory(dataDirectory: "\(folder)/0/data").read()
        var settings = LoadSettings(
            server: server, operation: operation, host: BenchNetwork.address(0),
            port: server == .kubernetes ? Self.apiPort : Self.raftPort)
        settings.authorityPEM = identity.authorities.map(\.certificatePEM).joined()
        if server == .store {
            settings.certificatePEM = identity.certificatePEM
            settings.privateKeyPEM = identity.privateKeyPEM
        } else {
            let kubeconfig = try String(contentsOfFile: "\(folder)/kubeconfig", encoding: .utf8)
            settings.certificatePEM = try Self.field("client-certificate-data", of: kubeconfig)
            settings.privateKeyPEM = try Self.field("client-key-data", of: kubeconfig)
        }
        return settings
    }

    static func field(_ name: String, of kubeconfig: String) throws -> String {
        let line = kubeconfig.split(separator: "\n").first { $0.contains(name + ": ") }
        guard let text = line?.split(separator: " ").last,
            let data = Data(base64Encoded: String(text))
        else { throw BenchError("the kubeconfig has no \(name)") }
        return String(decoding: data, as: UTF8.self)
    }

    private static func configure(_ number: Int, voters: Int, _ folder: String) throws {
        let own = "\(folder)/\(number)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let text = """
            name: machine-\(number)
            address: \(BenchNetwork.address(number))
            dataDirectory: \(own)/data
            logLevel: error
            raft:
                voters: \(voters)
            containerRuntime:
                endpoint: \(own)/no-runtime.sock
            network:
                cniConfigurationDirectory: \(own)/cni
            kubelet:
                podDirectory: \(own)/pods
                logDirectory: \(own)/logs

            """
        try text.write(toFile: "\(own)/config.yaml", atomically: true, encoding: .utf8)
    }

    private static func wait(
        for config: String, in folder: String, until isReady: (String) -> Bool
    ) async throws {
        let watch = Stopwatch()
        let configuration = try MachineConfiguration(contentsOf: config)
        var last = ""
        while watch.elapsedSeconds < 30 {
            last = (try? await ClusterAdministration(configuration: configuration).status()) ?? last
            if isReady(last.filter { !$0.isWhitespace }) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchError("podmesh was not ready within 30 s: \(last) (see the logs in \(folder))")
    }
}

/// etcd as Debian packages it, with its defaults and without TLS, which is to its advantage.
struct EtcdServers: RaftServers {
    let processes: [ChildProcess]

    private static let clientPort = 2379
    private static let peerPort = 2380

    init(program: String, count: Int, network: BenchNetwork, folder: String) async throws {
        let members = (0..<count).map {
            "etcd-\($0)=http://\(BenchNetwork.address($0)):\(Self.peerPort)"
        }
        processes = try (0..<count).map { number in
            let client = "http://\(BenchNetwork.address(number)):\(Self.clientPort)"
            let peer = "http://\(BenchNetwork.address(number)):\(Self.peerPort)"
            let command = network.command(
                number, program,
                [
                    "--name", "etcd-\(number)", "--data-dir", "\(folder)/etcd-\(number)",
                    "--listen-client-urls", client, "--advertise-client-urls", client,
                    "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                    "--initial-cluster", members.joined(separator: ","),
                    "--initial-cluster-state", "new",
                    // The first member campaigns before the others would, so that it leads and
                    // clients need not be passed on. Afterwards only heartbeats matter.
                    "--election-timeout", number == 0 ? "1000" : "5000",
                ])
            return try ChildProcess(
                command.program, command.arguments, log: "\(folder)/etcd-\(number).log")
        }
    }

    func settings(
        _ server: LoadSettings.Server, _ operation: LoadSettings.Operation
    ) throws -> LoadSettings {
        LoadSettings(
            server: server, operation: operation, host: BenchNetwork.address(0),
            port: Self.clientPort)
    }
}
