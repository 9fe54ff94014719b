import Base

/// One run of a cluster under one seed: it forms, gets work, suffers the faults that the seed
/// drew, comes to rest, and is looked over.
package struct Simulation {
    package let seed: UInt64
    package let machines: Int
    package let length: SimulationLength
    /// Told every line of the trace when set.
    package var trace: ((String) -> Void)?

    package init(seed: UInt64, machines: Int = 3, length: SimulationLength = .storm) {
        self.seed = seed
        self.machines = machines
        self.length = length
    }

    /// How long a cluster may need to form, and to heal once faults are over.
    private static let formLimit = Span.seconds(40)
    private static let settleLimit = Span.seconds(90)

    /// A run that fails is run again with its trace kept, which gives the same.
    package func run() -> SimulationReport {
        let report = run(isTraceKept: false)
        guard report.failure != nil, trace == nil else { return report }
        return run(isTraceKept: true)
    }

    private func run(isTraceKept: Bool) -> SimulationReport {
        var random = Random(seed: seed ^ 0x5EED)
        let plan = FaultPlan(random: &random, machines: machines, length: length)
        let world = World(
            seed: seed, machines: plan.machinesAtStart, plan: plan, isTraceKept: isTraceKept)
        world.trace.sink = trace
        let cluster = SimulatedCluster(world)
        var problem: String?
        if !cluster.form(within: Self.formLimit) {
            problem = "the cluster does not form: \(cluster.pending)"
        }
        if problem == nil {
            cluster.startLoad()
            for (after, fault) in plan.faults { world.schedule(fault, after: after) }
            world.run(for: plan.length)
            problem = settle(cluster)
        }
        return SimulationReport(world, length, problem: problem)
    }

    /// Ends the trouble and the work, and waits until everything is as it should be.
    private func settle(_ cluster: SimulatedCluster) -> String? {
        guard cluster.world.violation == nil else { return nil }
        cluster.world.calm()
        // The last faults may end by themselves a little later, which is harmless now.
        cluster.world.run(for: .seconds(1))
        cluster.endLoad()
        guard cluster.settle(within: Self.settleLimit) else {
            return "not at rest \(Self.settleLimit.milliseconds / 1_000) s after the faults: "
                + (Convergence(cluster.world).pending() ?? "unsteady")
        }
        let wrong =
            Convergence(cluster.world).storeDifference() ?? cluster.world.unexplained()
        if let wrong { cluster.world.fail(wrong) }
        return nil
    }
}
