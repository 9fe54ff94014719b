import Base

/// All configurations that are possible at one place of a history.
struct LinearizabilitySearch {
    /// A value of a key by number; 0 is absence.
    private typealias Value = Int32

    private enum Need {
        case equals(Value)
        case present
        case presentAndNot(Value)
    }

    private struct Step {
        var needs: [(key: Int, need: Need)]
        var writes: [(key: Int, value: Value)]
    }

    private struct Operation {
        var steps: [Step]
        /// An operation without an answer need not happen.
        var isOptional: Bool
        var writes: Bool
    }

    private struct Configuration: Hashable {
        /// The value of each key.
        var state: [Value]
        /// Slots of open operations that have happened.
        var done: UInt128
    }

    private struct Place: Hashable {
        var key: Int
        var value: Value
    }

    private let operations: [Operation]
    /// The operations that write a value to a key.
    private let writers: [Place: [Int]]
    /// Whether an operation can do nothing any more.
    private var isClosed: [Bool]
    private let keys: [String]
    private let values: [String]
    private let limits: Linearizability.Limits
    private var configurations: Set<Configuration>
    /// The open operation in each slot.
    private var slots: [Int?] = []
    private var openRequired = 0
    private var visits = 0
    private(set) var isUndecided = false

    private static let slotsMax = 128

    init(_ recorded: [RecordedOperation], limits: Linearizability.Limits) {
        self.limits = limits
        var keyNumbers: [String: Int] = [:]
        var valueNumbers: [String: Value] = [:]
        var keys: [String] = []
        var values = ["-"]
        func number(ofKey key: String) -> Int {
            if let known = keyNumbers[key] { return known }
            keyNumbers[key] = keys.count
            keys.append(key)
            return keys.count - 1
        }
        func number(ofValue value: String?) -> Value {
            guard let value else { return 0 }
            if let known = valueNumbers[value] { return known }
            valueNumbers[value] = Value(values.count)
            values.append(value)
            return Value(values.count - 1)
        }
        operations = recorded.map { operation in
            let steps = operation.effectuations.map { effectuation in
                Step(
                    needs: effectuation.requires.keys.sorted().map { key in
                        let need: Need =
                            switch effectuation.requires[key] {
                            case .holds(let value): .equals(number(ofValue: value))
                            case .holdsOther(let value): .presentAndNot(number(ofValue: value))
                            case .present: .present
                            case .absent, nil: .equals(0)
                            }
                        return (number(ofKey: key), need)
                    },
                    writes: effectuation.writes.keys.sorted().map { key in
                        (number(ofKey: key), number(ofValue: effectuation.writes[key] ?? nil))
                    })
            }
            return Operation(
                steps: steps, isOptional: operation.end == nil,
                writes: steps.contains { !$0.writes.isEmpty })
        }
        var writers: [Place: [Int]] = [:]
        for (number, operation) in operations.enumerated() {
            for write in operation.steps.flatMap(\.writes) {
                writers[Place(key: write.key, value: write.value), default: []].append(number)
            }
        }
        self.writers = writers
        isClosed = operations.map(\.steps.isEmpty)
        self.keys = keys
        self.values = values
        configurations = [
            Configuration(state: [Value](repeating: 0, count: keys.count), done: 0)
        ]
    }

    /// No answer is outstanding that will come.
    var isQuiet: Bool { openRequired == 0 }

    var openOperations: [Int] { slots.compactMap(\.self) }

    func isReading(_ operation: Int) -> Bool { !operations[operation].writes }

    var statesInWords: [String] {
        Set(configurations.map(\.state)).map { state in
            zip(keys, state).map { "\($0) = \(values[Int($1)])" }.joined(separator: ", ")
        }.sorted()
    }

    // MARK: Along the history

    mutating func begin(_ operation: Int) {
        guard !operations[operation].steps.isEmpty else { return }
        let free = slots.firstIndex(of: nil) ?? slots.count
        guard free < Self.slotsMax else {
            isUndecided = true
            return
        }
        if free == slots.count { slots.append(nil) }
        slots[free] = operation
        if !operations[operation].isOptional { openRequired += 1 }
        guard !operations[operation].writes else { return }
        configurations = Set(configurations.map(withReads))
    }

