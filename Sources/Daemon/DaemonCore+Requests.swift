import API
import Base
import Control
import JSON
import Kubelet
import Objects
import Raft
import Store

/// The road of a request: read index, evaluation against a snapshot, transaction, answer. A
/// conflict leads back to the evaluation; a refusal of Raft to a pause and another try.
extension DaemonCore {
    // MARK: Arrival

    mutating func onRequest(
        _ ticket: Ticket, _ request: APIRequest, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard hasRoom(for: request) else {
            out.append(.respond(ticket, .status(Self.overloaded)))
            return
        }
        let requirement = api.requirement(of: request)
        if case .refused(let response) = requirement {
            out.append(.respond(ticket, response))
            return
        }
        let number = tickets.next()
        let expires = now + configuration.limits.requestTimeout
        let phase: PendingTable.Phase
        switch requirement {
        case .anySnapshot, .exactly, .refused: phase = .awaitingIndex(0)
        case .consistentRead: phase = .awaitingReadIndex
        case .notOlderThan(let revision): phase = .awaitingRevision(revision)
        }
        pending.insert(
            number,
            PendingTable.Entry(
                origin: .client(ticket, request), phase: phase, expires: expires))
        switch phase {
        case .awaitingReadIndex: stepRaft(.readIndex(number), at: now)
        default: evaluateReads(at: now, into: &out)
        }
    }

    /// A client's write of which only the transaction is left to do.
    mutating func onEvaluatedRequest(
        _ ticket: Ticket, _ request: APIRequest, _ transaction: Commit, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard hasRoom(for: request) else {
            out.append(.respond(ticket, .status(Self.overloaded)))
            return
        }
        let number = tickets.next()
        pending.insert(
            number,
            PendingTable.Entry(
                origin: .client(ticket, request), phase: .pausing,
                expires: now + configuration.limits.requestTimeout))
        _ = pending.countEvaluation(number)
        commit(
            number, preconditions: transaction.preconditions, operations: transaction.operations,
            transaction.response, at: now)
    }

    private func hasRoom(for request: APIRequest) -> Bool {
        pending.count < configuration.limits.pendingMax
            && pending.bytes + request.body.count <= configuration.limits.pendingBytesMax
    }

    /// A write of a controller or the kubelet. It is evaluated at once: what it is based on is
    /// this machine's own view, and the transaction checks that the view still holds.
    mutating func accept(
        _ origin: PendingTable.Origin, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        let number = tickets.next()
        pending.insert(
            number,
            PendingTable.Entry(
                origin: origin, phase: .pausing,
                expires: now + configuration.limits.writeTimeout))
        evaluate(number, at: now, into: &out)
    }

    /// Waits until this machine holds every write acknowledged so far, then tells the kubelet.
    mutating func synchronize(at now: Instant) {
        let number = tickets.next()
        pending.insert(
            number,
            PendingTable.Entry(
                origin: .synchronization, phase: .awaitingReadIndex, expires: .distantFuture))
        stepRaft(.readIndex(number), at: now)
    }

    /// Brings a new cluster's first documents into the log, however long it takes.
    mutating func propose(_ operations: [Operation], at now: Instant) {
        let number = tickets.next()
        pending.insert(
            number,
            PendingTable.Entry(
                origin: .bootstrap(operations), phase: .pausing, expires: .distantFuture))
        commit(
            number, preconditions: operations.prefix(1).map { .absent($0.key) },
            operations: operations, nil, at: now)
    }

    mutating func onCancelled(_ ticket: Ticket) {
        watches.remove(ticket)
        forgetSeat(of: ticket)
        // A transaction that is under way goes on; only its answer is of no use any more.
        if let number = pending.number(ofClient: ticket) { pending.remove(number) }
    }

    // MARK: Reads

    mutating func onReadReady(_ number: Ticket, _ index: UInt64) {
        guard case .awaitingReadIndex = pending[number]?.phase else { return }
        pending.setPhase(number, .awaitingIndex(index))
        areReadsDue = true
    }

    mutating func onReadRejected(_ number: Ticket, at now: Instant) {
        guard case .awaitingReadIndex = pending[number]?.phase else { return }
        pending.setPhase(number, .pausing, attention: now + configuration.limits.retryPause)
    }

    /// Evaluates every request whose wait is over.
    mutating func evaluateReads(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        areReadsDue = false
        for number in pending.takeWaitingReads() {
            switch pending[number]?.phase {
            case .awaitingIndex(let index) where index > store.appliedIndex:
                pending.setPhase(number, .awaitingIndex(index))
            case .awaitingRevision(let revision) where revision > store.snapshot.revision:
                pending.setPhase(
                    number, .awaitingRevision(revision),
                    attention: now + configuration.limits.revisionWait)
            case .awaitingIndex, .awaitingRevision:
                evaluate(number, at: now, into: &out)
            default:
                break
            }
        }
    }

