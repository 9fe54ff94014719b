import ArgumentParser
import Base
import Simulator

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run whole clusters in virtual time, with machines that die.",
        discussion: """
            Each seed draws a network, disks, a workload and faults, and checks that no rule is \
            broken: no acknowledged write lost, one leader a term, no container twice, every \
            Deployment back to full strength. The same seed does the same again.

              podmesh simulate --seed 42                     one run
              podmesh simulate --seeds 500 --jobs 2          500 runs
              podmesh simulate --for 5m --jobs 2             until 5 minutes are over
              podmesh simulate --hours 300 --for 5m --jobs 2 until 300 hours of clusters are over; \
            fails when 5 minutes were not enough
              podmesh simulate --seed 1 --fresh 77 --hours 300 --for 5m   one half of the hours \
            from seed 1, the other one from seed 77
              podmesh simulate -f app.yaml --nodes 50 --fail node-3@30s   what a failure does \
            to an application

            Exit codes: 0 all is well; 9 fewer hours than wanted; 10 a core trapped; 11 something \
            did not come about; 12 something happened that must never happen. \
            docs/simulation.md explains the lines.
            """)

    @Option(help: "The first seed; random if it is not given.")
    var seed: UInt64?

    @Option(help: "Run so many seeds.")
    var seeds: Int?

    @Option(name: .customLong("for"), help: "Run seeds for so long: 90s, 5m, 2h.")
    var duration: DurationArgument?

    @Option(help: "Run seeds until so many cluster-hours are simulated.")
    var hours: Double?

    @Option(help: "The seed from which the second half of the hours goes on.")
    var fresh: UInt64?

    @Option(help: "Runs at a time, each in a process of its own.")
    var jobs = 1

    @Option(help: "How many machines a cluster has. Many runs draw it.")
    var machines: Int?

    @Option(help: "storm: seconds full of faults; season: hours. Many runs mix them.")
    var length: SimulationLength?

    @Flag(help: "Print every input and effect of one run, not only the last ones of a failure.")
    var trace = false

    @Option(name: .customShort("f"), help: "Manifests of an application to try out.")
    var file: String?

    @Option(help: "How many machines the application's cluster has.")
    var nodes = 3

    @Option(
        name: .customLong("fail"),
        help: "Cut a machine's power at a time after the application runs: node-3@30s.")
    var failures: [FailureArgument] = []

    @Flag(help: .hidden)
    var worker = false

    func validate() throws {
        let bounds = 1...SimulationTask.machinesMax
        guard machines.map(bounds.contains) ?? true, bounds.contains(nodes) else {
            throw ValidationError("--machines and --nodes must be from 1 to \(bounds.upperBound)")
        }
        guard (seeds ?? 1) > 0 else { throw ValidationError("--seeds must be at least 1") }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 64") }
        guard fresh == nil || hours != nil else { throw ValidationError("--fresh needs --hours") }
        guard failures.isEmpty || file != nil else { throw ValidationError("--fail needs -f") }
        guard failures.allSatisfy({ $0.node <= nodes }) else {
            throw ValidationError("--fail names a node above --nodes \(nodes)")
        }
    }

    func run() async throws {
        if worker { return SimulationWorker.serve() }
        if let file { return try tryOut(file) }
        let first = seed ?? .random(in: 0...UInt64(UInt32.max))
        if seeds == nil, duration == nil, hours == nil {
            let task = SimulationTask(
                seed: first, length: length ?? .storm, machines: machines ?? 3)
            if trace || jobs == 1 { return try runHere(task) }
        }
        let budget = SimulationBudget(
            schedule: SimulationSchedule(firstSeed: first, length: length, machines: machines),
            runsMax: seeds, time: duration?.span, hours: hours, freshSeed: fresh)
        let second = fresh.map { ", then \($0)" } ?? ""
        print("first seed \(first)\(second), commit \(SourceCommit.text)")
        let code = try SimulationPool(jobs: jobs, budget: budget).run()
        if code != 0 { throw ExitCode(code) }
    }

    /// One run in this process.
    private func runHere(_ task: SimulationTask) throws {
        let report = task.run(trace: trace ? { print($0) } : nil)
        let result = SimulationResult(task, report)
        if !trace { result.details.forEach { print($0) } }
        print(report.summary)
        report.coverage.lines.forEach { print($0) }
        guard let failure = report.failure else { return }
        print("replay at commit \(SourceCommit.text) with: \(task.command)")
        throw ExitCode(failure.kind.rawValue)
    }

    private func tryOut(_ file: String) throws {
        let documents = try Manifests.read(file)
        let trial = ApplicationTrial(
            seed: seed ?? 1, nodes: nodes, documents: documents,
            failures: failures.map { ($0.node - 1, $0.after) })
        let isWell = trial.run { print($0) }
        if !isWell { throw ExitCode(SimulationFailure.Kind.liveness.rawValue) }
    }
}

extension SimulationLength: ExpressibleByArgument {}

/// `90s`, `5m`, `2h`.
struct DurationArgument: ExpressibleByArgument {
    let span: Span

    init?(argument: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600]
        guard let unit = argument.last.flatMap({ units[$0] }),
            let count = Int64(argument.dropLast()), (1...1_000_000).contains(count)
        else { return nil }
        span = .seconds(count * unit)
    }
}

/// `node-3@30s`.
struct FailureArgument: ExpressibleByArgument {
    /// Counted from 1.
    let node: Int
    let after: Span

    init?(argument: String) {
        let parts = argument.split(separator: "@")
        guard parts.count == 2, parts[0].hasPrefix("node-"),
            let node = Int(parts[0].dropFirst(5)), node > 0,
            let after = DurationArgument(argument: String(parts[1]))
        else { return nil }
        self.node = node
        self.after = after.span
    }
}
