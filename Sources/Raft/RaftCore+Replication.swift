import Base

// The log: Raft §5.3, pipelined and batched (thesis §10.2).
extension RaftCore {
    func position(of peer: MachineName) -> Int? { peers.firstIndex { $0.name == peer } }

    // MARK: Proposals

    mutating func onPropose(
        _ ticket: Ticket, _ bytes: [UInt8], at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        if role == .leader {
            if let rejection = refusal(of: bytes) {
                out.append(.proposalRejected(ticket, rejection))
            } else {
                propose(.command(bytes), at: now, into: &out)
            }
        } else if bytes.count > limits.commandBytesMax {
            out.append(.proposalRejected(ticket, .tooLarge))
        } else if let leader {
            let origin = RaftOrigin(life: life, ticket: ticket)
            out.append(.send(to: leader, .forwardProposal(origin, bytes)))
        } else {
            out.append(.proposalRejected(ticket, .noLeader))
        }
    }

    mutating func onProposeAll(
        _ proposals: [RaftProposal], at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard role == .leader else {
            for proposal in proposals {
                onPropose(proposal.ticket, proposal.bytes, at: now, into: &out)
            }
            return
        }
        for proposal in proposals {
            if let rejection = refusal(of: proposal.bytes) {
                out.append(.proposalRejected(proposal.ticket, rejection))
            } else {
                appendOwn(.command(proposal.bytes))
            }
        }
        sendAppends(at: now, into: &out)
    }

    mutating func onForwardedProposal(
        _ bytes: [UInt8], of origin: RaftOrigin, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        guard let rejection = role == .leader ? refusal(of: bytes) : .noLeader else {
            propose(.command(bytes), at: now, into: &out)
            return
        }
        // Told at once, the proposer need not wait out its patience before it tries again.
        counters.refusals += 1
        out.append(.send(to: peer, .proposalRefused(origin, rejection)))
    }

    private func refusal(of bytes: [UInt8]) -> RaftRejection? {
        if bytes.count > limits.commandBytesMax { return .tooLarge }
        if transfer != nil { return .transferring }
        if log.lastIndex - commitIndex >= UInt64(limits.pendingProposalsMax)
            || pendingBytes >= limits.pendingBytesMax
            || durability.writesInFlight >= limits.persistsInFlightMax
        {
            return .overloaded
        }
        return nil
    }

    /// Appends an entry of this leader and sends it on.
    mutating func propose(
        _ payload: RaftEntryPayload, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        appendOwn(payload)
        sendAppends(at: now, into: &out)
    }

    /// Sends every member what it lacks.
    private mutating func sendAppends(at now: Instant, into out: inout Outbox<RaftEffect>) {
        for position in peers.indices {
            sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
        }
    }

    /// A leader only appends to its log (Raft figure 3).
    mutating func appendOwn(_ payload: RaftEntryPayload) {
        let entry = RaftEntry(index: log.lastIndex + 1, term: term, payload: payload)
        append(entry)
        pendingBytes += entry.byteCount
    }

    private mutating func append(_ entry: RaftEntry) {
        log.append(entry)
        durability.noteAppend(at: entry.index)
        if case .membership(let membership) = entry.payload {
            memberships.append(membership, at: entry.index)
        }
    }

    // MARK: Sending

