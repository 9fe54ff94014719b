import Base

// What is durable, what is committed, what is applied: Raft §5.3, §5.4.2.
extension RaftCore {
    /// Does what a promise says as soon as everything up to now is durable.
    mutating func promise(
        _ promise: RaftDurability.Promise, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        let limit = limits.promisesWithheldMax
        guard let released = durability.withhold(promise, countMax: limit) else { return }
        keep(released, at: now, into: &out)
    }

    private mutating func keep(
        _ promise: RaftDurability.Promise, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        switch promise {
        case .send(let peer, let message): out.append(.send(to: peer, message))
        case .ownVote(let term): onOwnVote(term: term, at: now, into: &out)
        }
    }

    mutating func onPersisted(
        _ persistence: RaftPersistence, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        for promise in durability.finishWrites(upTo: persistence) {
            keep(promise, at: now, into: &out)
        }
        commitByMajority(at: now, into: &out)
    }

    /// The highest value that a majority of voters has reached, and in a joint membership a
    /// majority of either half (thesis §4.3); nil without voters. A leader that is not in a half
    /// does not count itself there (§4.2.2).
    func majority<Value: Comparable>(own: Value, _ value: (RaftProgress) -> Value) -> Value? {
        let current = membership
        let incoming = majority(in: .incoming, current.quorum, own: own, value)
        guard current.isJoint else { return incoming }
        guard let incoming,
            let outgoing = majority(in: .outgoing, current.outgoingQuorum, own: own, value)
        else { return nil }
        return min(incoming, outgoing)
    }

    /// Compares every voter with every other, which for nine costs less than an array to sort.
    private func majority<Value: Comparable>(
        in half: RaftSeat, _ quorum: Int, own: Value, _ value: (RaftProgress) -> Value
    ) -> Value? {
        var best: Value?
        func reached(_ candidate: Value) -> Bool {
            var count = ownSeat.contains(half) && own >= candidate ? 1 : 0
            for peer in peers where peer.seat.contains(half) && value(peer) >= candidate {
                count += 1
            }
            return count >= quorum
        }
        if ownSeat.contains(half), reached(own) { best = own }
        for peer in peers where peer.seat.contains(half) {
            let candidate = value(peer)
            if best.map({ candidate > $0 }) ?? true, reached(candidate) { best = candidate }
        }
        return best
    }

    /// Only an entry of the leader's own term commits by counting; the ones before it commit
    /// with it (Raft §5.4.2). The leader counts itself only once its own entry is durable.
    mutating func commitByMajority(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard role == .leader,
            let index = majority(own: durability.durableIndex, { $0.match }),
            index > commitIndex, log.term(at: index) == term
        else { return }
        let committed = log.entries(from: commitIndex + 1, through: index)
        let isChanging = memberships.latestIndex > commitIndex || membership.isJoint
        pendingBytes -= committed.reduce(0) { $0 + $1.byteCount }
        advanceCommit(to: index, at: now, into: &out)
        for position in peers.indices {
            // An append carries the commit index, so it goes first.
            sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
            sendCommit(position: position, into: &out)
        }
        releaseHeldReads(at: now, into: &out)
        if isChanging { finishMembershipChange(at: now, into: &out) }
    }

    /// Applies what is newly committed. The caller knows that the log agrees up to `index`.
    mutating func advanceCommit(
        to index: UInt64, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard index > commitIndex, index <= log.lastIndex, incoming?.isInstalling != true
        else { return }
        commitIndex = index
        let entries = Array(log.entries(from: appliedIndex + 1, through: index))
        appliedIndex = index
        out.append(.apply(entries))
        bytesSinceSnapshot += entries.reduce(0) { $0 + $1.byteCount }
        askForSnapshot(into: &out)
    }

    /// Tells a member what of its own log is committed, when no append did.
    mutating func sendCommit(position: Int, into out: inout Outbox<RaftEffect>) {
        let index = min(commitIndex, peers[position].match)
        guard index > peers[position].commitSent else { return }
        peers[position].commitSent = index
        out.append(.send(to: peers[position].name, .commit(term: term, index: index)))
    }
}
