import API
import Base
import Kubelet
import Objects
import Store

/// Requests and writes on their way through the log, each under a number of its own. The number
/// is also the ticket by which Raft knows them.
struct PendingTable: Sendable {
    /// Who waits for the answer.
    enum Origin: Sendable {
        case client(Ticket, APIRequest)
        /// A call to the Store; the key of a read, nil for a transaction.
        case call(Ticket, Key?)
        case control(Ticket, ObjectWrite)
        case kubelet(Ticket, ObjectWrite)
        /// The shell under its ticket, or the machine itself.
        case identity(Ticket?, IdentityRequest)
        /// The machine itself, which waits to have a current state.
        case synchronization
        /// Nobody; the shell wants the documents in the Store.
        case bootstrap([Operation])
    }

    enum Phase: Sendable {
        /// Raft confirms that this machine's state is current.
        case awaitingReadIndex
        /// This machine applies what the read index covers.
        case awaitingIndex(UInt64)
        /// This machine applies what the client saw.
        case awaitingRevision(Revision)
        /// The transaction is proposed; the answer waits for its fate.
        case committing(sequence: UInt64, command: [UInt8], PendingResponse?)
        /// Nothing was under way; it starts again at the deadline.
        case pausing
    }

    struct Entry: Sendable {
        var origin: Origin
        var phase: Phase
        /// When the wait ends with an error.
        var expires: Instant
        var evaluations = 0
        /// How often the present command was handed to Raft.
        var proposals = 0

        /// Bytes that the client sent.
        var weight: Int {
            if case .client(_, let request) = origin { return request.body.count }
            return 0
        }
    }

    private(set) var entries: [Ticket: Entry] = [:]
    /// When each entry wants attention: a repetition, or its expiry.
    private var deadlines = TicketDeadlines()
    private var byClient: [Ticket: Ticket] = [:]
    private var bySequence: [UInt64: Ticket] = [:]
    /// Numbers that wait for an index or a revision, in order of their arrival.
    private(set) var waitingReads: [Ticket] = []
    private(set) var nextSequence: UInt64 = 1
    /// Tickets of clients whose requests have left the table.
    private var finishedClients: [Ticket] = []
    /// Bytes of the clients' requests.
    private(set) var bytes = 0

    var count: Int { entries.count }
    /// Requests of clients among them.
    var clientCount: Int { byClient.count }
    var deadline: Instant? { deadlines.deadline }

    subscript(number: Ticket) -> Entry? { entries[number] }

    mutating func insert(_ number: Ticket, _ entry: Entry) {
        entries[number] = entry
        bytes += entry.weight
        deadlines.schedule(number, at: entry.expires)
        if case .client(let client, _) = entry.origin { byClient[client] = number }
        note(number, entry.phase)
    }

    mutating func setPhase(_ number: Ticket, _ phase: Phase, attention: Instant? = nil) {
        // An entry holds a whole request, so it is changed in its place.
        guard let former = entries[number]?.phase, let expires = entries[number]?.expires else {
            return
        }
        forget(number, former)
        entries[number]?.phase = phase
        note(number, phase)
        deadlines.schedule(number, at: min(attention ?? expires, expires))
    }

    mutating func countEvaluation(_ number: Ticket) -> Int {
        entries[number]?.evaluations += 1
        return entries[number]?.evaluations ?? 0
    }

    /// The command, a new one or the same again, is handed to Raft.
    mutating func countProposal(_ number: Ticket, isFirst: Bool) {
        if isFirst { entries[number]?.proposals = 0 }
        entries[number]?.proposals += 1
    }

    mutating func restartEvaluations(_ number: Ticket) { entries[number]?.evaluations = 0 }

    @discardableResult
    mutating func remove(_ number: Ticket) -> Entry? {
        guard let entry = entries.removeValue(forKey: number) else { return nil }
        bytes -= entry.weight
        forget(number, entry.phase)
        deadlines.cancel(number)
        if case .client(let client, _) = entry.origin {
            byClient[client] = nil
            noteFinished(client)
        }
        return entry
    }

    mutating func noteFinished(_ client: Ticket) { finishedClients.append(client) }

    mutating func takeFinishedClients() -> [Ticket] {
        guard !finishedClients.isEmpty else { return [] }
        defer { finishedClients = [] }
        return finishedClients
    }

    /// Forgets the writes of controllers.
    mutating func removeControl() {
        for (number, entry) in entries {
            if case .control = entry.origin { remove(number) }
        }
    }

    func number(ofClient ticket: Ticket) -> Ticket? { byClient[ticket] }
    func number(ofSequence sequence: UInt64) -> Ticket? { bySequence[sequence] }

    /// The answer that waits for the command of that number.
    func response(ofSequence sequence: UInt64) -> PendingResponse? {
        guard let number = bySequence[sequence],
            case .committing(_, _, let response) = entries[number]?.phase
        else { return nil }
        return response
    }

    mutating func takeSequence() -> UInt64 {
        defer { nextSequence += 1 }
        return nextSequence
    }

    mutating func takeWaitingReads() -> [Ticket] {
        defer { waitingReads = [] }
        return waitingReads
    }

    mutating func popDue(at now: Instant) -> Ticket? { deadlines.popDue(at: now) }

    private mutating func note(_ number: Ticket, _ phase: Phase) {
        switch phase {
        case .awaitingIndex, .awaitingRevision: waitingReads.append(number)
        case .committing(let sequence, _, _): bySequence[sequence] = number
        case .awaitingReadIndex, .pausing: break
        }
    }

    private mutating func forget(_ number: Ticket, _ phase: Phase) {
        switch phase {
        case .awaitingIndex, .awaitingRevision: waitingReads.removeAll { $0 == number }
        case .committing(let sequence, _, _): bySequence[sequence] = nil
        case .awaitingReadIndex, .pausing: break
        }
    }
}
