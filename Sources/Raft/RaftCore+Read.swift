import Base

// Linearizable reads without log entries: thesis §6.4 (ReadIndex) and §6.4.1 (leases).
//
// A lease is judged by the instant of the step that takes the read. The shell reads the clock
// after the request has arrived, and that clock counts on while the machine is suspended; so
// however late a paused leader gives the answer, it was true at an instant during the request.
extension RaftCore {
    mutating func onReadIndex(
        _ ticket: Ticket, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard reads.count < limits.pendingReadsMax else {
            out.append(.readRejected(ticket, .overloaded))
            return
        }
        if role == .leader {
            lead(.local(ticket), at: now, into: &out)
        } else if let leader {
            let identifier = reads.makeIdentifier()
            reads.forwarded.append(
                RaftReads.Forwarded(
                    identifier: identifier, ticket: ticket,
                    deadline: now + configuration.electionTimeoutMax))
            out.append(.send(to: leader, .readRequest(identifier: identifier)))
        } else {
            out.append(.readRejected(ticket, .noLeader))
        }
    }

    mutating func onReadRequest(
        _ identifier: UInt64, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        guard role == .leader, reads.count < limits.pendingReadsMax else {
            let rejection: RaftRejection = role == .leader ? .overloaded : .noLeader
            counters.refusals += 1
            out.append(.send(to: peer, .readRefused(identifier: identifier, rejection)))
            return
        }
        lead(.remote(peer, identifier: identifier), at: now, into: &out)
    }

    mutating func onReadResponse(
        _ identifier: UInt64, index: UInt64, into out: inout Outbox<RaftEffect>
    ) {
        guard let ticket = reads.takeForwarded(identifier: identifier) else { return }
        out.append(.readReady(ticket, index: index))
    }

    mutating func onReadRefused(
        _ identifier: UInt64, _ rejection: RaftRejection, into out: inout Outbox<RaftEffect>
    ) {
        guard let ticket = reads.takeForwarded(identifier: identifier) else { return }
        out.append(.readRejected(ticket, rejection))
    }

    /// True while no other machine can have been elected, if the clocks keep their promise. Not
    /// while leadership is on its way to another machine, nor ever again in a term in which one
    /// was told to campaign: that campaign is not delayed by anybody's refusal of votes.
    func hasLease(at now: Instant) -> Bool {
        guard role == .leader, configuration.reads == .lease, transfer == nil,
            !reads.isLeaseForfeited, let leaseUntil = reads.leaseUntil
        else { return false }
        return now < leaseUntil
    }

    /// Takes a read as the leader: its index is today's commit index, and it may be answered
    /// when a round of heartbeats that starts now shows that there is no newer leader.
    private mutating func lead(
        _ asker: RaftReads.Asker, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard log.term(at: commitIndex) == term else {
            reads.held.append(asker)
            return
        }
        guard !hasLease(at: now) else {
            counters.readsByLease += 1
            answer(asker, index: commitIndex, into: &out)
            return
        }
        let isRoundOut = reads.isRoundOut
        reads.waiting.append(
            RaftReads.Waiting(asker: asker, index: commitIndex, round: reads.round + 1))
        if !isRoundOut { startReadRound(at: now, into: &out) }
    }

    private mutating func startReadRound(at now: Instant, into out: inout Outbox<RaftEffect>) {
        broadcastHeartbeat(at: now, into: &out)
        confirmReads(at: now, into: &out)
    }

    mutating func confirmReads(at now: Instant, into out: inout Outbox<RaftEffect>) {
        let hasLeases = configuration.reads == .lease && !reads.isLeaseForfeited
        guard hasLeases || !reads.waiting.isEmpty,
            let confirmed = majority(own: reads.round, { $0.round })
        else { return }
        if hasLeases { reads.extendLease(upTo: confirmed, by: configuration.leaseSpan) }
        guard !reads.waiting.isEmpty else { return }
        for read in reads.takeConfirmed(upTo: confirmed) {
            counters.readsByRound += 1
            answer(read.asker, index: read.index, into: &out)
        }
        // Reads that came while the round was out share the next one.
        if !reads.waiting.isEmpty, !reads.isRoundOut { startReadRound(at: now, into: &out) }
    }

    private func answer(
        _ asker: RaftReads.Asker, index: UInt64, into out: inout Outbox<RaftEffect>
    ) {
        switch asker {
        case .local(let ticket): out.append(.readReady(ticket, index: index))
        case .remote(let peer, let identifier):
            out.append(.send(to: peer, .readResponse(identifier: identifier, index: index)))
        }
    }

    /// The first entry of the leader's term is committed: it knows what is committed.
    mutating func releaseHeldReads(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard !reads.held.isEmpty else { return }
        let held = reads.held
        reads.held = []
        for asker in held { lead(asker, at: now, into: &out) }
    }

    /// The leader they waited for is gone. Remote askers hear of it with the new leader.
    mutating func rejectReads(_ reason: RaftRejection, into out: inout Outbox<RaftEffect>) {
        for asker in reads.waiting.map(\.asker) + reads.held {
            if case .local(let ticket) = asker { out.append(.readRejected(ticket, reason)) }
        }
        for read in reads.forwarded { out.append(.readRejected(read.ticket, reason)) }
        reads.waiting = []
        reads.held = []
        reads.forwarded = []
    }

    mutating func expireReads(at now: Instant, into out: inout Outbox<RaftEffect>) {
        while let read = reads.forwarded.first, now >= read.deadline {
            reads.forwarded.removeFirst()
            out.append(.readRejected(read.ticket, .timedOut))
        }
    }
}
