import ArgumentParser
import Bench
import Foundation

struct BenchPodsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pods",
        abstract: "Measure the start of many Pods, beside the container runtime alone.",
        discussion: """
            Runs on a machine with a container runtime, the image busybox and no daemon. First \
            the Pods are made by driving the runtime directly, then by a daemon that is started \
            for it. Needs root. docs/performance.md tells what is compared.
            """)

    @OptionGroup var options: BenchOptions

    @Option(help: "The configuration of this machine.", completion: .file(extensions: ["yaml"]))
    var config = "/etc/podmesh/config.yaml"

    @Option(help: "How many Pods start at once.")
    var pods = 100

    @Option(help: "A folder for Pods' files and logs; everything in it is removed at the end.")
    var directory = "/var/tmp"

    func run() async throws {
        guard (1...250).contains(pods) else {
            throw ValidationError("--pods must be from 1 to 250")
        }
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = try PodsBench(
            configuration: config, pods: options.quick ? min(pods, 20) : pods,
            directory: directory)
        if try await !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}

struct BenchProbesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probes",
        abstract: "Measure what Pods with an exec probe each second cost the daemon.",
        discussion: """
            The container runtime is pretended, so the figures are the daemon's alone. Needs root \
            and a machine without a daemon. docs/performance.md tells what is compared.
            """)

    @OptionGroup var options: BenchOptions

    @Option(help: "The configuration of this machine.", completion: .file(extensions: ["yaml"]))
    var config = "/etc/podmesh/config.yaml"

    @Option(help: "How many Pods.")
    var pods = 250

    @Option(help: "A folder for Pods' files and logs; everything in it is removed at the end.")
    var directory = "/var/tmp"

    func run() async throws {
        guard (1...1_000).contains(pods) else {
            throw ValidationError("--pods must be from 1 to 1000")
        }
        print(BenchHeader.text(command: options.command), terminator: "")
        let bench = try ProbesBench(
            configuration: config, pods: pods, seconds: options.quick ? 5 : 20,
            directory: directory)
        if try await !bench.run(print: { print($0, terminator: "") }) { throw ExitCode.failure }
    }
}