    /// Sends what the member lacks, as far as its state and window allow.
    mutating func sendAppend(
        at now: Instant, position: Int, isEmptyAllowed: Bool,
        into out: inout Outbox<RaftEffect>
    ) {
        var mayBeEmpty = isEmptyAllowed
        while peers[position].isReadyForAppend {
            let previousIndex = peers[position].next - 1
            guard let previousTerm = log.term(at: previousIndex) else {
                startSnapshot(at: now, position: position, into: &out)
                return
            }
            let isFull =
                peers[position].inFlight.count >= limits.appendsInFlightMax
                || peers[position].inFlight.bytes >= limits.appendBytesInFlightMax
            let (entries, bytes) = log.entries(
                from: previousIndex + 1, countMax: isFull ? 0 : limits.appendEntriesMax,
                bytesMax: limits.appendBytesMax)
            guard !entries.isEmpty || mayBeEmpty else { return }
            mayBeEmpty = false
            let append = RaftAppend(
                term: term, previousIndex: previousIndex, previousTerm: previousTerm,
                entries: entries, commit: commitIndex)
            out.append(.send(to: peers[position].name, .append(append)))
            noteSent(append, bytes: bytes, at: now, position: position)
            if entries.isEmpty { return }
        }
    }

    private mutating func noteSent(
        _ append: RaftAppend, bytes: Int, at now: Instant, position: Int
    ) {
        let last = append.previousIndex + UInt64(append.entries.count)
        peers[position].commitSent = max(peers[position].commitSent, min(commitIndex, last))
        if peers[position].state == .probe {
            peers[position].isPaused = true
        } else if !append.entries.isEmpty {
            peers[position].next = last + 1
            peers[position].inFlight.append(lastIndex: last, bytes: bytes)
        }
        if !append.entries.isEmpty {
            peers[position].catchUp.noteSent(logEnd: log.lastIndex, at: now)
        }
    }

    /// A new round of heartbeats; reads that came before it are confirmed by its answers.
    mutating func broadcastHeartbeat(at now: Instant, into out: inout Outbox<RaftEffect>) {
        reads.beginRound(at: now, countMax: limits.leaseRoundsMax)
        heartbeatDeadline = now + configuration.heartbeatInterval
        for position in peers.indices {
            let commit = min(commitIndex, peers[position].match)
            out.append(
                .send(
                    to: peers[position].name,
                    .heartbeat(term: term, commit: commit, round: reads.round)))
        }
    }

    // MARK: A leader hears

    mutating func onAppendResponse(
        _ match: UInt64, at now: Instant, position: Int, into out: inout Outbox<RaftEffect>
    ) {
        guard match <= log.lastIndex else { return }
        let isNews = match > peers[position].match
        peers[position].acknowledge(match)
        noteCatchUp(at: now, position: position, into: &out)
        switch peers[position].state {
        case .probe:
            peers[position].isPaused = false
            peers[position].state = .replicate
        case .snapshot(let outgoing):
            if match >= outgoing.metadata.index { peers[position].becomeProbe(next: match + 1) }
        case .replicate: break
        }
        let peer = peers[position].name
        if isNews {
            commitByMajority(at: now, into: &out)
            // The commit may have ended this leadership, or changed who is a member.
            guard role == .leader, let position = self.position(of: peer) else { return }
            sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
            sendCommit(position: position, into: &out)
            continueTransfer(position: position, into: &out)
        } else {
            sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
        }
    }

    private mutating func noteCatchUp(
        at now: Instant, position: Int, into out: inout Outbox<RaftEffect>
    ) {
        let isSlow = peers[position].catchUp.noteMatch(
            peers[position].match, at: now, roundMax: configuration.electionTimeoutMin)
        if isSlow, peers[position].catchUp.slowRounds == limits.catchUpRoundsMax {
            out.append(.mark("raft.learner.slow"))
        }
    }

