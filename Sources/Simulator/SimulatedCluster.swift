import API
package import Base
import JSON

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
        return world.run(within: limit, lookingEach: .milliseconds(100)) {
            Convergence(world).pending() == nil
        }
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
        world.workload.context.patience = world.plan.clientPause > 1 ? 20 : 1
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
        for number in 0..<2 { world.add(PodClient(number, isOver: isOver)) }
    }

    /// No client begins anything new.
    package func endLoad() {
        isOver = true
        world.wakeClients()
    }

    /// Waits until the cluster is at rest and stays so for a second.
    package func settle(within limit: Span = .seconds(60)) -> Bool {
        let end = world.now + limit
        while world.now < end {
            let isAtRest = world.run(
                within: end - world.now, lookingEach: .milliseconds(200)
            ) {
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
