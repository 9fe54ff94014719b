import Base
import Simulator

/// Words for scenarios: what a test does to a cluster, by role instead of by number.
extension SimulatedCluster {
    /// A cluster of machines in a kind world, formed.
    static func formed(seed: UInt64, machines: Int = 3) -> SimulatedCluster? {
        let cluster = SimulatedCluster(World(seed: seed, machines: machines))
        return cluster.form() ? cluster : nil
    }

    /// Cuts a machine's power; returns its number.
    @discardableResult
    func crash(_ selector: MachineSelector) -> Int {
        let number = resolve(selector)
        world.crash(number)
        return number
    }

    @discardableResult
    func isolate(_ selector: MachineSelector) -> Int {
        let number = resolve(selector)
        world.isolate(number)
        return number
    }

    func powerCutOfAll() {
        for number in world.running { world.crash(number) }
    }

    func bootAll() {
        for number in 0..<world.machineCount { world.boot(number) }
    }

    private func resolve(_ selector: MachineSelector) -> Int {
        guard let number = world.resolve(selector) else {
            preconditionFailure("there is no such machine: \(selector)")
        }
        return number
    }

    /// How long the Deployments need to be at full strength again, on machines that run; nil when
    /// they are not within ten seconds.
    func recoveryTime(after fault: () -> Void) -> Span? {
        fault()
        let start = world.now
        return world.run(within: .seconds(10)) { isAtFullStrength } ? world.now - start : nil
    }
}
