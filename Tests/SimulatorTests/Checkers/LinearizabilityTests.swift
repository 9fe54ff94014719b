import Base
import Simulator
import Testing

/// Histories are written as lists of operations with the places of their call and answer.
@Suite struct LinearizabilityTests {
    @Test func `operations one after the other must each see the one before`() {
        let write = op(0...1, .create("a", "1"), .done)
        #expect(verdict([write, op(2...3, .get("a"), .values(["a": "1"]))]) == .linearizable)
        #expect(isViolation([write, op(2...3, .get("a"), .values([:]))]))
    }

    @Test func `a read during a write may see either value, but two reads must not go back`() {
        let write = op(0...9, .create("a", "1"), .done)
        let new = op(1...2, .get("a"), .values(["a": "1"]))
        #expect(verdict([write, new]) == .linearizable)
        #expect(verdict([write, new, op(3...4, .get("a"), .values(["a": "1"]))]) == .linearizable)
        #expect(isViolation([write, new, op(3...4, .get("a"), .values([:]))]))
    }

    @Test func `an operation without an answer may have happened late, early or never`() {
        let lost = op(0, .create("a", "1"))
        let absent = op(1...2, .get("a"), .values([:]))
        let present = op(3...4, .get("a"), .values(["a": "1"]))
        #expect(verdict([lost, absent]) == .linearizable)
        #expect(verdict([lost, absent, present]) == .linearizable)
        let gone = op(5...6, .get("a"), .values([:]))
        #expect(isViolation([lost, absent, present, gone]), "it happens once at most")
    }

    @Test func `one of two compare-and-sets from one value must fail`() {
        let first = op(0...1, .create("a", "1"), .done)
        let left = op(2...5, .compareAndSet("a", from: "1", to: "2"), .done)
        let right = op(3...4, .compareAndSet("a", from: "1", to: "3"), .done)
        #expect(isViolation([first, left, right]))
        let refused = op(3...4, .compareAndSet("a", from: "1", to: "3"), .conflict)
        #expect(verdict([first, left, refused]) == .linearizable)
        #expect(isViolation([first, op(3...4, refused.call, .conflict)]))
    }

    @Test func `a list shows one instant of all its keys`() {
        let a = op(0...3, .create("a", "1"), .done)
        let b = op(4...7, .create("b", "1"), .done)
        let torn = op(1...6, .list(["a", "b"]), .values(["b": "1"]))
        #expect(isViolation([a, b, torn]), "b was written after a was there")
        let whole = op(1...6, .list(["a", "b"]), .values(["a": "1"]))
        #expect(verdict([a, b, whole]) == .linearizable)
    }

    @Test func `two lists that disagree about the order of two writes are found`() {
        // Each key alone is in order; only both lists together contradict each other.
        let writes = [op(0...20, .create("a", "1"), .done), op(1...21, .create("b", "1"), .done)]
        let left = op(2...3, .list(["a", "b"]), .values(["a": "1"]))
        let right = op(4...5, .list(["a", "b"]), .values(["b": "1"]))
        #expect(verdict(writes + [left]) == .linearizable)
        #expect(isViolation(writes + [left, right]))
    }

    @Test func `a transaction removes what it names at one instant`() {
        let made = [op(0...1, .create("a", "1"), .done), op(2...3, .create("b", "2"), .done)]
        let removal = op(4...9, .deleteAll(["a", "b"]), .values(["a": "1", "b": "2"]))
        let half = op(5...6, .list(["a", "b"]), .values(["b": "2"]))
        #expect(isViolation(made + [removal, half]))
        let none = op(5...6, .list(["a", "b"]), .values([:]))
        #expect(verdict(made + [removal, none]) == .linearizable)
        let lost = op(4, .deleteAll(["a", "b"]))
        #expect(verdict(made + [lost, half]) == .linearizable, "a may have come too late for it")
    }

