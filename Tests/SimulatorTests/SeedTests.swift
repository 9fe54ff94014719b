import Simulator
import Testing

/// Every seed draws its own trouble; each kills the leader and a member at least.
@Suite struct SeedTests {
    /// Unoptimised code runs a tenth as fast, so it gets a sample.
    #if DEBUG
        static let seeds: [UInt64] = Array(1...20)
    #else
        static let seeds: [UInt64] = Array(1...200)
    #endif

    @Test(arguments: seeds)
    func `the leader and a member are killed, and nothing is lost`(seed: UInt64) {
        let report = Simulation(seed: seed).run()
        guard let violation = report.violation else { return }
        for line in report.lastLines.suffix(60) { print(line) }
        let command = SimulationCommandRunner().command(seed: seed)
        Issue.record("\(violation)\nfaults: \(report.faults)\nreplay with: \(command)")
    }

    @Test(arguments: [1_001, 1_002, 1_003] as [UInt64])
    func `so it is with five machines`(seed: UInt64) {
        let report = Simulation(seed: seed, machines: 5).run()
        let command = SimulationCommandRunner(machines: 5).command(seed: seed)
        #expect(report.violation == nil, "replay with: \(command)")
    }

    @Test func `one seed gives one trace`() {
        let first = Simulation(seed: 1).run()
        let second = Simulation(seed: 1).run()
        #expect(first.traceDigest == second.traceDigest)
        #expect(first.steps == second.steps)
    }
}
