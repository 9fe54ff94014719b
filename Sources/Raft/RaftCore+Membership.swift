import Base

// Membership changes of one voter at a time (thesis §4.1, §4.2) and leadership transfer (§3.10).
extension RaftCore {
    mutating func onChangeMembership(
        _ ticket: Ticket, _ change: RaftMembershipChange, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        if role == .leader {
            if let rejection = refusal(of: change, at: now) {
                out.append(.membershipChangeRejected(ticket, rejection))
            } else {
                lead(change, at: now, into: &out)
            }
        } else if let leader {
            out.append(.send(to: leader, .forwardMembership(change)))
        } else {
            out.append(.membershipChangeRejected(ticket, .noLeader))
        }
    }

    mutating func onForwardedChange(
        _ change: RaftMembershipChange, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard role == .leader, refusal(of: change, at: now) == nil else {
            out.append(.mark("raft.membership.dropped"))
            return
        }
        lead(change, at: now, into: &out)
    }

    /// Why a change cannot be made now; nil when it can.
    private func refusal(of change: RaftMembershipChange, at now: Instant) -> RaftRejection? {
        if transfer != nil { return .transferring }
        if memberships.latestIndex > commitIndex { return .changeInProgress }
        // Without this, two leaders can each commit a change that the other has not seen.
        if log.term(at: commitIndex) != term { return .notReady }
        switch change {
        case .addLearner(let learner):
            if membership.contains(learner) { return .alreadyMember }
            if membership.members.count >= limits.membersMax { return .tooManyMembers }
        case .promote(let learner):
            guard membership.learners.contains(learner) else { return .notLearner }
            if membership.voters.count >= limits.votersMax { return .tooManyMembers }
            guard let position = position(of: learner), isCaughtUp(peers[position], at: now)
            else { return .notCaughtUp }
        case .remove(let member):
            guard membership.contains(member) else { return .notMember }
            if membership.voters == [member] { return .lastVoter }
        }
        guard let next = membership.applying(change) else { return .notMember }
        return isQuorumAlive(of: next, at: now) ? nil : .quorumAtRisk
    }

    private func isCaughtUp(_ peer: RaftProgress, at now: Instant) -> Bool {
        log.lastIndex - peer.match <= UInt64(limits.promotionLagMax) && isAlive(peer, at: now)
    }

    private func isAlive(_ peer: RaftProgress, at now: Instant) -> Bool {
        now - peer.lastHeard < configuration.electionTimeoutMax
    }

    /// True when enough of the future voters answer to commit the change and go on.
    private func isQuorumAlive(of next: RaftMembership, at now: Instant) -> Bool {
        guard next.voters != membership.voters else { return true }
        let alive = next.voters.count { voter in
            voter == name || peers.contains { $0.name == voter && isAlive($0, at: now) }
        }
        return alive >= next.quorum
    }

    /// Appends the change; it is in effect at once.
    private mutating func lead(
        _ change: RaftMembershipChange, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard let next = membership.applying(change) else { return }
        appendOwn(.membership(next))
        // The new member gets this entry at once, which shows whether it needs the ones before.
        addPeers(next: log.lastIndex, at: now)
        for position in peers.indices {
            sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
        }
        commitByMajority(at: now, into: &out)
    }

    /// Begins to track all members. One that is being removed stays until that is committed,
    /// so that it learns of it and stops campaigning.
    mutating func addPeers(next: UInt64, at now: Instant) {
        let members = membership.members + memberships.membership(at: commitIndex).members
        for member in members where member != name && position(of: member) == nil {
            peers.append(RaftProgress(name: member, next: next, now: now))
        }
        peers.sort { $0.name < $1.name }
    }

    /// Ends what a committed removal asks for, after the last words were sent.
    mutating func finishMembershipChange(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard memberships.latestIndex <= commitIndex else { return }
        let current = membership
        peers.removeAll { !current.contains($0.name) }
        if !isVoter { leave(at: now, into: &out) }
    }

    /// A leader that removed itself leads until its removal is committed (thesis §4.2.2),
    /// then hands over to the best voter so that nobody has to wait for a timeout.
    private mutating func leave(at now: Instant, into out: inout Outbox<RaftEffect>) {
        out.append(.mark("raft.leader.removed"))
        if let successor = bestVoter() {
            out.append(.send(to: successor, .timeoutNow(term: term)))
        }
        becomeFollower(term: term, at: now, into: &out)
    }

    // MARK: Transfer

    mutating func onTransfer(
        to target: MachineName?, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard role == .leader, transfer == nil, let target = target ?? bestVoter(),
            membership.voters.contains(target), let position = position(of: target)
        else {
            out.append(.mark("raft.transfer.ignored"))
            return
        }
        transfer = RaftTransfer(
            target: target, deadline: now + configuration.electionTimeoutMax)
        sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
        continueTransfer(position: position, into: &out)
    }

    /// Tells the target to campaign as soon as it has the whole log.
    mutating func continueTransfer(position: Int, into out: inout Outbox<RaftEffect>) {
        guard let transfer, transfer.target == peers[position].name,
            peers[position].match == log.lastIndex
        else { return }
        out.append(.send(to: transfer.target, .timeoutNow(term: term)))
    }

    /// The other voter with the longest agreement; the first by name among equals.
    private func bestVoter() -> MachineName? {
        var best: RaftProgress?
        for peer in peers where membership.voters.contains(peer.name) {
            if best.map({ peer.match > $0.match }) ?? true { best = peer }
        }
        return best?.name
    }
}