    /// False when the answer cannot be explained.
    mutating func end(_ operation: Int) -> Bool {
        guard let slot = slots.firstIndex(of: operation) else { return true }
        let bit = UInt128(1) << UInt128(slot)
        var explained: Set<Configuration> = []
        var seen = configurations
        var left = Array(configurations)
        while var configuration = left.popLast() {
            if configuration.done & bit != 0 {
                configuration.done &= ~bit
                explained.insert(configuration)
                continue
            }
            for (other, number) in slots.enumerated() {
                guard let number, configuration.done >> UInt128(other) & 1 == 0 else { continue }
                for next in successors(of: configuration, number, slot: other)
                where seen.insert(next).inserted { left.append(next) }
            }
            visits += 1
            guard seen.count <= limits.configurationsMax, visits <= limits.visitsMax else {
                isUndecided = true
                return true
            }
        }
        guard !explained.isEmpty else { return false }
        configurations = explained
        slots[slot] = nil
        isClosed[operation] = true
        openRequired -= 1
        dropNeedless()
        return true
    }

    // MARK: Configurations

    private func successors(
        of configuration: Configuration, _ operation: Int, slot: Int
    ) -> [Configuration] {
        operations[operation].steps.compactMap { step in
            guard step.needs.allSatisfy({ isMet($0.need, configuration.state[$0.key]) })
            else { return nil }
            var next = configuration
            next.done |= UInt128(1) << UInt128(slot)
            for write in step.writes { next.state[write.key] = write.value }
            return withReads(next)
        }
    }

    /// Lets all open operations happen that only read and whose answer fits the state.
    private func withReads(_ configuration: Configuration) -> Configuration {
        var next = configuration
        for (slot, number) in slots.enumerated() {
            guard let number, !operations[number].writes,
                next.done >> UInt128(slot) & 1 == 0
            else { continue }
            let isExplained = operations[number].steps.contains { step in
                step.needs.allSatisfy { isMet($0.need, next.state[$0.key]) }
            }
            if isExplained { next.done |= UInt128(1) << UInt128(slot) }
        }
        return next
    }

    private func isMet(_ need: Need, _ value: Value) -> Bool {
        switch need {
        case .equals(let wanted): value == wanted
        case .present: value != 0
        case .presentAndNot(let other): value != 0 && value != other
        }
    }

    // MARK: Operations without an answer

    /// Forgets what can make no difference any more.
    private mutating func dropNeedless() {
        var optional: UInt128 = 0
        for (slot, number) in slots.enumerated() {
            guard let number, operations[number].isOptional else { continue }
            optional |= UInt128(1) << UInt128(slot)
        }
        guard optional != 0 else { return }
        keepLeast(optional)
        var closed = configurations.reduce(optional) { $0 & $1.done }
        for (slot, number) in slots.enumerated() {
            guard let number, operations[number].isOptional, isHopeless(number, slot: slot)
            else { continue }
            closed |= UInt128(1) << UInt128(slot)
        }
        guard closed != 0 else { return }
        for slot in slots.indices where closed >> UInt128(slot) & 1 == 1 {
            if let number = slots[slot] { isClosed[number] = true }
            slots[slot] = nil
        }
        configurations = Set(
            configurations.map { Configuration(state: $0.state, done: $0.done & ~closed) })
    }

    /// Keeps, of configurations with one state, those that used the fewest such operations.
    private mutating func keepLeast(_ optional: UInt128) {
        var groups: [Configuration: [UInt128]] = [:]
        for configuration in configurations {
            let used = configuration.done & optional
            let group = Configuration(
                state: configuration.state, done: configuration.done & ~optional)
            var least = groups[group, default: []]
            if least.contains(where: { $0 & ~used == 0 }) { continue }
            least.removeAll { used & ~$0 == 0 }
            groups[group] = least + [used]
        }
        configurations = []
        for (group, sets) in groups {
            for used in sets {
                configurations.insert(Configuration(state: group.state, done: group.done | used))
            }
        }
    }

    /// Whether each thing that it could do needs a value that is gone and will not come back.
    private func isHopeless(_ number: Int, slot: Int) -> Bool {
        operations[number].steps.allSatisfy { step in
            step.needs.contains { key, need in
                guard case .equals(let value) = need, value != 0,
                    writers[Place(key: key, value: value), default: []]
                        .allSatisfy({ isClosed[$0] })
                else { return false }
                return configurations.allSatisfy {
                    $0.done >> UInt128(slot) & 1 == 1 || $0.state[key] != value
                }
            }
        }
    }
}
