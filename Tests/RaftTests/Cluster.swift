import Base
import Raft

/// What a safety checker found.
struct Violation: Error, CustomStringConvertible {
    var description: String
}

/// A few machines with a network that loses, repeats and reorders, and disks that forget what
/// was not synced, under one seed and virtual time.
struct Cluster {
    struct Options {
        var machines = 5
        /// Of the machines, those that are voters in the first entry of every log.
        var voters = 5
        var loss = 0.05
        var duplication = 0.05
        var delayMax = Span.milliseconds(30)
        var diskMax = Span.milliseconds(20)
        /// Between two faults.
        var faultInterval = Span.milliseconds(300)
        var changesMembership = false
        var usesCodec = false
        var reads = RaftReadMode.readIndex
        /// How far a clock's rate may be from the true one, either way, in thousandths.
        var driftMax = 0
        /// Disks that answer late or refuse, and machines that stop for a while.
        var stalls = false

        /// Knobs drawn from the seed, so that some runs are calm and some are wild, each in
        /// its own way (swarm testing, Groce and others 2012).
        static func drawn(seed: UInt64) -> Options {
            var random = Random(seed: seed ^ 0x5EED)
            var options = Options()
            options.machines = random.chance(0.4) ? 3 : 5
            options.voters = options.machines
            options.loss = [0, 0.02, 0.1, 0.3][random.below(4)]
            options.duplication = [0, 0.05, 0.3][random.below(3)]
            options.delayMax = .milliseconds([2, 20, 80, 250][random.below(4)])
            options.diskMax = .milliseconds([1, 20, 100, 400][random.below(4)])
            options.faultInterval = .milliseconds([100, 300, 900][random.below(3)])
            options.usesCodec = random.chance(0.1)
            options.reads = random.chance(0.5) ? .lease : .readIndex
            options.driftMax = [0, 10, 45][random.below(3)]
            options.stalls = random.chance(0.5)
            return options
        }
    }

    enum Event {
        case deliver(from: Int, to: Int, RaftMessage)
        case synced(Int, life: Int, RaftPersistence)
        case snapshotSynced(Int, life: Int, RaftSnapshotMetadata, isInstall: Bool, [UInt8])
        case snapshotPiece(Int, life: Int, RaftInput)
        case snapshotRead(Int, life: Int, Ticket, [UInt8]?, isLast: Bool)
        case wake(Int, life: Int)
        case client
        case fault

        /// Whose process handles it; nil for what happens around the machines.
        var machine: Int? {
            switch self {
            case .deliver(_, let number, _), .synced(let number, _, _),
                .snapshotSynced(let number, _, _, _, _), .snapshotPiece(let number, _, _),
                .snapshotRead(let number, _, _, _, _),
                .wake(let number, _):
                number
            case .client, .fault: nil
            }
        }
    }

    let options: Options
    var random: Random
    var now = Instant.zero
    var queue = EventQueue<Event>()
    var machines: [Machine] = []
    var numbers: [MachineName: Int] = [:]
    var checker = Checker()
    var outbox = Outbox<RaftEffect>()
    var areFaultsOn = true
    var healedAt = Instant.zero
    var lastTicket: UInt64 = 0
    var lastCommand: UInt64 = 0
    /// Same seed, same digest.
    var digest: UInt64 = 0

    init(seed: UInt64, options: Options) throws {
        self.options = options
        random = Random(seed: seed)
        let names = (1...options.machines).compactMap { MachineName("machine-\($0)") }
        let first = RaftEntry(
            index: 1, term: 1,
            payload: .membership(RaftMembership(voters: Array(names[..<options.voters]))))
        for (number, name) in names.enumerated() {
            numbers[name] = number
            let drift = random.below(2 * options.driftMax + 1) - options.driftMax
            let machine = Machine(name: name, clockRate: Int64(1_000 + drift))
            if number < options.voters {
                let records: [RaftRecord] = [
                    .hardState(RaftHardState(term: 1)), .entries([first]),
                ]
                machine.disk.records = records.map { $0.encoded() }
            }
            machines.append(machine)
            try start(number)
        }
        queue.add(.client, at: now)
        queue.add(.fault, at: now + options.faultInterval)
    }

