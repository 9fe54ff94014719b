import Base
import Simulator
import Testing

/// Who asks for more than there is room for waits, and nobody else does (KEP-1040).
@Suite struct FairnessScenarioTests {
    @Test func `a user who floods the API starves neither others nor the cluster's own parts`()
        throws
    {
        let cluster = try #require(SimulatedCluster.formed(seed: 51, machines: 1))
        let world = cluster.world
        let flood = world.flood(as: FloodUser("mallory"), connections: 5_000)
        world.run(for: .seconds(4))
        #expect(flood.refused > 1_000, "more than there are places for")
        let ordinary = world.read(as: FloodUser("alice"))
        let account = world.read(
            as: FloodUser(
                "system:serviceaccount:load:robot",
                groups: ["system:serviceaccounts", "system:serviceaccounts:load"]))
        let node = world.read(as: FloodUser("system:node:machine-1", groups: ["system:nodes"]))
        #expect(cluster.deploy("web", replicas: 3, within: .seconds(10)))
        world.run(for: .seconds(15))
        for (name, record) in [("alice", ordinary), ("robot", account), ("node", node)] {
            #expect(record.refused == 0 && record.failed == 0, "\(name) is refused")
            #expect(record.served >= 5, "\(name) waits")
            // No longer than one request of the flood keeps its seat.
            #expect(record.slowest < .seconds(3), "\(name) waits \(record.slowest)")
        }
        #expect(cluster.isAtFullStrength)
        #expect(world.violation == nil)
    }
}
