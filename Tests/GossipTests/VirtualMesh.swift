import Base
import Gossip

/// Cores under virtual time, joined by a network that delays, drops and partitions.
struct VirtualMesh {
    struct Change: Equatable {
        let at: Instant
        let observer: Int
        let subject: MachineName
        let status: GossipMember.Status
    }

    struct Machine {
        let name: MachineName
        var core: GossipCore
        var isRunning = true
        /// While stalled, what arrives waits.
        var isStalled = false
        var waiting: [Delivery] = []
        var wakeAt: Instant?
        /// Machines of different islands do not hear each other.
        var island = 0
        /// No datagram from or to it arrives; its links work.
        var losesDatagrams = false
        var hasLeft = false
        var conflict: GossipMember?
        var forgotten: [MachineName] = []
        var offers = 0
        var sent = 0
        var sentBytes = 0
        var largestPayload = 0
        var assignmentChanges = 0
        var marks: [GossipMark: Int] = [:]
    }

    struct Delivery {
        let from: Int
        let payload: [UInt8]
        var isReliable = false
    }

    private enum Action {
        case deliver(Int, Delivery)
        case wake(Int)
    }

    private struct Scheduled {
        let at: Instant
        let order: Int
        let action: Action
    }

    private(set) var now = Instant.zero
    var machines: [Machine] = []
    private(set) var changes: [Change] = []
    var loss = 0.0
    var latency = (Span.microseconds(200), Span.milliseconds(2))
    /// At resumption, whether the timer fires before the socket is read.
    var wakesBeforeReading = false
    private var random: Random
    private var heap: [Scheduled] = []
    private var order = 0
    /// When the last message of a link arrives, by `from << 32 | to`.
    private var linkArrivals: [Int: Instant] = [:]
    private var outbox = Outbox<GossipEffect>()
    let configuration: GossipConfiguration

    init(
        _ count: Int, seed: UInt64, loss: Double = 0,
        configuration: GossipConfiguration = GossipConfiguration()
    ) {
        random = Random(seed: seed)
        self.loss = loss
        self.configuration = configuration
        for _ in 0..<count { addMachine() }
    }

    static func name(_ index: Int) -> MachineName { MachineName("machine-\(index)")! }
    static func address(_ index: Int) -> PeerAddress {
        PeerAddress(ip: "10.0.\(index / 256).\(index % 256)", port: 7946)
    }

    private static func index(_ address: PeerAddress) -> Int? {
        let parts = address.ip.split(separator: ".").compactMap { Int($0) }
        return parts.count == 4 ? parts[2] * 256 + parts[3] : nil
    }

    @discardableResult
    mutating func addMachine(
        named name: MachineName? = nil, incarnation: UInt64 = 1_000
    ) -> Int {
        let index = machines.count
        let name = name ?? Self.name(index)
        machines.append(
            Machine(name: name, core: makeCore(index, name, incarnation: incarnation)))
        return index
    }

    private mutating func makeCore(
        _ index: Int, _ name: MachineName, incarnation: UInt64
    ) -> GossipCore {
        GossipCore(
            configuration: configuration,
            local: GossipMember(
                name: name, address: Self.address(index), incarnation: incarnation,
                tags: ["api": "6443"]),
            random: Random(seed: random.next()), now: now)
    }

    // MARK: What tests do

    /// Every machine joins through the first two; then all is quiet.
    mutating func assemble() {
        for index in machines.indices.dropFirst() { join(index, through: [0, 1]) }
        run(for: .seconds(5))
        precondition(isWhole, "the mesh did not assemble")
        changes = []
        for index in machines.indices { machines[index].marks = [:] }
    }

    mutating func join(_ index: Int, through seeds: [Int]) {
        let seeds = seeds.filter { $0 != index }.map {
            GossipSeed(name: Self.name($0), address: Self.address($0))
        }
        step(index, .join(seeds: seeds))
    }

    mutating func step(_ index: Int, _ input: GossipInput) {
        guard machines[index].isRunning else { return }
        machines[index].core.step(input, at: now, into: &outbox)
        if machines.count <= 16 || random.below(64) == 0 {
            precondition(
                machines[index].core.invariantViolation == nil,
                machines[index].core.invariantViolation ?? "")
        }
        for effect in outbox.take() { perform(effect, of: index) }
        arm(index)
    }

    mutating func kill(_ index: Int) {
        machines[index].isRunning = false
        machines[index].wakeAt = nil
    }

    /// A new process of the same name, some seconds of incarnation later.
    mutating func restart(_ index: Int, incarnation: UInt64, through seeds: [Int]) {
        machines[index].isRunning = true
        machines[index].isStalled = false
        machines[index].waiting = []
        machines[index].core = makeCore(
            index, machines[index].name, incarnation: incarnation)
        join(index, through: seeds)
    }

    mutating func stall(_ index: Int) { machines[index].isStalled = true }

    mutating func resume(_ index: Int) {
        machines[index].isStalled = false
        if wakesBeforeReading { step(index, .wake) }
        let waiting = machines[index].waiting
        machines[index].waiting = []
        for delivery in waiting { hand(delivery, to: index) }
        arm(index)
    }

    mutating func run(for span: Span) { run(until: now + span) }

    mutating func run(until end: Instant) {
        while let next = heap.first, next.at <= end {
            now = max(now, next.at)
            handle(popFirst().action)
        }
        now = end
    }

