import Base
import Simulator
import Testing

/// Disks that do not keep what they called durable.
@Suite struct DiskScenarioTests {
    @Test(arguments: [MachineSelector.leader, .member])
    func `a machine that lost synced writes gets them again, and nothing else is lost`(
        selector: MachineSelector
    ) throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 41))
        cluster.startLoad()
        for _ in 0..<5 {
            cluster.world.run(for: .seconds(3))
            let number = try #require(cluster.world.resolve(selector))
            cluster.world.loseSynced(number, downFor: .milliseconds(300), triesLeft: 40)
            cluster.world.run(for: .seconds(5))
        }
        #expect(cluster.world.coverageOfAll[.syncedLoss] == 5)
        cluster.endLoad()
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `what only one machine has made durable is never lost`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 42, machines: 1))
        cluster.startLoad()
        cluster.world.run(for: .seconds(2))
        cluster.world.loseSynced(0, downFor: .milliseconds(300), triesLeft: 5)
        cluster.world.run(for: .seconds(5))
        #expect(cluster.world.coverageOfAll[.syncedLoss] == 0)
        cluster.endLoad()
        #expect(cluster.settle(), "\(cluster.pending)")
    }
}
