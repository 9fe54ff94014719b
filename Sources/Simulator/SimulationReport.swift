package import Base

/// What came of a simulation.
package struct SimulationReport: Sendable {
    package var seed: UInt64
    /// Equal for equal seeds, whatever process ran them.
    package var traceDigest: UInt64
    package var faults: [String]
    /// How much virtual time passed.
    package var duration: Span
    /// Steps of all machines' cores.
    package var steps: Int
    package var acknowledgedWrites: Int
    package var reads: Int
    package var watchEvents: Int
    /// How often rare branches were taken, by their names in order.
    package var marks: [(name: String, count: Int)]
    /// The rule that was broken, or what did not come about; nil when all is well.
    package var violation: String?
    /// The last inputs and effects, oldest first.
    package var lastLines: [String]
    /// What the leader's Store holds of Nodes, workloads and Pods, when the run failed.
    package var documents: [String]

    init(_ world: World, problem: String?) {
        seed = world.seed
        traceDigest = world.trace.digest
        faults = world.faultsHit
        duration = world.now - .zero
        steps = world.steps
        acknowledgedWrites = world.workload.registers.acknowledgedWrites
        reads = world.workload.registers.reads
        watchEvents = world.workload.clients.reduce(0) { $0 + (($1 as? Watcher)?.events ?? 0) }
        marks = world.checkers.marks.keys.sorted().map { ($0, world.checkers.marks[$0] ?? 0) }
        violation = world.violation ?? problem
        lastLines = world.trace.lines
        documents = violation == nil ? [] : Convergence(world).documents
    }

    /// One line, with the way to see it again when it failed.
    package var summary: String {
        let verdict = violation.map { "FAILED: \($0)" } ?? "ok"
        let time = TraceText.time(.zero + duration).drop { $0 == " " }
        return "seed \(seed): \(verdict); \(time) s, \(steps) steps, \(acknowledgedWrites) writes, "
            + "\(reads) reads, \(watchEvents) watch events, digest "
            + String(traceDigest, radix: 16) + "; faults: \(faults.joined(separator: ", "))"
    }
}
