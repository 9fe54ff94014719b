import Base

// What is durable, what is committed, what is applied: Raft §5.3, §5.4.2.
extension RaftCore {
    /// Does what a promise says as soon as everything up to now is durable.
    mutating func promise(
        _ promise: RaftDurability.Promise, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard let released = durability.withhold(promise) else { return }
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

    /// The highest value that a majority of voters has reached; nil without voters. A leader
    /// that is being removed does not count itself (thesis §4.2.2).
    func majority<Value: Comparable>(own: Value, _ value: (RaftProgress) -> Value) -> Value? {
        var values = peers.filter { membership.voters.contains($0.name) }.map(value)
        if isVoter { values.append(own) }
        values.sort(by: >)
        let position = membership.quorum - 1
        return position < values.count ? values[position] : nil
    }

    /// Only an entry of the leader's own term commits by counting; the ones before it commit
    /// with it (Raft §5.4.2). The leader counts itself only once its own entry is durable.
    mutating func commitByMajority(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard role == .leader,
            let index = majority(own: durability.durableIndex, { $0.match }),
            index > commitIndex, log.term(at: index) == term
        else { return }
        let committed = log.entries(from: commitIndex + 1, through: index)
        let isChanging = memberships.latestIndex > commitIndex
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
