import Base

// Linearizable reads without log entries: thesis §6.4 (ReadIndex).
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
        // The asker gives up by itself after an election timeout.
        guard role == .leader, reads.count < limits.pendingReadsMax else {
            out.append(.mark("raft.read.dropped"))
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

    /// Takes a read as the leader: its index is today's commit index, and it may be answered
    /// when a round of heartbeats that starts now shows that there is no newer leader.
    private mutating func lead(
        _ asker: RaftReads.Asker, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard log.term(at: commitIndex) == term else {
            reads.held.append(asker)
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
        guard !reads.waiting.isEmpty, let confirmed = majority(own: reads.round, { $0.round })
        else { return }
        for read in reads.takeConfirmed(upTo: confirmed) {
            switch read.asker {
            case .local(let ticket): out.append(.readReady(ticket, index: read.index))
            case .remote(let peer, let identifier):
                out.append(
                    .send(
                        to: peer, .readResponse(identifier: identifier, index: read.index)))
            }
        }
        // Reads that came while the round was out share the next one.
        if !reads.waiting.isEmpty, !reads.isRoundOut { startReadRound(at: now, into: &out) }
    }

    /// The first entry of the leader's term is committed: it knows what is committed.
    mutating func releaseHeldReads(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard !reads.held.isEmpty else { return }
        let held = reads.held
        reads.held = []
        for asker in held { lead(asker, at: now, into: &out) }
    }

    /// The leader they waited for is gone. Remote askers notice by themselves.
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
