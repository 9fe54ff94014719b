import ArgumentParser
import Simulator

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run whole clusters in virtual time, with machines that die.",
        discussion: """
            Each seed draws a network, disks, a workload and faults, always a crash of the leader \
            and of another machine among them, and checks that no rule is broken: no acknowledged \
            write lost, one leader a term, no container twice, every Deployment back to full \
            strength. The same seed does the same again. docs/simulation.md explains the lines.
            """)

    @Option(help: "Run this seed.")
    var seed: UInt64?

    @Option(help: "Run so many seeds, from --seed on or from a random one.")
    var seeds: UInt64?

    @Option(help: "How many machines the cluster has.")
    var machines = 3

    @Flag(help: "Print every input and effect, not only the last ones of a failure.")
    var trace = false

    func validate() throws {
        guard (1...50).contains(machines) else {
            throw ValidationError("--machines must be from 1 to 50")
        }
        guard seeds != 0 else { throw ValidationError("--seeds must be at least 1") }
    }

    func run() async throws {
        let runner = SimulationCommandRunner(machines: machines, isTracing: trace)
        let first = seed ?? .random(in: 0...UInt64(UInt32.max))
        let isGood =
            seeds.map { runner.run(seeds: $0, from: first) { print($0) } }
            ?? runner.run(seed: first) { print($0) }
        if !isGood { throw ExitCode.failure }
    }
}
