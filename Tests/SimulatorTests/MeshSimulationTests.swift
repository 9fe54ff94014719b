import Base
import Gossip
import Simulator
import Testing

struct MeshSimulationTests {
    @Test func `the same seed gives the same mesh, another one another`() {
        func digest(seed: UInt64) -> [Int] {
            var knobs = MeshKnobs()
            knobs.loss = 0.05
            knobs.stallInterval = .seconds(5)
            var mesh = MeshSimulation(machines: 10, seed: seed, knobs: knobs)
            mesh.run(for: .seconds(20))
            mesh.kill(3)
            mesh.run(for: .seconds(10))
            return [mesh.datagramsSent, mesh.bytesSent, mesh.notices.hashValue]
        }
        #expect(digest(seed: 1) == digest(seed: 1))
        #expect(digest(seed: 1) != digest(seed: 2))
    }

    @Test(arguments: [3, 10, 30])
    func `every survivor learns of a killed machine`(machines: Int) throws {
        for time in MeshExperiments.detection(machines: machines, kills: 5, seed: 7) {
            let time = try #require(time)
            #expect(time > .milliseconds(500) && time < .seconds(3))
        }
    }

    @Test func `Serf's parameters find a killed machine later`() throws {
        let own = MeshExperiments.detection(machines: 10, kills: 5, seed: 7).compactMap(\.self)
        let serf = MeshExperiments.detection(
            machines: 10, kills: 5, seed: 7, configuration: .serf
        ).compactMap(\.self)
        #expect(own.count == 5 && serf.count == 5)
        #expect(try #require(serf.min()) > #require(own.max()))
    }

    @Test func `a machine that runs and stays silent for long counts as a false failure`() {
        var knobs = MeshKnobs()
        knobs.stallInterval = .seconds(10)
        knobs.stallDuration = .seconds(30)
        let failures = MeshExperiments.falseFailures(
            machines: 5, span: .minutes(2), seed: 1, knobs: knobs)
        #expect(failures > 0)
    }

    @Test func `stalls of half a second with loss fail nobody in ten minutes`() {
        var knobs = MeshKnobs()
        knobs.loss = 0.01
        knobs.stallInterval = .minutes(1)
        let failures = MeshExperiments.falseFailures(
            machines: 5, span: .minutes(10), seed: 1, knobs: knobs)
        #expect(failures == 0)
    }

    @Test func `an update reaches a hundred machines within twice the logarithm of rounds`()
        throws
    {
        var knobs = MeshKnobs()
        knobs.loss = 0.05
        let configuration = GossipConfiguration()
        for time in MeshExperiments.spread(machines: 100, updates: 5, seed: 3, knobs: knobs) {
            let rounds = try #require(time).seconds / configuration.gossipInterval.seconds
            #expect(rounds <= 2 * 6.65)
        }
    }

    @Test func `a mesh played by fewer cores sends what the whole mesh sends`() {
        let whole = MeshExperiments.traffic(
            machines: 100, span: .seconds(20), updatesPerSecond: 2, seed: 5)
        let played = MeshExperiments.traffic(
            machines: 100, cores: 25, span: .seconds(20), updatesPerSecond: 2, seed: 5)
        #expect(abs(played.bytesPerSecond / whole.bytesPerSecond - 1) < 0.1)
        #expect(whole.datagramsPerSecond > 9)
    }
}