    // MARK: Running

    /// Handles one event; the time moves to it.
    mutating func advance() throws {
        guard let (time, event) = queue.next() else { return }
        now = time
        if let number = event.machine, machines[number].pausedUntil > now {
            // A stopped process finds everything that waited for it, in order.
            queue.add(event, at: machines[number].pausedUntil)
            return
        }
        switch event {
        case .deliver(let from, let to, let message):
            guard machines[from].partition == machines[to].partition else { return }
            try step(to, .message(from: machines[from].name, message))
        case .synced(let number, let life, let persistence):
            guard machines[number].life == life else { return }
            machines[number].disk.sync(upTo: persistence)
            try step(number, .persisted(upTo: persistence))
        case .snapshotSynced(let number, let life, let metadata, let isInstall, let bytes):
            guard machines[number].life == life else { return }
            machines[number].disk.keep(metadata, bytes)
            if isInstall {
                try checker.restore(machines[number], metadata, bytes)
            }
            try step(number, isInstall ? .snapshotInstalled(metadata) : .snapshotSaved(metadata))
        case .snapshotPiece(let number, let life, let answer):
            guard machines[number].life == life else { return }
            try step(number, answer)
        case .snapshotRead(let number, let life, let ticket, let bytes, let isLast):
            guard machines[number].life == life else { return }
            try step(
                number,
                bytes.map { .snapshotRead(ticket, bytes: $0, isLast: isLast) }
                    ?? .snapshotUnavailable(ticket))
        case .wake(let number, let life):
            guard machines[number].life == life else { return }
            machines[number].wakeAt = nil
            try step(number, .wake)
        case .client:
            try actAsClient()
            queue.add(.client, at: now + random.span(from: .milliseconds(5), to: .milliseconds(40)))
        case .fault:
            if areFaultsOn { try injectFault() }
            queue.add(.fault, at: now + random.span(from: .zero, to: options.faultInterval * 2))
        }
    }

    mutating func run(events: Int) throws {
        for number in 0..<events {
            try advance()
            if number % 128 == 0 { try checker.checkLogs(machines) }
        }
    }

    /// Runs until something holds, for at most the span; false when it never did.
    mutating func run(for span: Span, until holds: (Cluster) -> Bool) throws -> Bool {
        let end = now + span
        while now < end {
            for _ in 0..<32 { try advance() }
            if holds(self) {
                try checker.checkLogs(machines)
                return true
            }
        }
        return false
    }

    /// Gives one machine an input and performs the effects.
    mutating func step(_ number: Int, _ input: RaftInput) throws {
        let machine = machines[number]
        guard let before = machine.core.map(Checker.Before.init) else { return }
        machine.core?.step(input, at: machine.clock(at: now), into: &outbox)
        try check(machine, before)
        let deadline = machine.core?.deadline.map(machine.time(of:))
        for effect in outbox.take() { try perform(effect, number) }
        if let deadline, machine.wakeAt.map({ deadline < $0 }) ?? true {
            machine.wakeAt = deadline
            queue.add(.wake(number, life: machine.life), at: max(deadline, now))
        }
    }

    private mutating func check(_ machine: Machine, _ before: Checker.Before) throws {
        guard let core = machine.core else { return }
        core.checkInvariants()
        try checker.check(core, before: before)
        digest = (digest ^ UInt64(bitPattern: now.nanoseconds) ^ UInt64(outbox.count))
            &* 0x100_0000_01B3 &+ core.term &+ core.commitIndex &* 31 &+ core.lastIndex &* 131
    }

