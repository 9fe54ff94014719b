package import Base

/// What `podmesh simulate` does, without the reading of arguments and the writing of lines.
package struct SimulationCommandRunner: Sendable {
    /// How many machines the cluster has.
    package var machines: Int
    /// Whether every input and effect is told, not only the last ones of a failure.
    package var isTracing: Bool

    package init(machines: Int = 3, isTracing: Bool = false) {
        self.machines = machines
        self.isTracing = isTracing
    }

    /// Runs one seed and tells how it went; true when no rule was broken.
    package func run(seed: UInt64, tell: (String) -> Void) -> Bool {
        let report = withoutActuallyEscaping(tell) { tell in
            var simulation = Simulation(seed: seed, machines: machines)
            if isTracing { simulation.trace = tell }
            return simulation.run()
        }
        tell(report.summary)
        guard report.violation != nil else { return true }
        if !isTracing { report.lastLines.forEach(tell) }
        report.documents.forEach(tell)
        tell("replay with: \(command(seed: seed))")
        return false
    }

    /// Runs so many seeds from the given one on, until one fails; true when none did.
    package func run(seeds count: UInt64, from first: UInt64, tell: (String) -> Void) -> Bool {
        for offset in 0..<count {
            guard run(seed: first &+ offset, tell: tell) else { return false }
        }
        tell("\(count) seeds from \(first) on: no rule was broken")
        return true
    }

    /// What a user types to see a seed again.
    package func command(seed: UInt64) -> String {
        let size = machines == 3 ? "" : " --machines \(machines)"
        return "podmesh simulate --seed \(seed)\(size)"
    }
}