    // MARK: Evaluation

    private mutating func evaluate(
        _ number: Ticket, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        guard let entry = pending[number] else { return }
        let count = pending.countEvaluation(number)
        switch entry.origin {
        case .client(let ticket, let request):
            if MachineContacts.matter(to: request) { api.contacts = machineContacts(at: now) }
            let outcome = api.handle(request, snapshot: snapshot(for: request), at: wallTime)
            perform(outcome, number, ticket, request, evaluations: count, at: now, into: &out)
        case .control(_, let write):
            let user = UserInfo.system("kube-controller-manager")
            let outcome = api.handle(
                write, by: user, snapshot: store.snapshot, at: wallTime)
            perform(outcome, number, evaluations: count, at: now, into: &out)
        case .kubelet(_, let write):
            let user = UserInfo.machine(configuration.name.text)
            let outcome = api.handle(
                write, by: user, snapshot: store.snapshot, at: wallTime)
            perform(outcome, number, evaluations: count, at: now, into: &out)
        case .call(let ticket, let key):
            if let key { answerRead(number, ticket, key, into: &out) }
        case .identity(_, let request):
            guard count <= configuration.limits.evaluationsMax else {
                finishIdentity(number, Self.contended, at: now, into: &out)
                return
            }
            guard let decision = decide(number, request, at: now, into: &out) else { return }
            commit(
                number, preconditions: decision.preconditions, operations: decision.operations,
                nil, at: now)
        case .synchronization:
            pending.remove(number)
            restartKubeletView(at: now)
        case .bootstrap:
            pending.remove(number)
        }
    }

    /// A list that goes on reads the revision it began with, as far as that is remembered.
    private func snapshot(for request: APIRequest) -> Snapshot {
        // Without a query it cannot be one that goes on.
        guard !request.query.isEmpty,
            case .exactly(let revision) = api.requirement(of: request)
        else {
            return store.snapshot
        }
        return store.snapshot(at: revision) ?? store.snapshot
    }

    private mutating func perform(
        _ outcome: APIOutcome, _ number: Ticket, _ ticket: Ticket, _ request: APIRequest,
        evaluations: Int, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        switch outcome {
        case .respond(let response):
            pending.remove(number)
            out.append(.respond(ticket, response))
        case .commit(let proposal):
            guard evaluations <= configuration.limits.evaluationsMax else {
                pending.remove(number)
                out.append(.respond(ticket, .status(Self.contended)))
                return
            }
            commit(
                number, preconditions: proposal.preconditions, operations: proposal.operations,
                proposal.mustRepeat ? nil : proposal.response, at: now)
        case .watch(let stream):
            pending.remove(number)
            beginWatch(ticket, stream, at: now, into: &out)
        case .stream(let stream):
            pending.remove(number)
            openStream(ticket, stream, into: &out)
        case .issueToken(let issue):
            pending.remove(number)
            out.append(.issueToken(ticket, issue))
        case .proxy(let proxied):
            pending.remove(number)
            openProxy(ticket, proxied, into: &out)
        case .usage(let query):
            pending.remove(number)
            out.append(.gatherUsage(ticket, query, liveContacts))
        case .metrics:
            pending.remove(number)
            out.append(.serveMetrics(ticket))
        case .openIDKeys:
            pending.remove(number)
            out.append(.serveOpenIDKeys(ticket))
        }
    }

    private mutating func perform(
        _ outcome: WriteOutcome, _ number: Ticket, evaluations: Int, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        switch outcome {
        case .done(let result):
            finish(number, result, at: now)
        case .commit(let proposal):
            guard evaluations <= configuration.limits.evaluationsMax else {
                finish(number, .failure(Self.contended), at: now)
                return
            }
            commit(
                number, preconditions: proposal.preconditions, operations: proposal.operations,
                proposal.response, at: now)
        }
    }

    /// Tells a controller or the kubelet what became of its write.
    private mutating func finish(_ number: Ticket, _ result: WriteResult, at now: Instant) {
        switch pending.remove(number)?.origin {
        case .control(let ticket, _): stepControl(.finished(ticket, result), at: now)
        case .kubelet(let ticket, _): stepKubelet(.written(ticket, result), at: now)
        case .client, .call, .identity, .synchronization, .bootstrap, nil: break
        }
    }

    // MARK: Transactions

    private mutating func commit(
        _ number: Ticket, preconditions: [Precondition], operations: [Operation],
        _ response: PendingResponse?, at now: Instant
    ) {
        commit(number, body: Transaction.body(preconditions, operations), response, at: now)
    }

