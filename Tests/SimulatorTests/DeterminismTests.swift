import Simulator
import Testing

@Suite struct DeterminismTests {
    @Test func `one seed gives one trace`() {
        let first = Simulation(seed: 1).run()
        let second = Simulation(seed: 1).run()
        #expect(first.traceDigest == second.traceDigest)
        #expect(first.steps == second.steps)
    }
}