    private mutating func perform(_ effect: RaftEffect, _ number: Int) throws {
        let life = machines[number].life
        let diskMax = areFaultsOn ? options.diskMax : .milliseconds(5)
        var disk = now + random.span(from: .zero, to: diskMax)
        if areFaultsOn, options.stalls, random.chance(0.01) { disk = disk + .milliseconds(1_200) }
        switch effect {
        case .persist(let persist):
            if machines[number].refusesWrites {
                try step(number, .persistFailed)
                return
            }
            let end = machines[number].disk.write(persist, doneAt: disk)
            queue.add(.synced(number, life: life, persist.persistence), at: end)
        case .send(let peer, let message): try send(message, from: number, to: peer)
        case .apply(let entries):
            for entry in entries { try checker.apply(entry, to: machines[number]) }
        case .readReady(let ticket, let index):
            try checker.finishRead(ticket, index: index)
        case .readRejected(let ticket, _): checker.forgetRead(ticket)
        case .saveSnapshot(let metadata):
            let bytes = try checker.snapshot(machines[number], metadata)
            queue.add(
                .snapshotSynced(number, life: life, metadata, isInstall: false, bytes), at: disk)
        case .writeSnapshot(let ticket, let metadata, let offset, let bytes):
            let isKept = machines[number].disk.keep(piece: bytes, at: offset)
            let answer: RaftInput =
                isKept ? .snapshotWritten(ticket) : .snapshotRefused(metadata)
            queue.add(.snapshotPiece(number, life: life, answer), at: disk)
        case .installSnapshot(let metadata):
            let bytes = machines[number].disk.incoming
            queue.add(
                .snapshotSynced(number, life: life, metadata, isInstall: true, bytes), at: disk)
        case .readSnapshot(let ticket, let metadata, let offset, let countMax):
            let piece = machines[number].disk.read(metadata, offset: offset, countMax: countMax)
            queue.add(
                .snapshotRead(
                    number, life: life, ticket, piece?.bytes, isLast: piece?.isLast ?? false),
                at: disk)
        case .mark(let text): checker.marks[text, default: 0] += 1
        case .proposalRejected, .membershipChangeRejected, .roleChanged, .membershipChanged:
            break
        }
    }

    private mutating func send(_ message: RaftMessage, from: Int, to peer: MachineName) throws {
        guard let to = numbers[peer], machines[from].partition == machines[to].partition
        else { return }
        var message = message
        if options.usesCodec { message = try RaftCodec.decode(RaftCodec.encode(message)) }
        let loss = areFaultsOn ? options.loss : 0
        let copies = areFaultsOn && random.chance(options.duplication) ? 2 : 1
        for _ in 0..<copies where !random.chance(loss) {
            let delayMax = areFaultsOn ? options.delayMax : .milliseconds(5)
            let delay = random.span(from: .microseconds(200), to: delayMax)
            queue.add(.deliver(from: from, to: to, message), at: now + delay)
        }
    }

    // MARK: Clients

    private mutating func actAsClient() throws {
        let number = random.below(machines.count)
        lastTicket += 1
        let ticket = Ticket(lastTicket)
        switch random.below(10) {
        case 0..<6:
            lastCommand += 1
            var writer = ByteWriter()
            writer.writeInteger(lastCommand)
            try step(number, .propose(ticket, writer.bytes))
        case 6..<9:
            checker.beginRead(ticket)
            try step(number, .readIndex(ticket))
        default:
            // Both may leave the cluster without a leader for a moment.
            guard areFaultsOn else { return }
            if options.changesMembership, random.chance(0.9) {
                try step(number, .changeMembership(ticket, drawChange()))
            } else if random.chance(0.2) {
                try step(number, .transferLeadership(to: nil))
            }
        }
    }

