import Base
import Gossip
import Simulator

/// Detection of failures, spread of updates and traffic of the mesh: in virtual time, beside
/// Serf's parameters in the same core, and with real processes beside real Serf agents.
package struct MeshBench: Sendable {
    private let isQuick: Bool
    private let mayInstallPeers: Bool
    private let seed: UInt64

    /// `seed` decides everything in virtual time.
    package init(isQuick: Bool, mayInstallPeers: Bool, seed: UInt64) {
        self.isQuick = isQuick
        self.mayInstallPeers = mayInstallPeers
        self.seed = seed
    }

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) async throws -> Bool {
        print("In virtual time, seed \(seed); \"serf\" is this core with Serf's parameters.\n\n")
        var isGood = true
        for table in [detection(), await falseFailures(), spread(), traffic()] {
            print(table.text + "\n")
            isGood = isGood && table.isEveryBoundMet
        }
        let agents = try MeshAgentsBench(isQuick: isQuick, mayInstallPeers: mayInstallPeers)
        print(MeshAgentsBench.explanation)
        let table = try agents.run()
        print(table.text + "\n")
        return isGood && table.isEveryBoundMet
    }

    // MARK: Virtual time

    /// One killed machine, until all others hold it for failed.
    private func detection() -> FigureTable {
        var table = FigureTable(peer: "serf")
        for machines in [3, 10, 30, 60, 100] {
            let kills = isQuick ? max(4, 120 / machines) : 200
            var own = seconds(
                MeshExperiments.detection(machines: machines, kills: kills, seed: seed))
            var serf = seconds(
                MeshExperiments.detection(
                    machines: machines, kills: max(3, kills / 4), seed: seed,
                    configuration: .serf))
            let name = "killed machine of \(machines) known to all"
            table.append(
                Figure("\(name), median", .seconds, own.median(), peer: serf.median()))
            table.append(
                Figure(
                    "\(name), longest of \(kills)", .seconds, own.percentile(100),
                    peer: serf.percentile(100), bound: .atMost(1.5)))
        }
        return table
    }

    /// Machines that ran and were held for failed, with 1 % loss and a stall of 500 ms of each
    /// machine about once a minute. Each hour is a mesh of its own.
    private func falseFailures() async -> FigureTable {
        var table = FigureTable(peer: "serf")
        var knobs = MeshKnobs()
        knobs.loss = 0.01
        knobs.stallInterval = .minutes(1)
        for machines in isQuick ? [3, 10] : [3, 10, 30, 60, 100] {
            let hours = isQuick ? 2 : 24
            async let own = failures(machines, hours, knobs, GossipConfiguration())
            async let serf = failures(machines, hours, knobs, .serf)
            table.append(
                Figure(
                    "false verdicts, \(machines) machines, \(hours) h", .count,
                    Double(await own), peer: Double(await serf), bound: .atMost(0)))
        }
        return table
    }

    private func failures(
        _ machines: Int, _ hours: Int, _ knobs: MeshKnobs, _ configuration: GossipConfiguration
    ) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for hour in 0..<hours {
                group.addTask {
                    MeshExperiments.falseFailures(
                        machines: machines, span: .minutes(60), seed: seed &+ UInt64(hour),
                        knobs: knobs, configuration: configuration)
                }
            }
            return await group.reduce(0, +)
        }
    }

    /// A row of the assignment table, until all machines have it, at 5 % loss.
    private func spread() -> FigureTable {
        var table = FigureTable(peer: "serf")
        var knobs = MeshKnobs()
        knobs.loss = 0.05
        for machines in isQuick ? [100] : [100, 1_000, 10_000] {
            func rounds(_ configuration: GossipConfiguration, _ updates: Int) -> Samples {
                let pause = configuration.gossipInterval.seconds
                return Samples(
                    MeshExperiments.spread(
                        machines: machines, updates: updates, seed: seed, knobs: knobs,
                        configuration: configuration
                    ).map { ($0?.seconds ?? 60) / pause })
            }
            let updates = machines > 1_000 ? 2 : 10
            var own = rounds(GossipConfiguration(), updates)
            var serf = rounds(.serf, updates / 2)
            table.append(
                Figure(
                    "rounds until \(machines) machines have an update, longest of \(updates)",
                    .count, own.percentile(100), peer: serf.percentile(100),
                    bound: .atMost(2 * Self.log2(machines))))
        }
        return table
    }

    private static func log2(_ count: Int) -> Double {
        Double(Int.bitWidth - 1 - count.leadingZeroBitCount)
    }

    /// Bytes that one machine sends, at rest and while one row a second changes.
    private func traffic() -> FigureTable {
        var table = FigureTable(peer: "serf")
        var first: Double?
        for machines in isQuick ? [10, 100] : [10, 100, 1_000, 10_000] {
            for updates in [0, 1] {
                func bytes(_ configuration: GossipConfiguration) -> Double {
                    MeshExperiments.traffic(
                        machines: machines, cores: min(machines, 100), span: .seconds(20),
                        updatesPerSecond: updates, seed: seed, configuration: configuration
                    ).bytesPerSecond
                }
                let own = bytes(GossipConfiguration())
                let growth = first.map { $0 * Self.log2(machines) / Self.log2(10) }
                if updates == 1, first == nil { first = own }
                let what = updates == 0 ? "at rest" : "with \(updates) update/s"
                table.append(
                    Figure(
                        "sent by one machine of \(machines) in a second, \(what)", .bytes, own,
                        peer: bytes(.serf),
                        bound: updates == 1 ? growth.map { .atMost($0) } : nil))
            }
        }
        return table
    }

    /// Two minutes stand for never.
    private func seconds(_ spans: [Span?]) -> Samples {
        Samples(spans.map { $0?.seconds ?? 120 })
    }
}
