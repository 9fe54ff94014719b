import API
package import Base
import JSON

/// One run of a cluster under one seed: it forms, gets work, suffers the faults that the seed
/// drew, comes to rest, and is looked over.
package struct Simulation {
    package let seed: UInt64
    package let machines: Int
    /// Told every line of the trace when set.
    package var trace: ((String) -> Void)?

    package init(seed: UInt64, machines: Int = 3) {
        self.seed = seed
        self.machines = machines
    }

    /// How long a kind world may need for its cluster to form, and to heal once faults are over.
    private static let formLimit = Span.seconds(40)
    private static let settleLimit = Span.seconds(90)

    package func run() -> SimulationReport {
        var random = Random(seed: seed ^ 0x5EED)
        let plan = FaultPlan(random: &random, machines: machines)
        let world = World(seed: seed, machines: machines, plan: plan)
        world.trace.sink = trace
        let cluster = SimulatedCluster(world)
        var problem: String?
        if !cluster.form(within: Self.formLimit) { problem = "the cluster does not form" }
        if problem == nil {
            cluster.startLoad()
            for (after, fault) in plan.faults { world.schedule(fault, after: after) }
            world.run(for: plan.length)
            problem = settle(cluster)
        }
        return SimulationReport(world, problem: problem)
    }

    /// Ends the trouble and the work, and waits until everything is as it should be.
    private func settle(_ cluster: SimulatedCluster) -> String? {
        cluster.world.calm()
        // The last faults may end by themselves a little later, which is harmless now.
        cluster.world.run(for: .seconds(1))
        cluster.endLoad()
        guard cluster.settle(within: Self.settleLimit) else {
            return "not at rest \(Self.settleLimit.milliseconds / 1_000) s after the faults: "
                + (Convergence(cluster.world).pending() ?? "unsteady")
        }
        return Convergence(cluster.world).storeDifference() ?? cluster.world.unexplained()
    }
}

/// A world with the usual work, and words for what a test does with it.
package final class SimulatedCluster {
    package let world: World
    private var creators: [Int] = []
    private var isOver = false

    package init(_ world: World) { self.world = world }

    /// Starts the first machine, then lets the others join; true when all are one cluster.
    package func form(within limit: Span = .seconds(20)) -> Bool {
        world.boot(0)
        world.run(for: .milliseconds(300))
        for number in world.machines.indices.dropFirst() {
            world.boot(number)
            world.run(for: world.random.span(from: .zero, to: .milliseconds(100)))
        }
        return world.run(within: limit) { Convergence(world).pending() == nil }
    }

    /// A Deployment; returns when it is acknowledged and at full strength.
    package func deploy(
        _ name: String, replicas: Int, image: String = "busybox", within limit: Span = .seconds(20)
    ) -> Bool {
        create([
            namespaceObject,
            (
                Requests.deployments,
                Requests.deployment(name, replicas: replicas, image: image)
            ),
        ])
        return world.run(within: limit) { isCreated && isAtFullStrength }
    }

    /// The usual work of a simulation: Deployments that are scaled, registers that are written
    /// and read, and watches.
    package func startLoad(registers count: Int = 3) {
        let names = (0..<count).map { "register-\($0)" }
        create([
            namespaceObject,
            (
                Requests.deployments,
                Requests.deployment("web", replicas: 6, image: "busybox")
            ),
            (
                Requests.deployments,
                Requests.deployment("pulled", replicas: 2, image: "httpd")
            ),
            (Requests.services, Requests.service("web", clusterIP: nil)),
            (Requests.services, Requests.service("pulled", clusterIP: "None")),
        ])
        let isOver = { [unowned self] in self.isOver }
        for name in names { world.add(RegisterWriter(name, isOver: isOver)) }
        for _ in 0..<2 { world.add(RegisterReader(names, isOver: isOver)) }
        for _ in 0..<2 { world.add(Watcher()) }
        let groups = [KeyGroup("alone-a", keys: 1), KeyGroup("alone-b", keys: 1)]
        let pause = [20, 100, 400][world.workload.context.random.below(3)]
        for number in 0..<4 {
            let mine = groups + [KeyGroup("three", keys: 3)]
            world.add(KeyValueClient(number, mine, pauseMax: pause, isOver: isOver))
        }
        world.add(Scaler("pulled", replicasMax: 6, isOver: isOver))
    }

    /// No client begins anything new.
    package func endLoad() { isOver = true }

    /// Waits until the cluster is at rest and stays so for a second.
    package func settle(within limit: Span = .seconds(60)) -> Bool {
        let end = world.now + limit
        while world.now < end {
            let isAtRest = world.run(within: end - world.now) {
                isCreated && Convergence(world).pending() == nil
            }
            guard isAtRest else { return false }
            world.run(for: .seconds(1))
            if world.violation == nil, Convergence(world).pending() == nil { return true }
        }
        return false
    }

    /// All that was asked for with ``deploy(_:replicas:image:within:)`` is acknowledged.
    package var isCreated: Bool {
        creators.allSatisfy { (world.workload.clients[$0] as? Creator)?.isDone ?? true }
    }

    /// What is missing, in words.
    package var pending: String { world.violation ?? Convergence(world).pending() ?? "nothing" }

    package var isAtFullStrength: Bool { Convergence(world).deployments() == nil }

    private var namespaceObject: (path: String, body: JSON) {
        (
            "/api/v1/namespaces",
            [
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": ["name": .string(Requests.namespace)],
            ]
        )
    }

    private func create(_ objects: [(path: String, body: JSON)]) {
        creators.append(world.workload.clients.count)
        world.add(Creator(objects))
    }
}
