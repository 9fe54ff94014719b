import API
import Base
import Raft
import Store

/// The road of a call: a transaction goes into the log as it is, a read waits for the read index.
/// No document is parsed on it.
extension DaemonCore {
    mutating func onCall(
        _ ticket: Ticket, _ call: StoreCall, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard pending.count < configuration.limits.pendingMax else {
            out.append(.answerCall(ticket, .refused(.overloaded)))
            return
        }
        let number = tickets.next()
        let expires = now + configuration.limits.requestTimeout
        switch call {
        case .transact(let body):
            pending.insert(
                number,
                PendingTable.Entry(
                    origin: .call(ticket, nil), phase: .pausing, expires: expires))
            commit(number, body: body, nil, at: now)
        case .read(let key):
            pending.insert(
                number,
                PendingTable.Entry(
                    origin: .call(ticket, key), phase: .awaitingReadIndex, expires: expires))
            stepRaft(.readIndex(number), at: now)
        }
    }

    /// Answers a read; this machine has applied what it must have.
    mutating func answerRead(
        _ number: Ticket, _ ticket: Ticket, _ key: Key, into out: inout Outbox<DaemonEffect>
    ) {
        pending.remove(number)
        let answer: StoreAnswer =
            store.snapshot[key].map { .document($0.bytes, modRevision: $0.modRevision) }
            ?? .absent(store.revision)
        out.append(.answerCall(ticket, answer))
    }

    /// Answers a transaction that has met its fate.
    mutating func answerTransaction(
        _ number: Ticket, _ ticket: Ticket, _ result: TransactionResult,
        into out: inout Outbox<DaemonEffect>
    ) {
        pending.remove(number)
        let answer: StoreAnswer =
            switch result {
            case .committed(let revision): .committed(revision)
            case .conflict(let key): .conflict(key)
            case .duplicate: .refused(.timedOut)
            case .rejected: .refused(.malformed)
            }
        out.append(.answerCall(ticket, answer))
    }
}
