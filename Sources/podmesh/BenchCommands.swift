import ArgumentParser
import Bench
import Foundation

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure podmesh on this machine, beside the programs it replaces.",
        discussion: """
            Each figure is printed with its bound, the same figure of a peer measured in the same \
            run where there is one, and whether the bound is met. The exit code is 1 when a bound \
            is missed. What a bench starts it also ends, on Ctrl-C too.
            """,
        subcommands: [
            BenchRaftCommand.self, BenchStoreCommand.self, BenchNoiseCommand.self,
            BenchMeshCommand.self, BenchPodsCommand.self, BenchProbesCommand.self,
            BenchJSONCommand.self, BenchAPICommand.self, BenchLoadCommand.self,
            MeshAgentCommand.self,
        ])
}

/// The options that every bench has.
struct BenchOptions: ParsableArguments {
    @Flag(help: "Measure briefly: under a minute, with more noise.")
    var quick = false

    @Flag(help: "Install a missing peer with apt-get.")
    var installPeers = false

    /// What repeats this run.
    var command: String {
        (["podmesh"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
    }
}

struct BenchStoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Measure the Store: memory, restart and watches, beside etcd.",
        discussion: """
            Fills the Store of a real daemon and Debian's etcd-server with 100,000 Pods of 3 KB, \
            starts both again, and lets 10,000 clients watch one object. Needs root and 20,000 \
            open files (ulimit -n). docs/performance.md tells what is compared.
            """)

    @OptionGroup var options: BenchOptions

    @Option(help: "A folder on the disk to measure; everything in it is removed at the end.")
    var directory = "/var/tmp"

    func run() async throws {
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = StoreBench(
            isQuick: options.quick, mayInstallPeers: options.installPeers, directory: directory)
        if try await !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}

struct BenchJSONCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "json",
        abstract: "Measure how long a document takes to be read, checked, patched and written.",
        discussion: "On one processor, without sockets or disks. Takes some seconds.")

    @OptionGroup var options: BenchOptions

    func run() async throws {
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = JSONBench(isQuick: options.quick)
        if try !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}

struct BenchAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Measure requests to the Kubernetes API of one daemon, through TLS.",
        discussion: "Starts a real daemon in a network namespace. Needs root.")

    @OptionGroup var options: BenchOptions

    @Option(help: "A folder on the disk to measure; everything in it is removed at the end.")
    var directory = "/var/tmp"

    func run() async throws {
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = APIBench(isQuick: options.quick, directory: directory)
        if try await !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}

struct BenchRaftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raft",
        abstract: "Measure writes and linearizable reads through the log, beside etcd.",
        discussion: """
            Starts real daemons and Debian's etcd-server in network namespaces, with one voter and \
            with three, and lets them answer the same load in turns. Needs root. A full run takes \
            under five minutes. docs/performance.md tells what is compared.
            """)

    @OptionGroup var options: BenchOptions

    @Option(help: "A folder on the disk to measure; everything in it is removed at the end.")
    var directory = "/var/tmp"

    func run() async throws {
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = RaftBench(
            isQuick: options.quick, mayInstallPeers: options.installPeers, directory: directory)
        if try await !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}

/// The process that `bench raft` lets ask its servers.
struct BenchLoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Put a server under load and print what it did, as JSON.",
        shouldDisplay: false)

    @Argument(help: "A file with the load's settings.", completion: .file(extensions: ["json"]))
    var settings: String

    func run() async throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: settings))
        let result = try await LoadClient(
            JSONDecoder().decode(LoadSettings.self, from: data)
        ).run()
        print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
    }
}

struct BenchMeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh",
        abstract: "Measure detection of failures, spread and traffic of the mesh, beside Serf.",
        discussion: """
            First in virtual time, with Serf's parameters in the same core beside ours; then with \
            real agents and Debian's serf in network namespaces, which are killed. Needs root.
            """)

    @OptionGroup var options: BenchOptions

    @Option(help: "Decides everything in virtual time.")
    var seed: UInt64 = 1

    func run() async throws {
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = MeshBench(
            isQuick: options.quick, mayInstallPeers: options.installPeers, seed: seed)
        if try await !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}

/// The process of which `bench mesh` runs one in each namespace.
struct MeshAgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh-agent", abstract: "Be a member of a mesh and nothing else.",
        shouldDisplay: false)

    @Argument(help: "The number of the machine.")
    var index: Int

    @Option(help: "What the keys of all agents come from: 64 hexadecimal digits.")
    var secret: String

    func run() throws {
        let digits = secret.compactMap(\.hexDigitValue)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
        guard bytes.count == 32 else {
            throw ValidationError("--secret must have 64 hexadecimal digits")
        }
        var agent = try MeshAgent(index: index, secret: bytes)
        try agent.run()
    }
}