    /// All writes overlap, and the reads force one order of them that is the last to be tried
    /// by a search that takes operations as they come.
    @Test func `an order that only a complete search finds is found`() {
        let count = 7
        var history = (0..<count).map {
            op(0 + $0...100 + $0, .update("a", "\($0)"), .done)
        }
        history.insert(op(-2 ... -1, .create("a", "x"), .done), at: 0)
        for (place, value) in stride(from: count - 1, through: 0, by: -1).enumerated() {
            let read = ClientOutcome.values(["a": "\(value)"])
            history.append(op(20 + 2 * place...21 + 2 * place, .get("a"), read))
        }
        #expect(verdict(history) == .linearizable)
        history.append(op(60...61, .get("a"), .values(["a": "3"])))
        #expect(isViolation(history), "3 was overwritten, and happened once")
    }

    @Test func `the excerpt shows the states before and only operations that matter`() throws {
        var history = [op(0...1, .create("a", "1"), .done)]
        for place in 0..<20 {
            history.append(op(10 + 2 * place...11 + 2 * place, .get("a"), .values(["a": "1"])))
        }
        history.append(op(100...103, .update("a", "2"), .done))
        history.append(op(101...104, .get("a"), .values(["a": "2"])))
        history.append(op(105...106, .get("a"), .values(["a": "1"])))
        guard case .violation(let lines) = verdict(history) else {
            Issue.record("the violation was not found")
            return
        }
        #expect(lines.count == 3, "\(lines)")
        #expect(lines[1].contains("a = 2"))
        #expect(lines.last?.contains("get a → a = 1") == true)
    }

    @Test func `a search beyond its bounds is undecided and not wrong`() {
        var limits = Linearizability.Limits()
        limits.configurationsMax = 10
        let history = (0..<12).map { op($0...100 + $0, .update("a", "\($0)"), .done) }
        let first = op(-2 ... -1, .create("a", "x"), .done)
        #expect(Linearizability.check([first] + history, limits: limits) == .undecided(1))
    }

    @Test func `hundreds of operations without answer do not stop the search`() {
        var history = [op(0...1, .create("a", "0"), .done)]
        for round in 1...400 {
            let (place, before) = (round * 10, "\(round - 1)")
            history.append(op(place, .compareAndSet("a", from: before, to: "x\(round)")))
            let next = ClientCall.compareAndSet("a", from: before, to: "\(round)")
            history.append(op(place + 1...place + 2, next, .done))
        }
        #expect(verdict(history) == .linearizable)
        history.append(op(5_000...5_001, .get("a"), .values(["a": "399"])))
        #expect(isViolation(history))
    }

    // MARK: Against a search without any cleverness

    @Test(arguments: 0..<40)
    func `it agrees with trying all orders`(seed: UInt64) {
        var random = Random(seed: seed)
        var violations = 0
        for _ in 0..<50 {
            let history = Self.drawn(&random)
            let isLinearizable = ExhaustiveSearch.isLinearizable(history)
            violations += isLinearizable ? 0 : 1
            switch verdict(history) {
            case .linearizable: #expect(isLinearizable, "\(history.map(\.words))")
            case .violation: #expect(!isLinearizable, "\(history.map(\.words))")
            case .undecided: Issue.record("undecided")
            }
        }
        #expect(violations > 0 && violations < 50, "both kinds were drawn")
    }

