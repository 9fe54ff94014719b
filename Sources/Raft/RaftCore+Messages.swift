import Base

// Every message passes here: forged ones and old terms end, new terms are taken over.
extension RaftCore {
    mutating func onMessage(
        _ message: RaftMessage, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        guard message.isPlausible, peer != name else {
            out.append(.mark("raft.message.forged"))
            return
        }
        guard durability.writesInFlight < limits.persistsInFlightMax else {
            out.append(.mark("raft.disk.stalled"))
            return
        }
        guard !durability.hasFailed || message.needsNoDisk else {
            out.append(.mark("raft.disk.refused"))
            return
        }
        switch message {
        case .preVoteRequest(let request):
            onPreVoteRequest(request, from: peer, at: now, into: &out)
        case .preVoteResponse(let term, let isGranted):
            onPreVoteResponse(term, isGranted, from: peer, at: now, into: &out)
        case .voteRequest(let request): onVoteRequest(request, from: peer, at: now, into: &out)
        case .voteResponse(let term, let isGranted):
            guard isCurrent(term, at: now, into: &out) else { return }
            onVoteResponse(isGranted, from: peer, at: now, into: &out)
        case .append, .heartbeat, .commit, .snapshotChunk:
            onLeaderMessage(message, from: peer, at: now, into: &out)
        case .appendResponse, .appendRejected, .heartbeatResponse, .snapshotProgress:
            onFollowerMessage(message, from: peer, at: now, into: &out)
        case .timeoutNow(let term):
            guard isCurrent(term, at: now, into: &out) else { return }
            onTimeoutNow(from: peer, at: now, into: &out)
        case .forwardProposal(let origin, let bytes):
            onForwardedProposal(bytes, of: origin, from: peer, at: now, into: &out)
        case .proposalRefused(let origin, let rejection):
            guard origin.life == life else { return }
            out.append(.proposalRejected(origin.ticket, rejection))
        case .forwardMembership(let origin, let change):
            onForwardedChange(change, of: origin, from: peer, at: now, into: &out)
        case .changeRefused(let origin, let rejection):
            guard origin.life == life else { return }
            out.append(.membershipChangeRejected(origin.ticket, rejection))
        case .readRequest(let identifier):
            onReadRequest(identifier, from: peer, at: now, into: &out)
        case .readResponse(let identifier, let index):
            onReadResponse(identifier, index: index, into: &out)
        case .readRefused(let identifier, let rejection):
            onReadRefused(identifier, rejection, into: &out)
        }
    }

    /// False for a message of an old term. A newer term makes this machine a follower of it
    /// (Raft §5.1).
    mutating func isCurrent(
        _ messageTerm: UInt64, at now: Instant, into out: inout Outbox<RaftEffect>
    ) -> Bool {
        if messageTerm > term { becomeFollower(term: messageTerm, at: now, into: &out) }
        return messageTerm == term
    }

    private mutating func onLeaderMessage(
        _ message: RaftMessage, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        let messageTerm: UInt64
        switch message {
        case .append(let append): messageTerm = append.term
        case .heartbeat(let term, _, _), .commit(let term, _): messageTerm = term
        case .snapshotChunk(let chunk): messageTerm = chunk.term
        default: return
        }
        guard isCurrent(messageTerm, at: now, into: &out) else {
            // The sender learns the newer term and steps down.
            out.append(.send(to: peer, .heartbeatResponse(term: term, round: 0)))
            return
        }
        // One term has one leader (Raft §5.2), so a second one is forged.
        guard role != .leader, leader == nil || leader == peer else {
            out.append(.mark("raft.leader.second"))
            return
        }
        acceptLeader(peer, at: now, into: &out)
        switch message {
        case .append(let append): onAppend(append, from: peer, at: now, into: &out)
        case .heartbeat(_, let commit, let round):
            advanceCommit(to: min(commit, log.lastIndex), at: now, into: &out)
            out.append(.send(to: peer, .heartbeatResponse(term: term, round: round)))
        case .commit(_, let index):
            advanceCommit(to: min(index, log.lastIndex), at: now, into: &out)
        case .snapshotChunk(let chunk): onSnapshotChunk(chunk, from: peer, at: now, into: &out)
        default: return
        }
    }

    private mutating func onFollowerMessage(
        _ message: RaftMessage, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        let messageTerm: UInt64
        switch message {
        case .appendResponse(let term, _), .heartbeatResponse(let term, _),
            .snapshotProgress(let term, _, _):
            messageTerm = term
        case .appendRejected(let rejection): messageTerm = rejection.term
        default: return
        }
        guard isCurrent(messageTerm, at: now, into: &out), role == .leader,
            let position = position(of: peer)
        else { return }
        peers[position].noteAnswer(at: now)
        switch message {
        case .appendResponse(_, let match):
            onAppendResponse(match, at: now, position: position, into: &out)
        case .appendRejected(let rejection):
            onAppendRejected(rejection, at: now, position: position, into: &out)
        case .heartbeatResponse(_, let round):
            onHeartbeatResponse(round, at: now, position: position, into: &out)
        case .snapshotProgress(_, let index, let offset):
            onSnapshotProgress(index, offset, at: now, position: position, into: &out)
        default: return
        }
    }
}

extension RaftMessage {
    /// True for what a machine whose disk refuses writes may still take: it learns who leads and
    /// what is committed of the log that it has, and its clients' requests go on to the leader.
    fileprivate var needsNoDisk: Bool {
        switch self {
        case .heartbeat, .commit, .proposalRefused, .changeRefused, .readResponse, .readRefused:
            true
        case .preVoteRequest, .preVoteResponse, .voteRequest, .voteResponse, .append,
            .appendResponse, .appendRejected, .heartbeatResponse, .snapshotChunk,
            .snapshotProgress, .timeoutNow, .forwardProposal, .forwardMembership, .readRequest:
            false
        }
    }
}
