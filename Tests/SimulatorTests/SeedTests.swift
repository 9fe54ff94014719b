import Simulator
import Testing

/// Every seed draws its own trouble; each storm kills the leader and a member at least.
@Suite struct SeedTests {
    /// Unoptimised code runs a tenth as fast, so it gets a sample. Many more seeds, and seasons,
    /// are run by `docker-compose-free-scripts/simulate`.
    #if DEBUG
        static let seeds: ClosedRange<UInt64> = 1...20
    #else
        static let seeds: ClosedRange<UInt64> = 1...60
    #endif

    @Test func `whatever a storm brings, nothing is lost, and the cluster comes to rest`() async {
        let tasks = Self.seeds.map { SimulationTask(seed: $0, length: .storm, machines: 3) }
        let coverage = await Self.run(tasks)
        #if !DEBUG
            #expect(coverage.missing == [], "the fixed seeds must hit every kind of trouble")
        #endif
    }

    @Test func `so it is with one machine and with five`() async {
        let tasks = [1, 5, 1, 5].enumerated().map {
            SimulationTask(seed: 1_001 + UInt64($0), length: .storm, machines: $1)
        }
        _ = await Self.run(tasks)
    }

    /// Runs one after the other on each processor; tells what was hit.
    private static func run(_ tasks: [SimulationTask]) async -> FaultCoverage {
        await withTaskGroup(of: (SimulationTask, SimulationReport).self) { group in
            for task in tasks { group.addTask { (task, task.run()) } }
            var coverage = FaultCoverage()
            for await (task, report) in group {
                coverage.add(report.coverage)
                guard let failure = report.failure else { continue }
                for line in report.lastLines.suffix(40) { print(line) }
                let story = "\(report.summary)\n\(failure.text)\nreplay with: \(task.command)"
                Issue.record("\(story)")
            }
            return coverage
        }
    }

    @Test func `a task survives the way to a worker, and its result the way back`() throws {
        let task = SimulationTask(seed: 7, length: .season, machines: 5)
        #expect(SimulationTask(line: task.line) == task)
        #expect(SimulationTask(line: "7 season 51") == nil)
        let storm = SimulationTask(seed: 7, length: .storm, machines: 1)
        let result = SimulationResult(storm, storm.run())
        let back = try #require(SimulationResult(line: result.line))
        #expect(back.task == storm)
        #expect(back.digest == result.digest)
        #expect(back.coverage == result.coverage)
        #expect(back.failure == result.failure)
    }
}
