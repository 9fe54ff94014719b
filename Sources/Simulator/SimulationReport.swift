package import Base
import JSON

/// What went wrong in a run.
package struct SimulationFailure: Error, Equatable, CustomStringConvertible {
    /// What kind of promise was broken. The raw values are exit codes of `podmesh simulate`.
    package enum Kind: Int32, Sendable {
        /// A core trapped.
        case crash = 10
        /// Something that should have come about did not.
        case liveness = 11
        /// Something happened that must never happen.
        case correctness = 12

        package var word: String {
            switch self {
            case .crash: "crash"
            case .liveness: "liveness"
            case .correctness: "correctness"
            }
        }
    }

    package var kind: Kind
    package var text: String

    package var description: String { text }

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

/// What came of a simulation.
package struct SimulationReport: Sendable {
    package var seed: UInt64
    package var length: SimulationLength
    /// Equal for equal seeds, whatever process ran them.
    package var traceDigest: UInt64
    package var faults: [String]
    package var coverage: FaultCoverage
    /// How much virtual time passed.
    package var duration: Span
    /// Steps of all machines' cores.
    package var steps: Int
    package var acknowledgedWrites: Int
    package var reads: Int
    package var watchEvents: Int
    /// How often rare branches were taken, by their names in order.
    package var marks: [(name: String, count: Int)]
    /// Nil when all is well.
    package var failure: SimulationFailure?
    /// The last inputs and effects, oldest first.
    package var lastLines: [String]
    /// What the leader's Store holds of Nodes, workloads and Pods, when the run failed.
    package var documents: [String]

    init(_ world: World, _ length: SimulationLength, problem: String?) {
        seed = world.seed
        self.length = length
        traceDigest = world.trace.value
        faults = world.faultsHit
        coverage = world.coverageOfAll
        duration = world.now - .zero
        steps = world.steps
        acknowledgedWrites = world.workload.context.registers.acknowledgedWrites
        reads = world.workload.context.registers.reads
        watchEvents = world.workload.clients.reduce(0) { $0 + (($1 as? Watcher)?.events ?? 0) }
        marks = world.checkers.marks.keys.sorted().map { ($0, world.checkers.marks[$0] ?? 0) }
        if let violation = world.violation {
            failure = SimulationFailure(world.violationKind, violation)
        } else if let problem {
            failure = SimulationFailure(.liveness, problem)
        }
        lastLines = world.trace.lines
        documents = failure == nil ? [] : Convergence(world).documents
    }

    /// The rule that was broken, or what did not come about; nil when all is well.
    package var violation: String? { failure?.text }

    /// One line.
    package var summary: String {
        let verdict = failure.map { "FAILED (\($0.kind.word)): \($0.text)" } ?? "ok"
        let time = TraceText.time(.zero + duration).drop { $0 == " " }
        let shown = faults.prefix(Self.faultsShownMax).joined(separator: ", ")
        let rest = faults.count - Self.faultsShownMax
        return "seed \(seed): \(verdict); \(length.rawValue) of \(time) s, \(steps) steps, "
            + "\(acknowledgedWrites) writes, \(reads) reads, \(watchEvents) watch events, digest "
            + String(traceDigest, radix: 16) + "; faults: \(shown)"
            + (rest > 0 ? " and \(rest) more" : "")
    }

    private static let faultsShownMax = 12
}
