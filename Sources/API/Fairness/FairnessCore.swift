package import Base

/// The bounds of fairness.
package struct FairnessLimits: Sendable, Equatable {
    /// How many requests are served at once, by all limited levels together; as Kubernetes'
    /// `--max-requests-inflight` and `--max-mutating-requests-inflight` have it.
    package var seats = 600
    /// How long a request may wait for a seat.
    package var waitMax = Span.seconds(15)

    package init() {}
}

/// Who is served when there is more to do than can be done at once: API priority and fairness
/// (KEP-1040) as a value. Every limited level has a number of seats by its shares. What it does
/// not use others may borrow, as far as it lends; a request beyond waits in one of a few queues
/// that are dealt to its flow, the shortest of them, so that a flow that floods fills its own
/// hand and no other's. Queues of a level are served in turns.
///
/// 1. A ticket has a seat, or waits, or is unknown.
/// 2. No request waits at a level that may start one.
/// 3. No queue is longer than its level's limit.
package struct FairnessCore: Sendable {
    package enum Arrival: Sendable, Equatable {
        /// It has a seat until ``finish(_:)``.
        case admitted
        /// It gets one from ``finish(_:)``, or is given up by ``expired(at:)``.
        case queued
        /// Too many of its kind wait already: 429.
        case refused
    }

    private struct Waiting: Sendable {
        var ticket: Ticket
        var expires: Instant
    }

    private struct Level: Sendable {
        var rules: PriorityLevel
        var nominal = 0
        var lendable = 0
        var inUse = 0
        var waiting = 0
        var queues: [[Waiting]] = []
        /// The queue whose turn is next.
        var turn = 0

        /// Seats that others may use while this level does not.
        var idle: Int { min(lendable, max(0, nominal - inUse)) }
        var borrowed: Int { max(0, inUse - nominal) }
        var borrowingMax: Int {
            guard let percent = rules.borrowingLimitPercent else { return .max }
            return (nominal * percent + 99) / 100
        }
    }

    private let limits: FairnessLimits
    private var levels: [String: Level] = [:]
    /// In the order in which a free seat is offered.
    private var order: [String] = []
    private var seats: [Ticket: String] = [:]
    private var waits: [Ticket: (level: String, queue: Int)] = [:]

    package init(limits: FairnessLimits = FairnessLimits()) { self.limits = limits }

    /// How many requests wait.
    package var waitingCount: Int { waits.count }

    /// Takes other levels into account. Returns the requests that may start now: those whose level
    /// has more seats than before, and those whose level is gone, which are served at once.
    @discardableResult
    package mutating func configure(_ rules: [PriorityLevel]) -> [Ticket] {
        let shares = rules.reduce(0) { $0 + ($1.isExempt ? 0 : $1.shares) }
        var fresh: [String: Level] = [:]
        for rule in rules {
            var level = levels[rule.name] ?? Level(rules: rule)
            level.rules = rule
            level.nominal =
                shares == 0 || rule.isExempt
                ? 0 : (limits.seats * rule.shares + shares - 1) / shares
            level.lendable = level.nominal * rule.lendablePercent / 100
            while level.queues.count < rule.queues { level.queues.append([]) }
            fresh[rule.name] = level
        }
        levels = fresh
        order = rules.map(\.name).sorted()
        let orphans = waits.filter { levels[$0.value.level] == nil }.keys.sorted()
        for ticket in orphans { waits[ticket] = nil }
        return orphans + startNext()
    }

    /// - Parameter flow: nil for a request that no schema chooses; it is served at once.
    package mutating func arrive(
        _ ticket: Ticket, _ flow: FlowIdentity?, at now: Instant
    ) -> Arrival {
        guard let flow, let level = levels[flow.level], !level.rules.isExempt else {
            return .admitted
        }
        if level.waiting == 0, mayStart(level) {
            levels[flow.level]?.inUse += 1
            seats[ticket] = flow.level
            return .admitted
        }
        guard level.rules.queues > 0 else { return .refused }
        let queue = shortest(of: Self.hand(of: flow, level.rules), level)
        guard level.queues[queue].count < level.rules.queueLengthLimit else { return .refused }
        levels[flow.level]?.queues[queue].append(
            Waiting(ticket: ticket, expires: now + limits.waitMax))
        levels[flow.level]?.waiting += 1
        waits[ticket] = (flow.level, queue)
        return .queued
    }

    /// Gives the seat of a request back, or its place in a queue. Returns those that may start.
    package mutating func finish(_ ticket: Ticket) -> [Ticket] {
        if let name = seats.removeValue(forKey: ticket) {
            levels[name]?.inUse -= 1
        } else if let place = waits.removeValue(forKey: ticket) {
            levels[place.level]?.queues[place.queue].removeAll { $0.ticket == ticket }
            levels[place.level]?.waiting -= 1
        } else {
            return []
        }
        return startNext()
    }

    /// Requests that have waited too long; they are answered 429 and forgotten.
    package mutating func expired(at now: Instant) -> [Ticket] {
        let late = order.flatMap { name in
            (levels[name]?.queues ?? []).flatMap { queue in
                queue.filter { $0.expires <= now }.map(\.ticket)
            }
        }
        for ticket in late { _ = finish(ticket) }
        return late
    }

    /// When the first of those that wait has waited too long.
    package var deadline: Instant? {
        guard !waits.isEmpty else { return nil }
        return levels.values.flatMap { $0.queues.compactMap { $0.first?.expires } }.min()
    }

    private func mayStart(_ level: Level) -> Bool {
        if level.inUse < level.nominal { return true }
        guard level.borrowed < level.borrowingMax else { return false }
        let others = levels.values.filter { $0.rules.name != level.rules.name }
        let idle = others.reduce(0) { $0 + $1.idle }
        let borrowed = levels.values.reduce(0) { $0 + $1.borrowed }
        return borrowed < idle
    }

    private mutating func startNext() -> [Ticket] {
        var started: [Ticket] = []
        for name in order {
            while let level = levels[name], level.waiting > 0, mayStart(level) {
                guard let ticket = takeNext(at: name) else { break }
                waits[ticket] = nil
                seats[ticket] = name
                levels[name]?.inUse += 1
                started.append(ticket)
            }
        }
        return started
    }

    /// The first of the next queue in turn that is not empty.
    private mutating func takeNext(at name: String) -> Ticket? {
        guard var level = levels[name] else { return nil }
        levels[name] = nil  // So that the queues are held once and changed in place.
        defer { levels[name] = level }
        for step in 0..<level.queues.count {
            let index = (level.turn + step) % level.queues.count
            guard !level.queues[index].isEmpty else { continue }
            level.turn = (index + 1) % level.queues.count
            level.waiting -= 1
            return level.queues[index].removeFirst().ticket
        }
        return nil
    }

    private func shortest(of hand: [Int], _ level: Level) -> Int {
        hand.min { level.queues[$0].count < level.queues[$1].count } ?? 0
    }

    /// The queues that are dealt to a flow: always the same ones for the same flow (shuffle
    /// sharding, as `k8s.io/apiserver/pkg/util/shufflesharding` deals them).
    static func hand(of flow: FlowIdentity, _ level: PriorityLevel) -> [Int] {
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in flow.schema.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        for byte in flow.distinguisher.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var hand: [Int] = []
        for dealt in 0..<min(level.handSize, level.queues) {
            let left = UInt64(level.queues - dealt)
            var card = Int(hash % left)
            hash /= left
            for other in hand.sorted() where other <= card { card += 1 }
            hand.append(card)
        }
        return hand
    }
}
