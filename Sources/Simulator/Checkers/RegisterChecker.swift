import Base

/// Whether reads and writes of registers are linearizable. Each register has one writer that
/// counts up, so it is enough that a read gives no less than what was acknowledged or read before
/// it began, and no more than what was attempted before it ended (Lowe 2017, for this special case
/// without a search).
package struct RegisterChecker {
    package init() {}

    private struct Register {
        /// The greatest value that a finished write or read has shown.
        var floor = -1
        var attempted = -1
    }

    private var registers: [String: Register] = [:]
    private(set) var acknowledgedWrites = 0
    private(set) var reads = 0

    package mutating func attempt(_ name: String, _ value: Int) {
        let known = registers[name, default: Register()].attempted
        registers[name, default: Register()].attempted = max(known, value)
    }

    package mutating func acknowledge(_ name: String, _ value: Int) {
        acknowledgedWrites += 1
        raise(name, to: value)
    }

    /// What a read that begins now must give at least.
    package func floor(_ name: String) -> Int { registers[name]?.floor ?? -1 }

    /// A read is over; nil stands for a register that is not there. The rule it breaks, or nil.
    package mutating func finishRead(_ name: String, _ value: Int?, floor: Int) -> String? {
        reads += 1
        let value = value ?? -1
        if value < floor {
            return "register \(name) read as \(value) after \(floor) was acknowledged or read"
        }
        if value > registers[name, default: Register()].attempted {
            return "register \(name) read as \(value), which nobody wrote"
        }
        raise(name, to: value)
        return nil
    }

    /// What every register holds at least, by name.
    var acknowledged: [(name: String, value: Int)] {
        registers.keys.sorted().map { ($0, registers[$0]?.floor ?? -1) }
    }

    private mutating func raise(_ name: String, to value: Int) {
        registers[name, default: Register()].floor = max(floor(name), value)
    }
}
