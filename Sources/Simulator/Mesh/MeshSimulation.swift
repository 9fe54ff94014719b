package import Base
package import Gossip

/// Meshes of up to 10,000 machines in virtual time: ``GossipCore`` alone, without daemons
/// and seals. All that happens follows from the seed.
///
/// A mesh may be larger than the number of cores that run it (`cores`): then each core
/// plays every machine whose index leaves the same rest. It probes and gossips at the rate
/// of one machine, with the tables and timeouts of the whole mesh, so what *one* machine
/// sends is as in the whole mesh; what depends on who knows what is not. So such a mesh
/// can be asked for its traffic, without loss, and for nothing else.
package struct MeshSimulation: Sendable {
    struct Machine: Sendable {
        var core: GossipCore
        var isRunning = true
        var isStalled = false
        /// Slots of the datagrams that arrived during a stall.
        var waiting: [Int] = []
        /// When the queue holds a wake for this machine that is not too late.
        var wakeAt: Instant?
    }

    /// A datagram under way.
    private struct Delivery: Sendable {
        /// Machines; the cores that play them may be others.
        var from: Int
        var to: Int
        var payload: [UInt8]
        /// Over a link, which loses nothing.
        var isReliable = false
    }

    /// A change that one machine noticed of another.
    package struct Notice: Hashable, Sendable {
        package let at: Instant
        package let observer: Int
        package let subject: Int
        package let status: GossipMember.Status
    }

    package let machineCount: Int
    package let configuration: GossipConfiguration
    package var knobs: MeshKnobs
    package private(set) var now = Instant.zero
    /// Changes of status since ``forgetNotices()``, up to ``noticesMax``.
    package private(set) var notices: [Notice] = []
    package static let noticesMax = 1_000_000
    /// Datagrams handed to the network, and their bytes with the seal but without the headers
    /// of UDP and IP.
    package private(set) var datagramsSent = 0
    package private(set) var bytesSent = 0
    /// Verdicts against machines that ran.
    package private(set) var falseFailures = 0
    /// Rows that machines took into their tables, all machines together.
    package private(set) var rowsTaken = 0

    var machines: [Machine]
    private var names: [MachineName] = []
    private var indices: [MachineName: Int] = [:]
    private var addresses: [PeerAddress] = []
    private var queue = MeshEventQueue()
    private var deliveries: [Delivery] = []
    private var freeSlots: [Int] = []
    private var outbox = Outbox<GossipEffect>()
    private var random: Random

    /// An assembled mesh. `cores` is the number of cores that play the machines; nil for
    /// one each.
    package init(
        machines count: Int, cores: Int? = nil, seed: UInt64, knobs: MeshKnobs = MeshKnobs(),
        configuration: GossipConfiguration = GossipConfiguration()
    ) {
        precondition((2...10_000).contains(count), "a mesh has 2 to 10,000 machines")
        let coreCount = min(count, max(2, cores ?? count))
        precondition(count.isMultiple(of: coreCount), "cores must divide the machines")
        machineCount = count
        self.configuration = configuration
        self.knobs = knobs
        random = Random(seed: seed)
        machines = []
        var members: [GossipMember] = []
        for index in 0..<count {
            guard let name = MachineName("machine-\(index)") else { continue }
            let ip = "10.\(index / 65_536).\(index / 256 % 256).\(index % 256)"
            let address = PeerAddress(ip: ip, port: 7_946)
            names.append(name)
            indices[name] = index
            addresses.append(address)
            members.append(GossipMember(name: name, address: address, incarnation: 1_000))
        }
        // One table for all, whose parts a core copies when it changes them.
        let table = MemberTable(members)
        var order = names
        random.shuffle(&order)
        for index in 0..<coreCount {
            let core = GossipCore(
                configuration: configuration, local: members[index], knowing: table, order: order,
                random: Random(seed: random.next()), now: now)
            machines.append(Machine(core: core))
        }
        for index in machines.indices {
            arm(index)
            scheduleStall(of: index)
        }
    }

    // MARK: What an experiment does

    /// The process of the machine is gone from now on.
    package mutating func kill(_ index: Int) { machines[index].isRunning = false }

    package func isRunning(_ index: Int) -> Bool { machines[index].isRunning }

    /// A number for the experiment's own choices.
    package mutating func draw(below bound: Int) -> Int { random.below(bound) }

    package mutating func forgetNotices() { notices.removeAll(keepingCapacity: true) }

    package mutating func resetTraffic() {
        datagramsSent = 0
        bytesSent = 0
    }

    /// Hands an input to one machine.
    package mutating func step(_ index: Int, _ input: GossipInput) {
        step(index, input, as: nil, answering: nil)
    }

    /// How one machine sees another.
    package func status(of subject: Int, at observer: Int) -> GossipMember.Status? {
        machines[observer].core[names[subject]]?.status
    }

    // MARK: Time

    package mutating func run(for span: Span) { run(until: now + span) }

    package mutating func run(until end: Instant) {
        while let next = queue.first, next.at <= end { happen(next) }
        now = end
    }

    /// Runs until the condition holds, looking after every event; the time that it took, or
    /// nil when it did not within the limit.
    package mutating func run(
        within limit: Span, until isDone: (MeshSimulation) -> Bool
    ) -> Span? {
        let start = now
        while !isDone(self) {
            guard let next = queue.first, next.at - start <= limit else { return nil }
            happen(next)
        }
        return now - start
    }

    private mutating func happen(_ event: MeshEventQueue.Event) {
        queue.removeFirst()
        now = max(now, event.at)
        let subject = Int(event.subject)
        switch event.kind {
        case .delivery: deliver(subject)
        case .wake: wake(subject, scheduledAt: event.at)
        case .stall:
            guard machines[subject].isRunning else { return }
            machines[subject].isStalled = true
            queue.schedule(.resume, subject, at: now + knobs.stallDuration)
        case .resume: resume(subject)
        }
    }

    private mutating func wake(_ index: Int, scheduledAt instant: Instant) {
        // Another wake took the place of this one.
        guard machines[index].wakeAt == instant else { return }
        machines[index].wakeAt = nil
        guard machines[index].isRunning, !machines[index].isStalled else { return }
        if let deadline = machines[index].core.deadline, deadline > now {
            arm(index)
        } else {
            step(index, .wake)
        }
    }

    private mutating func scheduleStall(of index: Int) {
        guard let interval = knobs.stallInterval else { return }
        let pause = random.span(from: .zero, to: interval * 2)
        queue.schedule(.stall, index, at: now + pause)
    }

    private mutating func resume(_ index: Int) {
        guard machines[index].isRunning else { return }
        machines[index].isStalled = false
        // Which is seen first, the timer or the socket, is luck.
        if random.chance(0.5) { step(index, .wake) }
        let waiting = machines[index].waiting
        machines[index].waiting = []
        for slot in waiting { deliver(slot) }
        arm(index)
        scheduleStall(of: index)
    }

    /// Sees to it that the machine is woken at its deadline. One that moves away leaves its
    /// wake in the queue, which then looks again.
    private mutating func arm(_ index: Int) {
        guard machines[index].isRunning, let deadline = machines[index].core.deadline
        else { return }
        let due = max(now, deadline)
        if let wakeAt = machines[index].wakeAt, wakeAt <= due { return }
        machines[index].wakeAt = due
        queue.schedule(.wake, index, at: due)
    }

    // MARK: Datagrams

    private mutating func deliver(_ slot: Int) {
        let delivery = deliveries[slot]
        let index = delivery.to % machines.count
        guard !machines[index].isStalled else {
            machines[index].waiting.append(slot)
            return
        }
        deliveries[slot].payload = []
        freeSlots.append(slot)
        let sender = names[delivery.from]
        let input: GossipInput =
            delivery.isReliable
            ? .reliable(from: sender, payload: delivery.payload)
            : .datagram(
                from: sender, address: addresses[delivery.from], payload: delivery.payload)
        step(index, input, as: delivery.to, answering: delivery.from)
    }

    /// `alias` is the machine that the core plays in this step, for answers to `sender`.
    private mutating func step(
        _ index: Int, _ input: GossipInput, as alias: Int?, answering sender: Int?
    ) {
        guard machines[index].isRunning, !machines[index].isStalled else { return }
        machines[index].core.step(input, at: now, into: &outbox)
        // Taken out so that performing may change the rest of the world; the storage stays.
        var effects = outbox
        outbox = Outbox()
        effects.drain { effect in
            switch effect {
            case .send(let to, _, let payload):
                guard let target = indices[to] else { return }
                let from = target == sender ? alias : nil
                send(payload, from: from ?? self.alias(of: index, to: target), to: target)
            case .sendReliably(let to, let payload):
                guard let target = indices[to] else { return }
                let from = target == sender ? alias : nil
                send(
                    payload, from: from ?? self.alias(of: index, to: target), to: target,
                    isReliable: true)
            case .memberChanged(let member, let previous):
                notice(member, previous: previous, by: index)
            case .assignmentChanged: rowsTaken += 1
            case .publishRefused, .tagsRefused, .malformed, .memberForgotten, .nameConflict,
                .left, .mark:
                break
            }
        }
        outbox = effects
        arm(index)
    }

    /// The machine as which a core speaks first: itself, or by lot one of those it plays.
    private mutating func alias(of index: Int, to target: Int) -> Int {
        guard machines.count < machineCount else { return index }
        let roles = machineCount / machines.count
        let isToItself = target % machines.count == index
        // Its core takes its own name for an echo.
        let role = isToItself ? 1 + random.below(roles - 1) : random.below(roles)
        return index + role * machines.count
    }

    private mutating func send(
        _ payload: [UInt8], from: Int, to: Int, isReliable: Bool = false
    ) {
        datagramsSent += isReliable ? 0 : 1
        bytesSent += payload.count + DatagramSealer.overheadBytes
        if !isReliable, knobs.loss > 0, random.chance(knobs.loss) { return }
        let delivery = Delivery(from: from, to: to, payload: payload, isReliable: isReliable)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            deliveries[slot] = delivery
        } else {
            slot = deliveries.count
            deliveries.append(delivery)
        }
        let latency = random.span(from: knobs.latencyMin, to: knobs.latencyMax)
        queue.schedule(.delivery, slot, at: now + latency)
    }

    private mutating func notice(
        _ member: GossipMember, previous: GossipMember.Status?, by observer: Int
    ) {
        guard previous != member.status, let subject = indices[member.name] else { return }
        if member.status == .failed, machines[subject % machines.count].isRunning {
            falseFailures += 1
        }
        guard notices.count < Self.noticesMax else { return }
        notices.append(
            Notice(at: now, observer: observer, subject: subject, status: member.status))
    }
}