    /// Runs until the condition, asked every millisecond or so, holds; the time it took, or
    /// nil after the limit.
    mutating func run(
        within limit: Span, every pause: Span = .milliseconds(1),
        until condition: (VirtualMesh) -> Bool
    ) -> Span? {
        let start = now
        while !condition(self) {
            guard now - start < limit else { return nil }
            run(for: pause)
        }
        return now - start
    }

    // MARK: What tests ask

    var running: [Int] { machines.indices.filter { machines[$0].isRunning } }

    /// Every running machine sees every running machine alive, and no other as live.
    var isWhole: Bool {
        running.allSatisfy { observer in
            machines[observer].core.liveCount == running.count
                && running.allSatisfy { status(of: $0, at: observer) == .alive }
        }
    }

    func status(of subject: Int, at observer: Int) -> GossipMember.Status? {
        machines[observer].core[Self.name(subject)]?.status
    }

    func allSee(_ subject: Int, as status: GossipMember.Status) -> Bool {
        running.allSatisfy { $0 == subject || self.status(of: subject, at: $0) == status }
    }

    var tablesAgree: Bool {
        let digests = machines[running[0]].core.table.digests
        guard running.allSatisfy({ machines[$0].core.table.digests == digests })
        else { return false }
        let live = running.map { machines[$0].core.table.sortedEntries.filter { !$0.isTombstone } }
        return live.allSatisfy { $0 == live[0] }
    }

    func failures(of subject: Int? = nil) -> [Change] {
        changes.filter {
            $0.status == .failed && (subject == nil || $0.subject == Self.name(subject!))
        }
    }

    // MARK: Machinery

    private mutating func perform(_ effect: GossipEffect, of index: Int) {
        switch effect {
        case .send(let name, let address, let payload):
            machines[index].sent += 1
            machines[index].sentBytes += payload.count
            machines[index].largestPayload = max(machines[index].largestPayload, payload.count)
            guard let target = Self.index(address), machines.indices.contains(target),
                machines[target].name == name, !random.chance(loss),
                !machines[index].losesDatagrams, !machines[target].losesDatagrams
            else { return }
            let delay = random.span(from: latency.0, to: latency.1)
            schedule(at: now + delay, .deliver(target, Delivery(from: index, payload: payload)))
        case .memberChanged(let member, _):
            changes.append(
                Change(at: now, observer: index, subject: member.name, status: member.status))
        case .sendReliably(let name, let payload):
            sendReliably(payload, to: name, from: index)
        case .left: machines[index].hasLeft = true
        case .nameConflict(let record): machines[index].conflict = record
        case .memberForgotten(let name): machines[index].forgotten.append(name)
        case .assignmentChanged: machines[index].assignmentChanges += 1
        case .mark(let mark): machines[index].marks[mark, default: 0] += 1
        case .malformed(let from, let error): preconditionFailure("\(from) sent noise: \(error)")
        case .publishRefused, .tagsRefused: break
        }
    }

    /// To the machine that the sender's record names, as the daemon's links do.
    private mutating func sendReliably(_ payload: [UInt8], to name: MachineName, from index: Int) {
        guard let address = machines[index].core[name]?.address,
            let target = Self.index(address), machines.indices.contains(target),
            machines[target].name == name
        else { return }
        machines[index].sentBytes += payload.count
        if case .offer? = (try? GossipCodec.decodeLink(payload))?.message {
            machines[index].offers += 1
        }
        let link = index << 32 | target
        let arrival = max(
            now + random.span(from: latency.0, to: latency.1),
            (linkArrivals[link] ?? .zero) + .nanoseconds(1))
        linkArrivals[link] = arrival
        schedule(
            at: arrival,
            .deliver(target, Delivery(from: index, payload: payload, isReliable: true)))
    }

    private mutating func handle(_ action: Action) {
        switch action {
        case .deliver(let target, let delivery):
            guard machines[target].isRunning,
                machines[target].island == machines[delivery.from].island
            else { return }
            if machines[target].isStalled {
                machines[target].waiting.append(delivery)
            } else {
                hand(delivery, to: target)
            }
        case .wake(let index):
            guard machines[index].wakeAt == now, !machines[index].isStalled else { return }
            machines[index].wakeAt = nil
            step(index, .wake)
        }
    }

    private mutating func hand(_ delivery: Delivery, to index: Int) {
        let sender = machines[delivery.from].name
        if delivery.isReliable {
            step(index, .reliable(from: sender, payload: delivery.payload))
        } else {
            step(
                index,
                .datagram(
                    from: sender, address: Self.address(delivery.from),
                    payload: delivery.payload))
        }
    }

    private mutating func arm(_ index: Int) {
        guard machines[index].isRunning, !machines[index].isStalled,
            let deadline = machines[index].core.deadline
        else { return }
        let at = max(now, deadline)
        guard machines[index].wakeAt != at else { return }
        machines[index].wakeAt = at
        schedule(at: at, .wake(index))
    }

    private mutating func schedule(at: Instant, _ action: Action) {
        order += 1
        heap.append(Scheduled(at: at, order: order, action: action))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isEarlier(child, parent) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func popFirst() -> Scheduled {
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && isEarlier(child, smallest) { smallest = child }
            if smallest == parent { return first }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }

    private func isEarlier(_ left: Int, _ right: Int) -> Bool {
        let (first, second) = (heap[left], heap[right])
        return first.at == second.at ? first.order < second.order : first.at < second.at
    }
}