    /// A few operations on two keys, whose answers are true in most.
    private static func drawn(_ random: inout Random) -> [RecordedOperation] {
        var state: [String: String] = [:]
        var recorder = HistoryRecorder()
        var open: [(number: Int, outcome: ClientOutcome)] = []
        for step in 0..<(4 + random.below(3)) {
            let key = random.chance(0.6) ? "a" : "b"
            let call: ClientCall
            switch random.below(8) {
            case 0: call = .create(key, "\(step)")
            case 1: call = .update(key, "\(random.below(3))")
            case 2: call = .compareAndSet(key, from: state[key] ?? "1", to: "\(random.below(3))")
            case 3: call = .delete(key)
            case 4: call = .deleteAll(["a", "b"])
            case 5: call = .list(["a", "b"])
            default: call = .get(key)
            }
            let number = recorder.begin(client: step, call, at: .zero)
            var outcome = ExhaustiveSearch.perform(call, &state)
            if random.chance(0.15) { outcome = .values(["a": "\(random.below(3))"]) }
            if random.chance(0.15) { outcome = .unknown }
            open.append((number, outcome))
            while !open.isEmpty, random.chance(0.4) {
                let done = open.remove(at: random.below(open.count))
                recorder.finish(done.number, done.outcome, at: .zero)
            }
        }
        for done in open { recorder.finish(done.number, done.outcome, at: .zero) }
        return recorder.operations
    }

    // MARK: Words

    private func verdict(_ history: [RecordedOperation]) -> LinearizabilityVerdict {
        Linearizability.check(history)
    }

    private func isViolation(_ history: [RecordedOperation]) -> Bool {
        if case .violation = verdict(history) { true } else { false }
    }

    private func op(
        _ places: ClosedRange<Int>, _ call: ClientCall, _ outcome: ClientOutcome
    ) -> RecordedOperation {
        RecordedOperation(
            client: places.lowerBound, call: call, begin: places.lowerBound, beginAt: .zero,
            end: places.upperBound, endAt: .zero, outcome: outcome)
    }

    /// One that was never answered.
    private func op(_ begin: Int, _ call: ClientCall) -> RecordedOperation {
        RecordedOperation(client: begin, call: call, begin: begin, beginAt: .zero)
    }
}

/// Tries every order of a short history; nothing is shared with the checker but the meaning of
/// single operations.
private enum ExhaustiveSearch {
    static func isLinearizable(_ history: [RecordedOperation]) -> Bool {
        search(history, [:])
    }

    private static func search(_ left: [RecordedOperation], _ state: [String: String]) -> Bool {
        guard let firstEnd = left.compactMap(\.end).min() else { return true }
        for (position, operation) in left.enumerated() where operation.begin < firstEnd {
            var rest = left
            rest.remove(at: position)
            let effects = operation.effectuations
            if effects.isEmpty, operation.end != nil, search(rest, state) { return true }
            for effect in effects {
                if let next = after(effect, state), search(rest, next) { return true }
            }
        }
        return false
    }

    private static func after(
        _ effect: Effectuation, _ state: [String: String]
    ) -> [String: String]? {
        for (key, requirement) in effect.requires {
            let isMet =
                switch requirement {
                case .absent: state[key] == nil
                case .present: state[key] != nil
                case .holds(let value): state[key] == value
                case .holdsOther(let value): state[key] != nil && state[key] != value
                }
            if !isMet { return nil }
        }
        var next = state
        for (key, value) in effect.writes { next[key] = value }
        return next
    }

    /// What a server that does one thing after the other answers.
    static func perform(_ call: ClientCall, _ state: inout [String: String]) -> ClientOutcome {
        switch call {
        case .get(let key): return .values(state.filter { $0.key == key })
        case .list: return .values(state)
        case .create(let key, let value):
            guard state[key] == nil else { return .exists }
            state[key] = value
        case .update(let key, let value):
            guard state[key] != nil else { return .missing }
            state[key] = value
        case .compareAndSet(let key, let from, let to):
            guard let held = state[key] else { return .missing }
            guard held == from else { return .conflict }
            state[key] = to
        case .delete(let key):
            guard state.removeValue(forKey: key) != nil else { return .missing }
        case .deleteIf(let key, let value):
            guard let held = state[key] else { return .missing }
            guard held == value else { return .conflict }
            state[key] = nil
        case .deleteAll:
            defer { state = [:] }
            return .values(state)
        }
        return .done
    }
}
