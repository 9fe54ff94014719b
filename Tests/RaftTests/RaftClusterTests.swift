import Base
import Raft
import Testing

/// Whole clusters under seeds. A failure names its seed.
@Suite struct RaftClusterTests {
    static let seedsPerBatch: UInt64 = 25

    /// Runs a cluster through faults, heals it and expects it to work; returns it for figures.
    @discardableResult
    static func run(
        seed: UInt64, options: Cluster.Options, events: Int
    ) throws -> Cluster {
        var cluster = try Cluster(seed: seed, options: options)
        try cluster.run(events: events)
        try cluster.heal()
        try expectProgress(&cluster)
        return cluster
    }

    /// After a while, in which a transfer of leadership can end, there is one leader, and what
    /// it is asked then, every member applies.
    private static func expectProgress(_ cluster: inout Cluster) throws {
        let isLed = try cluster.run(for: .seconds(8)) { cluster in
            cluster.leaders.count == 1 && cluster.now > cluster.healedAt + .milliseconds(2_600)
        }
        guard isLed, let leader = cluster.leaders.first, let core = cluster.machines[leader].core
        else {
            throw Violation(
                description: "\(cluster.leaders.count) leaders after all healed\n"
                    + cluster.summary)
        }
        try cluster.step(leader, .propose(Ticket(0), [1, 2, 3]))
        let index = core.lastIndex + 1
        let members = core.membership.members.compactMap { cluster.numbers[$0] }
        let isApplied = try cluster.run(for: .seconds(4)) { cluster in
            members.allSatisfy { cluster.machines[$0].applied >= index }
        }
        guard isApplied, cluster.leaders == [leader] else {
            throw Violation(
                description: "applied \(members.map { cluster.machines[$0].applied }) of"
                    + " \(index) after all healed; \(cluster.leaders) lead\n\(cluster.summary)")
        }
    }

    @Test("five machines stay safe under loss, repetition, reorder, partitions and power cuts",
        arguments: 0..<8 as Range<UInt64>)
    func faults(batch: UInt64) {
        for seed in batch * Self.seedsPerBatch..<(batch + 1) * Self.seedsPerBatch {
            do {
                try Self.run(seed: seed, options: .drawn(seed: seed), events: 2_000)
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    @Test("membership changes under faults lose nothing and elect one leader a term",
        arguments: 0..<4 as Range<UInt64>)
    func membership(batch: UInt64) {
        var changes = 0
        var joint = 0
        for seed in batch * Self.seedsPerBatch..<(batch + 1) * Self.seedsPerBatch {
            var options = Cluster.Options.drawn(seed: seed)
            options.machines = 6
            options.voters = seed % 2 == 0 ? 1 : 3
            options.changesMembership = true
            options.faultInterval = options.faultInterval * 2
            do {
                let cluster = try Self.run(seed: seed, options: options, events: 2_000)
                changes += cluster.checker.membershipsCommitted - 1
                joint += cluster.checker.jointMembershipsCommitted
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
        #expect(changes > 50, "the changes must happen for the test to mean something")
        #expect(joint > 5, "so must those of several voters")
    }

    @Test("reads by lease stay linearizable with drifting clocks, stopped machines and transfers",
        arguments: 0..<2 as Range<UInt64>)
    func leases(batch: UInt64) {
        var reads: UInt64 = 0
        for seed in 5_000 + batch * Self.seedsPerBatch..<5_000 + (batch + 1) * Self.seedsPerBatch {
            var options = Cluster.Options.drawn(seed: seed)
            options.reads = .lease
            options.driftMax = 45
            options.stalls = true
            options.loss = min(options.loss, 0.1)
            do {
                let cluster = try Self.run(seed: seed, options: options, events: 2_000)
                for machine in cluster.machines {
                    reads += machine.core?.counters.readsByLease ?? 0
                }
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
        #expect(reads > 100, "reads must be served by lease for the test to mean something")
    }

    @Test("a quiet cluster commits, reads, snapshots and installs snapshots")
    func figures() throws {
        var options = Cluster.Options()
        options.loss = 0.01
        var commands = 0
        var reads = 0
        var installs = 0
        for seed in 1_000..<1_010 as Range<UInt64> {
            let cluster = try Self.run(seed: seed, options: options, events: 3_000)
            commands += cluster.checker.commandsCommitted
            reads += cluster.checker.readsFinished
            installs += cluster.checker.snapshotsInstalled
        }
        #expect(commands > 1_000)
        #expect(reads > 300)
        #expect(installs > 5)
    }

    @Test("one seed gives one history")
    func determinism() throws {
        let options = Cluster.Options()
        let first = try Self.run(seed: 77, options: options, events: 2_000)
        let second = try Self.run(seed: 77, options: options, events: 2_000)
        let other = try Self.run(seed: 78, options: options, events: 2_000)
        #expect(first.digest == second.digest)
        #expect(first.digest != other.digest)
    }
}
