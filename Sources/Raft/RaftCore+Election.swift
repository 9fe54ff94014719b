import Base

// Elections: Raft §5.2 and §5.4.1, with pre-vote (thesis §9.6), leader stickiness (§4.2.3)
// and a leader that steps down without a majority (§6.2).
extension RaftCore {
    mutating func resetElectionDeadline(at now: Instant) {
        electionDeadline =
            now
            + random.span(
                from: configuration.electionTimeoutMin, to: configuration.electionTimeoutMax)
    }

    mutating func onElectionTimeout(at now: Instant, into out: inout Outbox<RaftEffect>) {
        abandonLeader(into: &out)
        guard mayCampaign else {
            electionDeadline = nil
            return
        }
        resetElectionDeadline(at: now)
        // While a snapshot replaces the state machine, this machine could not lead.
        guard incoming?.isInstalling != true, !durability.hasFailed else { return }
        guard !isDiskSlow(at: now) else {
            // It could win with the votes of others, and hold up everybody's writes.
            role = .follower
            out.append(.mark("raft.disk.campaign"))
            return
        }
        becomePreCandidate(at: now, into: &out)
    }

    // MARK: Campaigns

    private mutating func becomePreCandidate(at now: Instant, into out: inout Outbox<RaftEffect>) {
        role = .preCandidate
        grants = []
        if count(grantOf: name) {
            becomeCandidate(isTransfer: false, at: now, into: &out)
            return
        }
        let request = RaftVoteRequest(
            term: term + 1, lastIndex: log.lastIndex, lastTerm: log.lastTerm)
        for voter in membership.allVoters where voter != name {
            out.append(.send(to: voter, .preVoteRequest(request)))
        }
    }

    private mutating func becomeCandidate(
        isTransfer: Bool, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard term < RaftLimits.numberMax else { return }
        abandonLeader(into: &out)
        role = .candidate
        counters.elections += 1
        grants = []
        hardState = RaftHardState(term: term + 1, votedFor: name)
        durability.noteHardState()
        resetElectionDeadline(at: now)
        let request = RaftVoteRequest(
            term: term, lastIndex: log.lastIndex, lastTerm: log.lastTerm, isTransfer: isTransfer)
        promise(.ownVote(term: term), at: now, into: &out)
        for voter in membership.allVoters where voter != name {
            promise(.send(to: voter, .voteRequest(request)), at: now, into: &out)
        }
    }

    mutating func onTimeoutNow(
        from peer: MachineName, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard role == .follower, leader == peer, mayCampaign, incoming?.isInstalling != true,
            !isDiskSlow(at: now)
        else { return }
        out.append(.mark("raft.transfer.campaign"))
        becomeCandidate(isTransfer: true, at: now, into: &out)
    }

    // MARK: Voting

    mutating func onPreVoteRequest(
        _ request: RaftVoteRequest, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        guard !hearsLeader(at: now) else { return }
        let isGranted =
            request.term > term
            && log.isAtMost(lastIndex: request.lastIndex, lastTerm: request.lastTerm)
        out.append(
            .send(
                to: peer,
                .preVoteResponse(term: isGranted ? request.term : term, isGranted: isGranted)))
    }

    mutating func onPreVoteResponse(
        _ messageTerm: UInt64, _ isGranted: Bool, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        if !isGranted {
            _ = isCurrent(messageTerm, at: now, into: &out)
        } else if role == .preCandidate, messageTerm == term + 1, count(grantOf: peer) {
            becomeCandidate(isTransfer: false, at: now, into: &out)
        }
    }