    /// Half of the changes are of one machine, the others of as many as a leader can take.
    private mutating func drawChange() -> RaftMembershipChange {
        let name = machines[random.below(machines.count)].name
        guard random.chance(0.5), let leader = leaders.first, let core = machines[leader].core
        else {
            let changes: [RaftMembershipChange] = [
                .addLearner(name), .promote(name), .demote(name), .remove(name),
            ]
            return changes[random.below(4)]
        }
        var change = RaftMembershipChange()
        let learners = core.caughtUpLearners(at: machines[leader].clock(at: now))
        change.promoted = learners.filter { _ in random.chance(0.8) }
        change.added = machines.map(\.name).filter { !core.membership.contains($0) }
        let voters = core.membership.voters
        for voter in voters where change.demoted.count + change.removed.count < voters.count / 2 {
            switch random.below(5) {
            case 0: change.removed.append(voter)
            case 1: change.demoted.append(voter)
            default: break
            }
        }
        return change
    }

    // MARK: Faults

    private mutating func injectFault() throws {
        let number = random.below(machines.count)
        if options.stalls, random.chance(0.3) {
            if random.chance(0.5) {
                machines[number].refusesWrites = true
            } else {
                machines[number].pausedUntil =
                    now + random.span(from: .milliseconds(50), to: .milliseconds(1_500))
            }
        }
        switch random.below(6) {
        case 0, 1: crash(number)
        case 2, 3: for number in machines.indices { try start(number) }
        case 4: for number in machines.indices { machines[number].partition = random.below(2) }
        default: for number in machines.indices { machines[number].partition = 0 }
        }
    }

    /// A power cut: what was not synced is lost, or a part of it, in order, survives.
    mutating func crash(_ number: Int) {
        guard machines[number].core != nil else { return }
        machines[number].core = nil
        machines[number].life += 1
        machines[number].wakeAt = nil
        machines[number].refusesWrites = false
        machines[number].disk.crash(&random)
    }

    mutating func start(_ number: Int) throws {
        guard machines[number].core == nil else { return }
        let disk = machines[number].disk
        let restored = try RaftRestoredState.replay(
            records: disk.records, snapshot: disk.snapshot?.metadata)
        try checker.restart(machines[number], disk.snapshot)
        var configuration = RaftConfiguration(name: machines[number].name)
        configuration.limits = .small
        configuration.reads = options.reads
        let core = RaftCore(
            configuration: configuration, restored: restored,
            random: Random(seed: random.next()), now: machines[number].clock(at: now))
        machines[number].core = core
        if let deadline = core.deadline.map(machines[number].time(of:)) {
            machines[number].wakeAt = deadline
            queue.add(.wake(number, life: machines[number].life), at: deadline)
        }
    }

    mutating func heal() throws {
        areFaultsOn = false
        healedAt = now
        for number in machines.indices {
            machines[number].partition = 0
            machines[number].pausedUntil = now
            if machines[number].core?.status(at: now).hasDiskFailed == true { crash(number) }
            machines[number].refusesWrites = false
            try start(number)
        }
    }

    /// What each machine thinks, for a failure's message.
    var summary: String {
        machines.map { machine in
            guard let status = machine.core?.status(at: now) else {
                return "\(machine.name) is off"
            }
            let membership = status.membership
            return "\(machine.name) \(status.role) of \(status.leader?.text ?? "nobody") in"
                + " \(status.term), log to \(status.lastIndex), committed \(status.commitIndex),"
                + " voters \(membership.voters), before \(membership.outgoing),"
                + " learners \(membership.learners)"
        }.joined(separator: "\n")
    }

    /// Those that think they lead.
    var leaders: [Int] { machines.indices.filter { machines[$0].core?.role == .leader } }
}

extension RaftLimits {
    /// So small that every bound is met within a few thousand events.
    static var small: RaftLimits {
        var limits = RaftLimits()
        limits.appendEntriesMax = 4
        limits.appendBytesMax = 200
        limits.appendsInFlightMax = 3
        limits.pendingProposalsMax = 40
        limits.snapshotChunkBytes = 24
        limits.snapshotAfterEntries = 12
        limits.entriesKeptBehindSnapshot = 4
        limits.promotionLagMax = 8
        return limits
    }
}
