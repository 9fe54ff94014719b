import Foundation

/// The cluster under test: machines made by the scripts that users run, in a network and a state
/// folder of their own, so that a cluster that runs already is not disturbed.
struct Cluster: Sendable {
    static let size = 3
    /// The network in which users' machines live is 172.30.77.0; this is the tests' third number.
    private static let segment = "90"

    let root: String
    let folder: String
    let network: String

    var state: String { "\(folder)/state" }
    var configurations: String { "\(folder)/configs" }
    var names: [String] { (1...Self.size).map { "machine-\($0)" } }

    static let shared = Cluster()

    private init() {
        root = Self.checkout
        folder = "\(root)/.build/journey"
        network = "172.30.\(Self.segment)"
    }

    /// Whether this machine can run the journey at all.
    static var canRun: Bool {
        getuid() == 0 && FileManager.default.isExecutableFile(atPath: shared.binary)
            && FileManager.default.fileExists(
                atPath: "\(shared.root)/.build/machine-images/containerd")
    }

    private static var checkout: String {
        if let root = ProcessInfo.processInfo.environment["PODMESH_ROOT"] { return root }
        var folder = URL(filePath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let scripts = folder.appending(path: "docker-compose-free-scripts").path
            if FileManager.default.fileExists(atPath: scripts) { return folder.path }
            folder.deleteLastPathComponent()
        }
        return "/"
    }

    var binary: String {
        ProcessInfo.processInfo.environment["PODMESH_BINARY"] ?? "\(root)/.build/release/podmesh"
    }

    var environment: [String: String] {
        [
            "PODMESH_CONFIGS": configurations, "PODMESH_STATE": state, "PODMESH_BINARY": binary,
            "KUBECONFIG": "\(state)/kubeconfig", "HOME": "\(folder)/home",
        ]
    }

    func address(of name: String) -> String { "\(network).1\(name.suffix(1))" }

    // MARK: Power

    /// Removes what an earlier run may have left, and starts the machines.
    func up() async throws {
        try copyConfigurations()
        _ = try await script("down")
        let result = try await script("up", "\(Self.size)", timeout: .seconds(60))
        guard result.succeeded else { throw Failed("\(result)") }
    }

    private func copyConfigurations() throws {
        let files = FileManager.default
        try? files.removeItem(atPath: configurations)
        for created in [configurations, "\(folder)/home", "\(folder)/work"] {
            try files.createDirectory(atPath: created, withIntermediateDirectories: true)
        }
        for name in names {
            let text = try String(
                contentsOfFile: "\(root)/cluster-configs/\(name).yaml", encoding: .utf8)
            let moved = text.replacing(/172\.30\.\d+\./, with: "\(network).")
            try moved.write(
                toFile: "\(configurations)/\(name).yaml", atomically: true, encoding: .utf8)
        }
    }

    /// Runs one of the users' scripts.
    func script(
        _ arguments: String..., timeout: Duration = .seconds(40)
    ) async throws -> CommandResult {
        var line = arguments
        line[0] = "\(root)/docker-compose-free-scripts/\(line[0])"
        return try await Command(arguments: line, environment: environment, timeout: timeout).run()
    }

    // MARK: Machines

    /// What `machines.json` tells.
    struct Machine: Decodable, Sendable {
        let name: String
        let address: String
        let pid: Int32?
        let daemonPID: Int32?
        let containerd: String

        enum CodingKeys: String, CodingKey {
            case name, address, pid, containerd
            case daemonPID = "daemon_pid"
        }
    }

    func machine(_ name: String) throws -> Machine {
        let data = try Data(contentsOf: URL(filePath: "\(state)/machines.json"))
        let all = try JSONDecoder().decode([Machine].self, from: data)
        guard let machine = all.first(where: { $0.name == name }) else {
            throw Failed("\(name) is not in machines.json")
        }
        return machine
    }

    /// Runs a command in all namespaces of a machine.
    func inside(
        _ name: String, _ arguments: String..., timeout: Duration = .seconds(20)
    ) async throws -> CommandResult {
        guard let process = try machine(name).pid else { throw Failed("\(name) is off") }
        let line = [
            "nsenter", "--target", "\(process)", "--mount", "--net", "--uts", "--ipc", "--pid",
            "--cgroup", "sh", "-c", "PATH=/run/podmesh/bin:$PATH exec \"$@\"", "sh",
        ]
        return try await Command(arguments: line + arguments, timeout: timeout).run()
    }

    /// What the daemon of a machine says of itself.
    struct Status: Decodable, Sendable {
        struct Raft: Decodable, Sendable {
            let leader: String?
            let role: String
        }
        struct Mesh: Decodable, Sendable {
            let datagramsDropped: Int
        }
        let raft: Raft
        let mesh: Mesh
        let cluster: String
    }

    func status(of name: String) async throws -> Status {
        let answer = try await inside(name, "podmesh", "status")
        guard answer.succeeded else { throw Failed("\(answer)") }
        return try JSONDecoder().decode(Status.self, from: Data(answer.output.utf8))
    }

    /// The machine that leads, as soon as a machine that runs knows of one that runs.
    func leader() async throws -> String {
        for name in names where try machine(name).pid != nil {
            guard let leader = try? await status(of: name).raft.leader,
                try machine(leader).pid != nil
            else { continue }
            return leader
        }
        throw Failed("nobody knows a leader")
    }

    /// The IDs of a machine's containers as containerd itself tells, sandboxes too.
    func containers(of name: String) async throws -> Set<String> {
        let answer = try await Command(arguments: [
            "ctr", "--address", try machine(name).containerd, "--namespace", "k8s.io",
            "containers", "list", "--quiet",
        ]).run()
        guard answer.succeeded else { throw Failed("\(answer)") }
        return Set(answer.lines)
    }

    // MARK: Clients

    @discardableResult
    func kubectl(
        _ arguments: String..., input: String = "", timeout: Duration = .seconds(20)
    ) async throws -> CommandResult {
        try await Command(
            arguments: ["kubectl"] + arguments, environment: environment, input: input,
            timeout: timeout
        ).run()
    }

    /// Starts a kubectl that goes on until it is stopped.
    func startKubectl(_ arguments: String...) throws -> RunningCommand {
        try Command(arguments: ["kubectl"] + arguments, environment: environment).start()
    }

    /// Applies manifests; anything but success is an error.
    func apply(_ manifests: String) async throws {
        let result = try await kubectl("apply", "--filename", "-", input: manifests)
        guard result.succeeded else { throw Failed("\(result)") }
    }

    func applyExample(_ name: String) async throws {
        try await apply(
            String(contentsOfFile: "\(root)/examples/\(name).yaml", encoding: .utf8))
    }

    /// Runs a command in a Pod.
    func exec(
        _ pod: String, _ arguments: String..., input: String? = nil
    ) async throws -> CommandResult {
        let line =
            ["kubectl", "exec"] + (input == nil ? [] : ["--stdin"]) + [pod, "--"] + arguments
        return try await Command(
            arguments: line, environment: environment, input: input ?? ""
        ).run()
    }

    /// The short answer of a machine's DNS.
    func dig(_ machine: String, _ question: String...) async throws -> [String] {
        let answer = try await Command(
            arguments: ["dig", "@\(address(of: machine))", "+short", "+time=2", "+tries=2"]
                + question
        ).run()
        guard answer.succeeded else { throw Failed("\(answer)") }
        return answer.lines
    }
}
