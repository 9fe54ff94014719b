package import Base
import Daemon
import Gossip
import Kubelet
import Raft

/// A whole cluster in one value of time: machines with the real ``DaemonCore``, and a network,
/// disks, container runtimes and clients that obey one seed.
///
/// A plain loop takes what is due from a queue and hands it over; nothing else ever happens.
package final class World {
    package let seed: UInt64
    package internal(set) var now = Instant.zero
    /// The first broken rule, with which the run ends.
    package internal(set) var violation: String?
    private(set) var violationKind = SimulationFailure.Kind.correctness
    var plan: FaultPlan
    var queue = DeliveryQueue()
    var machines: [VirtualMachine] = []
    /// Machines by their names.
    var numbers: [MachineName: Int] = [:]
    var network: VirtualNetwork
    var workload: Workload
    var checkers = Checkers()
    var trace: Trace
    /// Trouble that was hit, beside what the network and the disks count themselves.
    var coverage = FaultCoverage()
    var random: Random
    /// What went wrong, in words, for the report.
    package internal(set) var faultsHit: [String] = []
    package internal(set) var steps = 0
    /// Commands of operators on their way, by the tickets under which machines answer them.
    var identityTasks: [Ticket: IdentityTask] = [:]
    /// Far above the tickets under which machines renew their certificates.
    var lastIdentityTicket: UInt64 = 1 << 62
    /// Changes of authorities that no machine has agreed to yet.
    var rotationsWanted = 0
    var hasRotated = false
    /// The operator has said that nobody is to be waited for.
    var isHurried = false
    /// What daemons are configured to want.
    package var votersWanted = 3
    let machinesMax: Int
    /// What machines are called, with their number.
    private let prefix: String
    private var outbox = Outbox<DaemonEffect>()

    /// - Parameter plan: its knobs hold from the start; its faults are scheduled by the caller.
    package init(
        seed: UInt64, machines count: Int, plan: FaultPlan = FaultPlan(),
        names prefix: String = "machine", isTraceKept: Bool = true
    ) {
        self.prefix = prefix
        self.seed = seed
        self.plan = plan
        trace = Trace(isKept: isTraceKept)
        random = Random(seed: seed)
        machinesMax = count + Self.newcomersMax
        network = VirtualNetwork(machinesMax: machinesMax, random: Random(seed: random.next()))
        workload = Workload(random: Random(seed: random.next()))
        network.knobs = plan.network
        for _ in 0..<count { addMachine() }
    }

    /// Brings a machine that never ran, if there is room for it; nil when there is not.
    @discardableResult
    func addMachine() -> VirtualMachine? {
        guard machines.count < machinesMax else { return nil }
        let machine = makeMachine(machines.count)
        numbers[machine.name] = machine.number
        machines.append(machine)
        return machine
    }

    private func makeMachine(_ number: Int) -> VirtualMachine {
        let skew = random.span(from: plan.wallSkewMax * -1, to: plan.wallSkewMax)
        let range = Int(2 * plan.driftMax)
        let drift = range == 0 ? 0 : Int64(random.below(range)) - plan.driftMax
        return VirtualMachine(
            number: number, name: machineName(number),
            address: "10.0.\(number / 200).\(number % 200 + 1)",
            clock: VirtualClock(driftPartsPerMillion: drift, wallSkew: skew),
            isFirst: number == 0, random: Random(seed: random.next()))
    }

    func machineName(_ number: Int) -> MachineName {
        guard let name = MachineName("\(prefix)-\(number + 1)") else {
            preconditionFailure("the name of machine \(number) is not a name")
        }
        return name
    }

    // MARK: Time

    /// Lets the time pass up to an instant, or to the first broken rule.
    package func run(until end: Instant) {
        while violation == nil, let (at, delivery) = queue.removeFirst(until: end) {
            now = max(now, at)
            deliver(delivery)
        }
        if violation == nil { now = max(now, end) }
    }

    package func run(for span: Span) { run(until: now + span) }

    /// Runs until the condition holds, which is looked at now and then; false when the time is
    /// over first.
    @discardableResult
    package func run(
        within limit: Span, lookingEach pause: Span = .milliseconds(10),
        until condition: () -> Bool
    ) -> Bool {
        let end = now + limit
        while violation == nil {
            if condition() { return true }
            guard now < end else { return false }
            run(for: pause)
        }
        return false
    }

    /// Ends the run with the first broken rule.
    func fail(_ rule: String, _ kind: SimulationFailure.Kind = .correctness) {
        guard violation == nil else { return }
        violationKind = kind
        violation = rule
        trace.note("VIOLATION: \(rule)", at: now)
    }

    // MARK: Deliveries

    private func deliver(_ delivery: Delivery) {
        if let number = delivery.machine, machines[number].isPaused || machines[number].isBusy,
            isPutOff(delivery, machines[number])
        {
            return
        }
        act(on: delivery)
    }

    func act(on delivery: Delivery) {
        switch delivery {
        case .wake(let number, let life):
            let machine = machines[number]
            guard machine.life == life, machine.armedAt.map({ $0 <= now }) == true else { return }
            machine.armedAt = nil
            // Most deadlines have moved on by then, as an election's does with each heartbeat.
            guard isDue(machine) else { return arm(machine) }
            give(.wake, to: machine)
        case .unbusy(let number, let life):
            guard machines[number].life == life else { return }
            workOff(machines[number])
        case .input(let number, let life, let input):
            guard machines[number].life == life else { return }
            give(input, to: machines[number])
        case .datagram(let from, let to, let payload):
            let sender = machines[from]
            guard !isBarred(from, by: machines[to]) else { return }
            let address = PeerAddress(ip: sender.address, port: Self.meshPort)
            give(
                .datagram(from: sender.name, address: address, payload: payload),
                to: machines[to])
        case .frame(let from, let to, let link, let frame): deliver(frame, from, to, link)
        case .synced(let number, let boot): finishSync(machines[number], boot)
        case .snapshotSynced(let number, let boot, let metadata, let bytes, let isInstall):
            let machine = machines[number]
            guard machine.boot == boot else { return }
            let answer = machine.disk.finish(metadata, bytes, isInstall: isInstall)
            if case .snapshotInstalled = answer { coverage.note(.snapshotInstall) }
            give(answer, to: machine)
        case .operation(let number, let boot, let life, let ticket, let request):
            guard machines[number].boot == boot else { return }
            finishOperation(machines[number], life, ticket, request)
        case .containerEnds(let number, let boot, let id, let exitCode):
            guard machines[number].boot == boot else { return }
            endContainer(id, exitCode, on: machines[number])
        case .clientResumes(let client, let turn): resumeClient(client, turn)
        case .clientGivesUp(let ticket): giveUp(ticket)
        case .response(let ticket, let signal): tellClient(ticket, signal)
        case .request(let ticket): deliverRequest(ticket)
        case .fault(let fault): hit(fault)
        }
    }

    private func deliver(_ frame: PeerFrame, _ from: Int, _ to: Int, _ link: Int) {
        guard network.isCurrent(link: link, from, to), !isBarred(from, by: machines[to]) else {
            return
        }
        let sender = machines[from].name
        switch frame.kind {
        case .state: give(.state(from: sender, payload: frame.bytes), to: machines[to])
        case .log:
            guard let message = try? RaftCodec.decode(frame.bytes) else {
                return fail("a Raft message of \(sender) cannot be decoded")
            }
            give(.raft(from: sender, message), to: machines[to])
        }
    }

    /// One step of a machine's core, and what it wants done, in order.
    func give(_ input: DaemonInput, to machine: VirtualMachine) {
        guard machine.gathered == nil else {
            machine.gathered?.append(input)
            return
        }
        guard machine.core != nil else { return }
        trace.input(input, machine, at: now)
        let local = tellTime(machine)
        machine.core?.step(input, at: local, into: &outbox)
        finishStep(of: machine)
    }

    /// Several inputs that arrived together.
    func give(_ inputs: [DaemonInput], to machine: VirtualMachine) {
        guard machine.core != nil, !inputs.isEmpty else { return }
        for input in inputs { trace.input(input, machine, at: now) }
        let local = tellTime(machine)
        machine.core?.step(inputs, at: local, into: &outbox)
        finishStep(of: machine)
    }

    /// Tells the core the calendar's time when it is due; returns the local clock's.
    private func tellTime(_ machine: VirtualMachine) -> Instant {
        let local = machine.clock.local(at: now)
        if machine.wallToldAt.map({ local - $0 >= Self.wallTimePeriod }) ?? true {
            machine.wallToldAt = local
            machine.core?.step(.wallTime(machine.clock.wall(at: now)), at: local, into: &outbox)
        }
        return local
    }

    private func finishStep(of machine: VirtualMachine) {
        steps += 1
        if steps >= stepsMax { fail("after \(steps) steps there is still no rest", .liveness) }
        // Before its effects: a machine that dies between two of them has told of changes already.
        guard let glance = machine.core?.glance() else { return }
        noteChanges(of: machine, at: glance.revision)
        perform(of: machine)
        guard machine.core != nil else { return }
        arm(machine)
        if machine.hasSaidGoodbye { return finishGoodbye(machine) }
        if let rule = checkers.afterStep(machine, glance, of: machines, at: now) { fail(rule) }
    }

    /// Performs the effects of a step, as far as the machine lives to do so.
    private func perform(of machine: VirtualMachine) {
        var effects = outbox.take()
        defer { outbox.recycle(&effects) }
        for effect in effects {
            if let crash = machine.crash {
                guard crash.afterEffects > 0 else {
                    coverage.note(.crashBetweenEffects)
                    self.crash(machine.number)
                    return schedule(.boot(machine.number), after: crash.downFor)
                }
                machine.crash?.afterEffects -= 1
            }
            perform(effect, of: machine)
        }
    }

    private func isDue(_ machine: VirtualMachine) -> Bool {
        guard let deadline = machine.core?.deadlineInPlace() else { return false }
        return deadline <= machine.clock.local(at: now)
    }

    private func arm(_ machine: VirtualMachine) {
        guard let deadline = machine.core?.deadlineInPlace() else { return }
        let at = max(now, machine.clock.world(atLocal: deadline))
        if let armed = machine.armedAt, armed <= at { return }
        guard at < .distantFuture else { return }
        machine.armedAt = at
        queue.add(.wake(machine: machine.number, life: machine.life), at: at)
    }

    /// Machines that talk without end would take all the steps there are: busy ones take some
    /// hundred a second.
    private var stepsMax: Int { 1_000_000 + Int((now - .zero).seconds) * 300 * machinesMax }
    /// How many machines may come in place of others, or besides them.
    private static let newcomersMax = 8
    private static let wallTimePeriod = Span.milliseconds(20)
    static let meshPort: UInt16 = 7946
    static let raftPort: UInt16 = 7947
    static let apiPort: UInt16 = 6443
}

extension DaemonCore {
    /// The deadline, read where the core stands. Reading a member of an optional copies the value
    /// around it, and copying a whole core after each step costs more than the step.
    fileprivate mutating func deadlineInPlace() -> Instant? { deadline }
}

extension Delivery {
    /// The machine that must not be paused or busy to take it.
    fileprivate var machine: Int? {
        switch self {
        case .wake(let machine, _), .input(let machine, _, _), .datagram(_, let machine, _),
            .frame(_, let machine, _, _), .synced(let machine, _),
            .snapshotSynced(let machine, _, _, _, _), .operation(let machine, _, _, _, _),
            .containerEnds(let machine, _, _, _):
            machine
        case .clientResumes, .clientGivesUp, .response, .request, .fault, .unbusy: nil
        }
    }
}
