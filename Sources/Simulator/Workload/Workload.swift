import API
import Base
import Daemon
import JSON

/// What reaches a client.
enum ClientSignal {
    case response(APIResponse)
    case streamBegan
    case streamBytes([UInt8])
    /// The connection broke, was refused, or the client gave up.
    case lost
    /// The pause is over.
    case resumed
}

/// What a client does next.
enum ClientAction {
    case send(APIRequest)
    case pause(Span)
    /// Waits for more signals.
    case wait
    /// Breaks its connection off, and goes on after a pause.
    case hangUp(Span)
    case stop
}

/// What clients share: what they know of each other, and what checks their answers.
struct ClientContext {
    var registers = RegisterChecker()
    var history = HistoryRecorder()
    var changes = ChangeLog()
    /// How much longer than in a storm what clients make takes its time.
    var patience: Int64 = 1
    var random: Random
    var now = Instant.zero
}

/// A client of the API, like kubectl or an operator's library. One thing at a time.
protocol Client {
    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction
    /// The rule that the answers broke, if any.
    var violation: String? { get }
}

/// The clients, and the requests they wait for.
final class Workload {
    struct Exchange {
        var client: Int
        var machine: Int
        var request: APIRequest
    }

    var clients: [any Client] = []
    /// Counts the turns of each client, so that an old timer does nothing.
    var turns: [Int] = []
    /// Which clients do nothing but wait for the end of a pause.
    var isPausing: [Bool] = []
    var exchanges: [Ticket: Exchange] = [:]
    var context: ClientContext
    var lastTicket: UInt64 = 0
    /// Clients that write stop at their next turn.
    var isOver = false

    init(random: Random) { context = ClientContext(random: random) }

    var registers: RegisterChecker { context.registers }
}

extension World {
    func add(_ client: any Client) {
        workload.clients.append(client)
        workload.turns.append(0)
        workload.isPausing.append(true)
        queue.add(.clientResumes(workload.clients.count - 1, turn: 0), at: now)
    }

    func resumeClient(_ client: Int, _ turn: Int) {
        guard workload.turns[client] == turn else { return }
        tell(client, .resumed, nil)
    }

    /// A machine answers, which takes a moment to arrive.
    func answer(_ ticket: Ticket, _ signal: ClientSignal) {
        guard workload.exchanges[ticket] != nil else { return }
        queue.add(.response(ticket, signal), at: now + Self.clientDelay)
    }

    func tellClient(_ ticket: Ticket, _ signal: ClientSignal) {
        guard let exchange = workload.exchanges[ticket] else { return }
        switch signal {
        case .response, .lost: workload.exchanges[ticket] = nil
        case .streamBegan, .streamBytes, .resumed: break
        }
        tell(exchange.client, signal, ticket)
    }

    func giveUp(_ ticket: Ticket) {
        guard let exchange = workload.exchanges[ticket] else { return }
        cancel(ticket, exchange)
        tellClient(ticket, .lost)
    }

    /// The client is gone; nothing of the answer that is under way reaches it.
    private func hangUp(_ ticket: Ticket) {
        guard let exchange = workload.exchanges.removeValue(forKey: ticket) else { return }
        cancel(ticket, exchange)
    }

    private func cancel(_ ticket: Ticket, _ exchange: Workload.Exchange) {
        let machine = machines[exchange.machine]
        queue.add(
            .input(machine: machine.number, life: machine.life, .cancelled(ticket)), at: now)
    }

    func deliverRequest(_ ticket: Ticket) {
        guard let exchange = workload.exchanges[ticket] else { return }
        let machine = machines[exchange.machine]
        guard let view = machine.core?.inspect({ $0.view }) else { return answer(ticket, .lost) }
        guard !machine.isPaused else {
            queue.add(
                .input(
                    machine: machine.number, life: machine.life,
                    .request(ticket, exchange.request)), at: now)
            return
        }
        // As a shell does on its threads: with the view there is now, told some time later.
        let wall = machine.clock.wall(at: now)
        var input = DaemonInput.request(ticket, exchange.request)
        var delay = Span.zero
        let flow = view.flow(of: exchange.request, at: wall)
        switch view.evaluate(ticket, exchange.request, flow: flow, at: wall) {
        case .respond(let response): return answer(ticket, .response(response))
        case .write(let write):
            input = .evaluated(ticket, exchange.request, write)
            delay = Self.evaluationDelay
        case .undecided: break
        }
        queue.add(
            .input(machine: machine.number, life: machine.life, input), at: now + delay)
    }

    func loseExchanges(of machine: VirtualMachine) {
        for ticket in workload.exchanges.keys.sorted()
        where workload.exchanges[ticket]?.machine == machine.number {
            answer(ticket, .lost)
        }
    }

    private func tell(_ client: Int, _ signal: ClientSignal, _ ticket: Ticket?) {
        workload.turns[client] += 1
        workload.isPausing[client] = false
        workload.context.now = now
        let action = workload.clients[client].on(signal, &workload.context)
        if let rule = workload.clients[client].violation { fail(rule) }
        switch action {
        case .send(let request): send(request, from: client)
        case .pause(let span): pause(client, for: span)
        case .hangUp(let span):
            if let ticket { hangUp(ticket) }
            pause(client, for: span)
        case .wait, .stop: break
        }
    }

    private func pause(_ client: Int, for span: Span) {
        workload.isPausing[client] = true
        queue.add(
            .clientResumes(client, turn: workload.turns[client]),
            at: now + span * plan.clientPause)
    }

    /// Ends the pauses of all clients: in a season they last long.
    func wakeClients() {
        for client in workload.clients.indices where workload.isPausing[client] {
            queue.add(.clientResumes(client, turn: workload.turns[client]), at: now)
        }
    }

    /// Sends to some machine that is on. It may be paused or cut off; then the client gives up.
    private func send(_ request: APIRequest, from client: Int) {
        let candidates = machines.filter(\.isPowered).map(\.number)
        guard !candidates.isEmpty else {
            let turn = workload.turns[client]
            queue.add(.clientResumes(client, turn: turn), at: now + .milliseconds(200))
            return
        }
        workload.lastTicket += 1
        let ticket = Ticket(workload.lastTicket)
        let machine = candidates[workload.context.random.below(candidates.count)]
        workload.exchanges[ticket] = Workload.Exchange(
            client: client, machine: machine, request: request)
        queue.add(.request(ticket), at: now + Self.clientDelay)
        if !request.query.contains("watch=") {
            queue.add(.clientGivesUp(ticket), at: now + Self.clientPatience)
        }
    }

    /// Long enough for other writes to come between.
    private static let evaluationDelay = Span.microseconds(200)
    private static let clientDelay = Span.microseconds(300)
    private static let clientPatience = Span.seconds(3)
}