    mutating func onAppendRejected(
        _ rejection: RaftAppendRejection, at now: Instant, position: Int,
        into out: inout Outbox<RaftEffect>
    ) {
        let peer = peers[position]
        switch peer.state {
        case .snapshot: return
        case .probe:
            // Only the answer to the probe that is out counts.
            guard rejection.previousIndex == peer.next - 1 else { return }
        case .replicate:
            // The log agrees up to match; a rejection of that is older than the agreement.
            guard rejection.previousIndex > peer.match else { return }
        }
        let agreement = log.lastIndex(
            atMost: min(rejection.hintIndex, rejection.previousIndex),
            termAtMost: rejection.hintTerm)
        // The base may agree; when even that does not, the next rejection leads to a snapshot.
        let isBehindBase =
            rejection.hintIndex < log.baseIndex
            || (agreement == log.baseIndex && rejection.previousIndex == log.baseIndex)
        let next = max(1, isBehindBase ? log.baseIndex : agreement + 1)
        if next <= peer.match, peer.state == .probe {
            // The member had this and has it no more: its disk lost what it called durable. What
            // is committed stays so; the member gets the rest again instead of refusing for ever.
            peers[position].forget(from: next)
            out.append(.mark("raft.member.lost-entries"))
        }
        peers[position].becomeProbe(next: next)
        sendAppend(at: now, position: position, isEmptyAllowed: true, into: &out)
    }

    mutating func onHeartbeatResponse(
        _ round: UInt64, at now: Instant, position: Int, into out: inout Outbox<RaftEffect>
    ) {
        guard round <= reads.round else { return }
        peers[position].round = max(peers[position].round, round)
        switch peers[position].state {
        case .probe:
            peers[position].isPaused = false
            sendAppend(at: now, position: position, isEmptyAllowed: true, into: &out)
        case .replicate:
            // Something is out without an answer. If it was lost, the member rejects this.
            let isBehind = peers[position].match + 1 < peers[position].next
            sendAppend(at: now, position: position, isEmptyAllowed: isBehind, into: &out)
        case .snapshot: resendSnapshot(at: now, position: position, into: &out)
        }
        sendCommit(position: position, into: &out)
        continueTransfer(position: position, into: &out)
        confirmReads(at: now, into: &out)
    }

    // MARK: A follower hears

    mutating func onAppend(
        _ append: RaftAppend, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        guard incoming?.isInstalling != true else { return }
        guard isWellFormed(append) else {
            out.append(.mark("raft.append.forged"))
            return
        }
        if append.previousIndex < commitIndex {
            // What is committed agrees with every later leader (Raft §5.4.3).
            promise(
                .send(to: peer, .appendResponse(term: term, match: commitIndex)), at: now,
                into: &out)
            return
        }
        guard log.term(at: append.previousIndex) == append.previousTerm else {
            let hint = log.lastIndex(
                atMost: append.previousIndex, termAtMost: append.previousTerm)
            let rejection = RaftAppendRejection(
                term: term, previousIndex: append.previousIndex, hintIndex: hint,
                hintTerm: log.term(at: hint) ?? 0)
            out.append(.send(to: peer, .appendRejected(rejection)))
            return
        }
        guard merge(append.entries) else {
            out.append(.mark("raft.append.forged"))
            return
        }
        // Entries arrive, so the snapshot that was on its way is no longer wanted.
        incoming = nil
        let match = append.previousIndex + UInt64(append.entries.count)
        promise(.send(to: peer, .appendResponse(term: term, match: match)), at: now, into: &out)
        advanceCommit(to: min(append.commit, match), at: now, into: &out)
    }

    /// Adds the entries that are missing; an entry that conflicts is dropped with all that
    /// follow it (Raft §5.3). False when that would drop a committed one.
    private mutating func merge(_ entries: [RaftEntry]) -> Bool {
        for entry in entries {
            if let existing = log.term(at: entry.index) {
                if existing == entry.term { continue }
                guard entry.index > commitIndex else { return false }
                log.truncate(from: entry.index)
                memberships.truncate(from: entry.index)
                durability.noteTruncation(from: entry.index)
            }
            append(entry)
        }
        return true
    }

    /// Contiguous after the previous entry, with terms that never fall nor pass the leader's.
    private func isWellFormed(_ append: RaftAppend) -> Bool {
        var term = append.previousTerm
        var index = append.previousIndex
        for entry in append.entries {
            guard entry.index == index + 1, entry.term >= term else { return false }
            index = entry.index
            term = entry.term
        }
        return term <= append.term
    }
}