    mutating func onVoteRequest(
        _ request: RaftVoteRequest, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        // Not even the term is taken over: a machine that was removed, or that is cut off from
        // the leader alone, must not depose it (thesis §4.2.3).
        if !request.isTransfer, hearsLeader(at: now) {
            out.append(.mark("raft.vote.sticky"))
            return
        }
        guard isCurrent(request.term, at: now, into: &out) else {
            out.append(.send(to: peer, .voteResponse(term: term, isGranted: false)))
            return
        }
        let isFree = hardState.votedFor == nil || hardState.votedFor == peer
        guard isFree, leader == nil || leader == peer,
            log.isAtMost(lastIndex: request.lastIndex, lastTerm: request.lastTerm)
        else {
            out.append(.send(to: peer, .voteResponse(term: term, isGranted: false)))
            return
        }
        role = .follower
        if hardState.votedFor != peer {
            hardState.votedFor = peer
            durability.noteHardState()
        }
        if electionDeadline != nil { resetElectionDeadline(at: now) }
        promise(.send(to: peer, .voteResponse(term: term, isGranted: true)), at: now, into: &out)
    }

    mutating func onVoteResponse(
        _ isGranted: Bool, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        if role == .candidate, isGranted, count(grantOf: peer) {
            becomeLeader(at: now, into: &out)
        }
    }

    /// The candidate's vote for itself is durable.
    mutating func onOwnVote(
        term votedTerm: UInt64, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        if role == .candidate, votedTerm == term, count(grantOf: name) {
            becomeLeader(at: now, into: &out)
        }
    }

    /// Counts a voter's grant once; true when there is a majority, of C_old and of C_new in a
    /// joint membership (thesis §4.3).
    private mutating func count(grantOf voter: MachineName) -> Bool {
        if !grants.contains(voter), membership.isVoter(voter) { grants.append(voter) }
        return membership.isQuorum { grants.contains($0) }
    }

    /// True while a leader may be alive that this machine has answered. Its lease rests on this.
    private func hearsLeader(at now: Instant) -> Bool {
        if role == .leader { return true }
        guard let leaderHeard else { return false }
        return now - leaderHeard < configuration.electionTimeoutMin
    }

    // MARK: Roles

    /// Follows whoever leads the term; a newer term forgets the vote.
    mutating func becomeFollower(
        term newTerm: UInt64, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        abandonLeader(into: &out)
        if newTerm > term {
            hardState = RaftHardState(term: newTerm)
            durability.noteHardState()
        }
        if role == .leader {
            peers = []
            transfer = nil
            reads.endLease()
            if mayCampaign { resetElectionDeadline(at: now) } else { electionDeadline = nil }
        }
        role = .follower
    }

    /// A message of the current term's leader came.
    mutating func acceptLeader(
        _ peer: MachineName, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        role = .follower
        leader = peer
        leaderHeard = now
        resetElectionDeadline(at: now)
    }

    private mutating func abandonLeader(into out: inout Outbox<RaftEffect>) {
        guard leader != nil else { return }
        leader = nil
        rejectReads(.leaderChanged, into: &out)
    }

    private mutating func becomeLeader(at now: Instant, into out: inout Outbox<RaftEffect>) {
        role = .leader
        leader = name
        counters.electionsWon += 1
        grants = []
        incoming = nil
        reads.beginLeading()
        peers = []
        addPeers(next: log.lastIndex + 1, at: now)
        pendingBytes = log.entries(from: commitIndex + 1, through: log.lastIndex)
            .reduce(0) { $0 + $1.byteCount }
        quorumDeadline = now + configuration.electionTimeoutMax
        heartbeatDeadline = now + configuration.heartbeatInterval
        appendOwn(.noop)
        for position in peers.indices {
            sendAppend(at: now, position: position, isEmptyAllowed: true, into: &out)
        }
    }

    // MARK: A leader's clock

    mutating func onLeaderWake(at now: Instant, into out: inout Outbox<RaftEffect>) {
        if let transfer, now >= transfer.deadline {
            expire(transfer, at: now, into: &out)
            guard role == .leader else { return }
        }
        if now >= quorumDeadline {
            let heard = majority(own: now) { $0.lastHeard } ?? .zero
            quorumDeadline = heard + configuration.electionTimeoutMax
            if now >= quorumDeadline {
                out.append(.mark("raft.quorum.lost"))
                counters.quorumsLost += 1
                becomeFollower(term: term, at: now, into: &out)
                return
            }
        }
        watchDisk(at: now, into: &out)
        if role == .leader, now >= heartbeatDeadline { broadcastHeartbeat(at: now, into: &out) }
    }
}
