import Base
import Simulator
import Testing

@Suite struct ScenarioTests {
    @Test func `a cluster of three forms from one`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 11))
        #expect(cluster.world.violation == nil)
        #expect(cluster.world.now < .zero + .seconds(5), "three Nodes Ready within 5 s")
    }

    @Test func `a cluster of five has three voters and works`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 12, machines: 5))
        #expect(cluster.deploy("web", replicas: 10))
        cluster.crash(.leader)
        #expect(cluster.world.run(within: .seconds(10)) { cluster.isAtFullStrength })
    }

    @Test func `a single machine is a cluster`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 13, machines: 1))
        #expect(cluster.deploy("web", replicas: 2))
        cluster.crash(.machine(0))
        cluster.world.run(for: .seconds(1))
        cluster.bootAll()
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `the death of the leader is survived`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 14))
        #expect(cluster.deploy("web", replicas: 6))
        let dead = cluster.crash(.leader)
        #expect(cluster.world.run(within: .seconds(10)) { cluster.isAtFullStrength })
        #expect(cluster.world.leader != dead)
        cluster.bootAll()
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `the death of a member is survived, again and again`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 15))
        #expect(cluster.deploy("web", replicas: 6))
        for _ in 0..<5 {
            cluster.crash(.member)
            #expect(cluster.world.run(within: .seconds(10)) { cluster.isAtFullStrength })
            cluster.bootAll()
            #expect(cluster.settle(), "\(cluster.pending)")
        }
    }

    @Test func `a power cut of all machines loses nothing`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 16))
        cluster.startLoad()
        cluster.world.run(for: .seconds(3))
        cluster.powerCutOfAll()
        cluster.world.run(for: .seconds(2))
        cluster.bootAll()
        cluster.world.run(for: .seconds(3))
        cluster.endLoad()
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `a machine that stays away after a power cut of all is replaced`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 17))
        #expect(cluster.deploy("web", replicas: 6))
        cluster.powerCutOfAll()
        cluster.world.run(for: .seconds(1))
        cluster.world.boot(0)
        cluster.world.boot(1)
        #expect(cluster.world.run(within: .seconds(30)) { cluster.isAtFullStrength })
    }

    @Test func `a machine that went while nobody saw it is replaced`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 55))
        #expect(cluster.deploy("web", replicas: 6))
        cluster.world.crash(0)
        cluster.world.crash(1)
        cluster.world.leave(2, downFor: nil)
        cluster.world.run(for: .seconds(1))
        cluster.world.boot(0)
        cluster.world.boot(1)
        #expect(
            cluster.world.run(within: .seconds(30)) { cluster.isAtFullStrength },
            "\(cluster.pending)")
    }

    @Test func `a returned machine no longer runs what it ran`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 18))
        #expect(cluster.deploy("web", replicas: 6))
        let number = cluster.isolate(.member)
        #expect(cluster.world.run(within: .seconds(10)) { cluster.isAtFullStrength })
        #expect(cluster.world.liveContainers(on: number) > 0, "nobody could tell it to stop")
        cluster.world.heal(number)
        #expect(cluster.settle(), "\(cluster.pending)")
        #expect(cluster.world.liveContainers.reduce(0, +) == 6)
    }

    @Test func `a leader that is cut off is replaced, and follows when it is back`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 19))
        #expect(cluster.deploy("web", replicas: 6))
        let old = cluster.isolate(.leader)
        cluster.world.run(for: .seconds(4))
        #expect(cluster.world.leader != old)
        cluster.world.heal(old)
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `a daemon that starts again takes its containers over`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 20))
        #expect(cluster.deploy("web", replicas: 6))
        let before = cluster.world.liveContainerNames
        cluster.world.endDaemon(1)
        cluster.world.run(for: .milliseconds(300))
        cluster.world.restartDaemon(1)
        #expect(cluster.settle(), "\(cluster.pending)")
        #expect(cluster.world.liveContainerNames == before)
    }
}
