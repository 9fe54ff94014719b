/// One seed to run, in words that a process can tell another: `42 storm 3`.
package struct SimulationTask: Sendable, Hashable {
    package var seed: UInt64
    package var length: SimulationLength
    package var machines: Int

    package init(seed: UInt64, length: SimulationLength, machines: Int) {
        self.seed = seed
        self.length = length
        self.machines = machines
    }

    package init?(line: String) {
        let words = line.split(separator: " ")
        guard words.count == 3, let seed = UInt64(words[0]),
            let length = SimulationLength(rawValue: String(words[1])),
            let machines = Int(words[2]), (1...Self.machinesMax).contains(machines)
        else { return nil }
        self.init(seed: seed, length: length, machines: machines)
    }

    package var line: String { "\(seed) \(length.rawValue) \(machines)" }

    /// What a user types to see the run again.
    package var command: String {
        "podmesh simulate --seed \(seed)"
            + (length == .storm ? "" : " --length \(length.rawValue)")
            + (machines == 3 ? "" : " --machines \(machines)")
    }

    package func run(trace: ((String) -> Void)? = nil) -> SimulationReport {
        var simulation = Simulation(seed: seed, machines: machines, length: length)
        simulation.trace = trace
        return simulation.run()
    }

    package static let machinesMax = 50
}

/// The seeds of a budget: two seasons after each storm, most of three machines.
package struct SimulationSchedule: Sendable {
    private var next: UInt64
    private var count = 0
    private let length: SimulationLength?
    private let machines: Int?

    /// - Parameters:
    ///   - length: of every run; nil for storms and seasons in turns.
    ///   - machines: of every run; nil for three in six of ten, one in three, and five in one.
    package init(firstSeed: UInt64, length: SimulationLength? = nil, machines: Int? = nil) {
        next = firstSeed
        self.length = length
        self.machines = machines
    }

    package mutating func take() -> SimulationTask {
        defer {
            next &+= 1
            count += 1
        }
        // Coprime, so that all lengths meet all sizes.
        let length = length ?? (count % 3 == 0 ? .storm : .season)
        let size = [3, 3, 1, 3, 5, 3, 1, 3, 3, 1][count % 10]
        return SimulationTask(seed: next, length: length, machines: machines ?? size)
    }

    /// Goes on with other seeds, in the same turns.
    package mutating func goOn(from seed: UInt64) { next = seed }
}
