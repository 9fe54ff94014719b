import Base
import Simulator
import Testing

/// Who votes and who belongs to the cluster, while machines come, die and are removed.
@Suite struct MembershipScenarioTests {
    @Test func `votes grow from one to three to five as machines join`() throws {
        let world = World(seed: 31, machines: 1)
        world.votersWanted = 5
        let cluster = SimulatedCluster(world)
        #expect(cluster.form())
        cluster.startLoad()
        for wanted in [1, 3, 3, 5, 5] {
            let joined = world.join()
            #expect(joined != nil)
            #expect(
                world.run(within: .seconds(60)) { world.voters.count == wanted },
                "\(world.voters) of \(world.machineCount)")
            world.run(for: .seconds(5))
            #expect(world.voters.count == wanted, "an even number bears no more failures")
        }
        cluster.endLoad()
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `a dead voter is replaced by the learner, once`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 32, machines: 4))
        #expect(cluster.world.voters.count == 3)
        let learner = try #require(Self.learner(of: cluster.world))
        let dead = try #require(Self.follower(of: cluster.world))
        cluster.world.crash(dead)
        #expect(cluster.world.run(within: .seconds(40)) { cluster.world.voters.contains(learner) })
        #expect(!cluster.world.voters.contains(dead))
        let voters = cluster.world.voters
        cluster.world.boot(dead)
        cluster.world.run(for: .minutes(5))
        #expect(cluster.world.voters == voters, "who comes back does not take its vote back")
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    /// The story of seed 120.
    @Test func `a dead voter is replaced by a learner that failed again and again`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 120, machines: 4))
        let learner = try #require(Self.learner(of: cluster.world))
        for _ in 0..<4 {
            cluster.world.isolate(learner)
            cluster.world.run(for: .seconds(3))
            cluster.world.heal(learner)
            cluster.world.run(for: .seconds(3))
        }
        let dead = try #require(Self.follower(of: cluster.world))
        cluster.world.crash(dead)
        #expect(cluster.world.run(within: .seconds(45)) { cluster.world.voters.contains(learner) })
    }

    /// The story of seed 1023.
    @Test func `an orderly stop beside a dead voter does not end the quorum`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 1_023))
        #expect(cluster.deploy("web", replicas: 6))
        let leader = try #require(cluster.world.leader)
        cluster.world.crash(try #require(Self.follower(of: cluster.world)))
        cluster.world.leave(leader, downFor: .seconds(4))
        cluster.world.run(for: .seconds(5))
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `a rolling restart costs no vote`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 33))
        cluster.startLoad()
        for number in 0..<3 {
            cluster.world.leave(number, downFor: .seconds(3))
            cluster.world.run(for: .seconds(10))
            #expect(cluster.world.voters == [0, 1, 2])
        }
        cluster.endLoad()
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    @Test func `nothing is left of a machine that is removed, and it is heard no more`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 34, machines: 4))
        #expect(cluster.deploy("web", replicas: 6))
        let removed = try #require(cluster.world.leader)
        cluster.world.askForRemoval(of: removed)
        #expect(cluster.world.run(within: .seconds(20)) { cluster.world.isRemoved(removed) })
        #expect(cluster.settle(), "\(cluster.pending)")
        #expect(!cluster.world.voters.contains(removed))
    }

    @Test func `the authority changes while the leader dies and comes back`() throws {
        let cluster = try #require(SimulatedCluster.formed(seed: 35))
        cluster.startLoad()
        cluster.world.askForRotation()
        for _ in 0..<3 {
            cluster.world.run(for: .seconds(4))
            let dead = cluster.crash(.leader)
            cluster.world.run(for: .seconds(3))
            cluster.world.boot(dead)
        }
        #expect(cluster.world.run(within: .seconds(90)) { cluster.world.isRotated })
        cluster.endLoad()
        #expect(cluster.settle(), "\(cluster.pending)")
    }

    private static func learner(of world: World) -> Int? {
        (0..<world.machineCount).first { !world.voters.contains($0) }
    }

    /// A voter that does not lead.
    private static func follower(of world: World) -> Int? {
        world.voters.first { $0 != world.leader }
    }
}