    /// Proposes a transaction under an identity of its own, together with the others of this step.
    mutating func commit(
        _ number: Ticket, body: [UInt8], _ response: PendingResponse?, at now: Instant
    ) {
        let sequence = pending.takeSequence()
        let id = CommandID(
            origin: configuration.name, epoch: configuration.epoch, sequence: sequence)
        let command = Transaction.encode(id, body: body)
        pending.setPhase(
            number, .committing(sequence: sequence, command: command, response),
            attention: now + configuration.limits.proposalRepeat)
        pending.countProposal(number, isFirst: true)
        proposals.append(RaftProposal(ticket: number, bytes: command))
    }

    mutating func onProposalRejected(
        _ number: Ticket, _ rejection: RaftRejection, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard case .committing(let sequence, let command, let response) = pending[number]?.phase
        else { return }
        if rejection == .tooLarge {
            fail(number, Self.tooLarge, at: now, into: &out)
            return
        }
        if rejection == .overloaded, pending[number]?.proposals == 1 {
            // No copy of the command is in a log, so the client may be told to try later. The disk
            // is slower than the clients: they wait, and not what they sent.
            fail(number, Self.overloaded, at: now, into: &out)
            return
        }
        // An earlier copy of the command may still be in a log, so the same one is repeated.
        pending.setPhase(
            number, .committing(sequence: sequence, command: command, response),
            attention: now + configuration.limits.retryPause)
    }

    mutating func onCommitted(
        _ id: CommandID, _ result: TransactionResult, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard let number = pending.number(ofSequence: id.sequence), let entry = pending[number],
            case .committing(_, _, let response) = entry.phase
        else { return }
        if case .call(let ticket, _) = entry.origin {
            answerTransaction(number, ticket, result, into: &out)
            return
        }
        switch result {
        case .committed(let revision):
            switch entry.origin {
            case .client(let ticket, _):
                guard let response else {
                    // A part of a large deletion is done; the rest is evaluated on the new state.
                    pending.restartEvaluations(number)
                    evaluate(number, at: now, into: &out)
                    return
                }
                pending.remove(number)
                out.append(.respond(ticket, response.finish(at: revision)))
            case .control, .kubelet:
                if let response { finish(number, response.result(at: revision), at: now) }
            case .identity: finishIdentity(number, nil, at: now, into: &out)
            case .call, .synchronization, .bootstrap:
                pending.remove(number)
            }
        case .conflict:
            evaluate(number, at: now, into: &out)
        case .duplicate:
            fail(number, Self.timedOut, at: now, into: &out)
        case .rejected:
            fail(number, Self.tooLarge, at: now, into: &out)
        }
    }

    // MARK: Time

    mutating func wakePending(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        while let number = pending.popDue(at: now) {
            guard let entry = pending[number] else { continue }
            guard now < entry.expires else {
                fail(number, Self.timedOut, at: now, into: &out)
                continue
            }
            switch entry.phase {
            case .pausing:
                switch entry.origin {
                case .client, .call, .synchronization:
                    pending.setPhase(number, .awaitingReadIndex)
                    stepRaft(.readIndex(number), at: now)
                case .control, .kubelet, .identity, .bootstrap:
                    evaluate(number, at: now, into: &out)
                }
            case .committing(_, let command, _):
                pending.countProposal(number, isFirst: false)
                pending.setPhase(
                    number, entry.phase, attention: now + configuration.limits.proposalRepeat)
                proposals.append(RaftProposal(ticket: number, bytes: command))
            case .awaitingRevision:
                evaluate(number, at: now, into: &out)
            case .awaitingReadIndex, .awaitingIndex:
                pending.setPhase(number, entry.phase)
            }
        }
    }

    private mutating func fail(
        _ number: Ticket, _ error: StatusError, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        switch pending[number]?.origin {
        case .client(let ticket, _):
            pending.remove(number)
            out.append(.respond(ticket, .status(error)))
        case .call(let ticket, _):
            pending.remove(number)
            let refusal: StoreRefusal = error == Self.tooLarge ? .tooLarge : .timedOut
            out.append(.answerCall(ticket, .refused(refusal)))
        case .identity: finishIdentity(number, error, at: now, into: &out)
        case .control, .kubelet, .synchronization, .bootstrap, nil:
            finish(number, .failure(error), at: now)
        }
    }

    private static let overloaded = StatusError(
        .tooManyRequests, "too many requests wait for the log; please try again later",
        retryAfterSeconds: 1)
    private static let contended = StatusError(
        .conflict, "the object was modified by others at each of several attempts")
    private static let timedOut = StatusError(
        .timeout, "Timeout: request did not complete within the allotted timeout; "
            + "the cluster may have no quorum")
    private static let tooLarge = StatusError(
        .requestEntityTooLarge, "the object is too large for the store")
}
