import Base

// Membership changes: thesis §4.1 for one voter, §4.3 (joint consensus) for several at once,
// §4.2 for what makes them available.
//
//     C_old ──several voters──► C_old,new ──committed──► C_new
//       └──────one voter──────────────────────────────────►┘
//
// The leader appends C_new by itself as soon as C_old,new is committed, and so does a later
// leader that finds a joint membership committed. One change at a time is on its way.
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
            let origin = RaftOrigin(life: life, ticket: ticket)
            out.append(.send(to: leader, .forwardMembership(origin, change)))
        } else {
            out.append(.membershipChangeRejected(ticket, .noLeader))
        }
    }

    mutating func onForwardedChange(
        _ change: RaftMembershipChange, of origin: RaftOrigin, from peer: MachineName,
        at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard let rejection = role == .leader ? refusal(of: change, at: now) : .noLeader else {
            lead(change, at: now, into: &out)
            return
        }
        counters.refusals += 1
        out.append(.send(to: peer, .changeRefused(origin, rejection)))
    }

    /// Why a change cannot be made now; nil when it can.
    private func refusal(of change: RaftMembershipChange, at now: Instant) -> RaftRejection? {
        if transfer != nil { return .transferring }
        if memberships.latestIndex > commitIndex || membership.isJoint { return .changeInProgress }
        // Without this, two leaders can each commit a change that the other has not seen.
        if log.term(at: commitIndex) != term { return .notReady }
        if let misfit = misfit(of: change) { return misfit }
        guard let next = membership.applying(change) else { return .contradictory }
        if next.voters.count > limits.votersMax || next.members.count > limits.membersMax {
            return .tooManyMembers
        }
        for learner in change.promoted {
            guard let position = position(of: learner), isCaughtUp(peers[position], at: now)
            else { return .notCaughtUp }
        }
        return isQuorumAlive(of: next, at: now) ? nil : .quorumAtRisk
    }

    /// Why the change does not fit the membership.
    private func misfit(of change: RaftMembershipChange) -> RaftRejection? {
        let current = membership
        if !change.added.allSatisfy({ !current.contains($0) }) { return .alreadyMember }
        if !change.promoted.allSatisfy(current.learners.contains) { return .notLearner }
        if !change.demoted.allSatisfy(current.voters.contains) { return .notVoter }
        if !change.removed.allSatisfy(current.contains) { return .notMember }
        let leaving = change.removed + change.demoted
        let isEmptied = change.promoted.isEmpty && current.voters.allSatisfy(leaving.contains)
        return isEmptied ? .lastVoter : nil
    }

    /// A learner votes only when its vote would not hold the cluster up (thesis §4.2.1): its last
    /// round of catching up was fast, it is near the end of the log, and it answers.
    func isCaughtUp(_ peer: RaftProgress, at now: Instant) -> Bool {
        peer.catchUp.isDone && log.lastIndex - peer.match <= UInt64(limits.promotionLagMax)
            && isAlive(peer, at: now)
    }

    /// Only an answer to this leader counts: one that was elected just now has missed nobody yet.
    func isAlive(_ peer: RaftProgress, at now: Instant) -> Bool {
        peer.hasAnswered && now - peer.lastHeard < configuration.electionTimeoutMax
    }

    /// True when enough of the voters answer to commit the change and to go on after it.
    private func isQuorumAlive(of next: RaftMembership, at now: Instant) -> Bool {
        guard next.voters != membership.voters else { return true }
        return next.isQuorum { voter in
            voter == name || peers.contains { $0.name == voter && isAlive($0, at: now) }
        }
    }

    private mutating func lead(
        _ change: RaftMembershipChange, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard let next = membership.applying(change) else { return }
        counters.membershipChanges += 1
        install(next, at: now, into: &out)
    }

    /// Appends a membership; it is in effect at once.
    private mutating func install(
        _ next: RaftMembership, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        appendOwn(.membership(next))
        // A new member gets this entry at once, which shows whether it needs the ones before.
        addPeers(next: log.lastIndex, at: now)
        for position in peers.indices {
            sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
        }
        commitByMajority(at: now, into: &out)
    }

    /// Begins to track all members. One that is being removed stays until that is committed,
    /// so that it learns of it and stops campaigning.
    mutating func addPeers(next: UInt64, at now: Instant) {
        let current = membership
        let members = current.members + memberships.membership(at: commitIndex).members
        for member in members where member != name && position(of: member) == nil {
            peers.append(
                RaftProgress(
                    name: member, seat: RaftSeat(member, in: current), next: next, now: now))
        }
        peers.sort { $0.name < $1.name }
    }

    /// Goes on with a change whose newest membership is committed: leaves the joint state, or
    /// ends what a removal asks for, after the last words were sent.
    mutating func finishMembershipChange(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard role == .leader, memberships.latestIndex <= commitIndex else { return }
        let current = membership
        guard !current.isJoint else {
            out.append(.mark("raft.joint.left"))
            install(current.settled, at: now, into: &out)
            return
        }
        peers.removeAll { !current.contains($0.name) }
        if !isVoter { resign(at: now, into: &out) }
    }

    /// A leader that removed itself leads until its removal is committed (thesis §4.2.2),
    /// then hands over to the best voter so that nobody has to wait for a timeout.
    private mutating func resign(at now: Instant, into out: inout Outbox<RaftEffect>) {
        out.append(.mark("raft.leader.removed"))
        if let successor = bestVoter(at: now) {
            out.append(.send(to: successor, .timeoutNow(term: term)))
        }
        becomeFollower(term: term, at: now, into: &out)
    }
}
