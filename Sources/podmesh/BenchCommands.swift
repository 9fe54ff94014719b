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
        subcommands: [BenchRaftCommand.self])
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

struct BenchRaftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raft", abstract: "Measure writes and reads through the log.")

    @OptionGroup var options: BenchOptions

    func run() async throws {
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = RaftBench(isQuick: options.quick, mayInstallPeers: options.installPeers)
        if try await !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}
