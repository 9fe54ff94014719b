import Base

// Log compaction: Raft §7.
extension RaftCore {
    // MARK: Own snapshots

    /// Asks for a snapshot when enough was applied since the last one.
    mutating func askForSnapshot(into out: inout Outbox<RaftEffect>) {
        let isDue =
            appliedIndex - snapshotAskedAt >= UInt64(limits.snapshotAfterEntries)
            || bytesSinceSnapshot >= limits.snapshotAfterBytes
        guard isDue, let term = log.term(at: appliedIndex) else { return }
        snapshotAskedAt = appliedIndex
        bytesSinceSnapshot = 0
        out.append(
            .saveSnapshot(
                RaftSnapshotMetadata(
                    index: appliedIndex, term: term,
                    membership: memberships.membership(at: appliedIndex))))
    }

    mutating func onSnapshotSaved(_ metadata: RaftSnapshotMetadata) {
        guard metadata.index > snapshot.index, metadata.index <= appliedIndex,
            log.term(at: metadata.index) == metadata.term
        else { return }
        snapshot = metadata
        let kept = UInt64(limits.entriesKeptBehindSnapshot)
        if metadata.index > kept { log.compact(to: metadata.index - kept) }
        memberships.compact(to: metadata.index)
        durability.noteCheckpoint()
    }

    // MARK: Sending

    /// The member needs entries that are compacted.
    mutating func startSnapshot(
        at now: Instant, position: Int, into out: inout Outbox<RaftEffect>
    ) {
        peers[position].state = .snapshot(
            RaftOutgoingSnapshot(metadata: snapshot, sentAt: now))
        peers[position].inFlight.removeAll()
        peers[position].catchUp.noteSent(logEnd: log.lastIndex, at: now)
        readChunk(at: now, position: position, into: &out)
    }

    private mutating func readChunk(
        at now: Instant, position: Int, into out: inout Outbox<RaftEffect>
    ) {
        guard case .snapshot(var outgoing) = peers[position].state, outgoing.ticket == nil
        else { return }
        let ticket = snapshotTickets.next()
        outgoing.ticket = ticket
        outgoing.sentAt = now
        peers[position].state = .snapshot(outgoing)
        out.append(
            .readSnapshot(
                ticket, outgoing.metadata, offset: outgoing.offset,
                countMax: limits.snapshotChunkBytes))
    }

    mutating func onSnapshotRead(
        _ ticket: Ticket, _ bytes: [UInt8], isLast: Bool, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        guard let position = reading(ticket),
            case .snapshot(var outgoing) = peers[position].state
        else { return }
        outgoing.ticket = nil
        outgoing.sentAt = now
        peers[position].state = .snapshot(outgoing)
        let chunk = RaftSnapshotChunk(
            term: term, metadata: outgoing.metadata, offset: outgoing.offset, bytes: bytes,
            isLast: isLast)
        out.append(.send(to: peers[position].name, .snapshotChunk(chunk)))
    }

    mutating func onSnapshotUnavailable(
        _ ticket: Ticket, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard let position = reading(ticket),
            case .snapshot(let outgoing) = peers[position].state
        else { return }
        // Begin again with the newest; without a newer one wait for the next heartbeat's answer.
        if outgoing.metadata == snapshot {
            var paused = outgoing
            paused.ticket = nil
            paused.offset = 0
            peers[position].state = .snapshot(paused)
        } else {
            startSnapshot(at: now, position: position, into: &out)
        }
    }

    private func reading(_ ticket: Ticket) -> Int? {
        peers.firstIndex { peer in
            guard case .snapshot(let outgoing) = peer.state else { return false }
            return outgoing.ticket == ticket
        }
    }

    mutating func onSnapshotProgress(
        _ index: UInt64, _ offset: UInt64, at now: Instant, position: Int,
        into out: inout Outbox<RaftEffect>
    ) {
        guard case .snapshot(var outgoing) = peers[position].state,
            outgoing.metadata.index == index, outgoing.offset != offset, outgoing.ticket == nil,
            offset <= outgoing.offset + UInt64(limits.snapshotChunkBytes)
        else { return }
        outgoing.offset = offset
        peers[position].state = .snapshot(outgoing)
        readChunk(at: now, position: position, into: &out)
    }

    /// A chunk or its answer was lost, as far as the time says.
    mutating func resendSnapshot(
        at now: Instant, position: Int, into out: inout Outbox<RaftEffect>
    ) {
        guard case .snapshot(let outgoing) = peers[position].state,
            now - outgoing.sentAt >= configuration.electionTimeoutMin
        else { return }
        readChunk(at: now, position: position, into: &out)
    }

    // MARK: Receiving

    mutating func onSnapshotChunk(
        _ chunk: RaftSnapshotChunk, from peer: MachineName, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) {
        let metadata = chunk.metadata
        guard metadata.term <= term else {
            out.append(.mark("raft.snapshot.forged"))
            return
        }
        if incoming?.isInstalling != true {
            if log.term(at: metadata.index) == metadata.term {
                // The log agrees up to there, and what a snapshot holds is committed.
                advanceCommit(to: metadata.index, at: now, into: &out)
            }
            if metadata.index <= commitIndex {
                incoming = nil
                promise(
                    .send(to: peer, .appendResponse(term: term, match: commitIndex)), at: now,
                    into: &out)
                return
            }
        }
        guard var snapshot = receiving(chunk, from: peer) else {
            sendProgress(metadata.index, offset: 0, to: peer, into: &out)
            return
        }
        // Moved, not copied: a snapshot can be large.
        incoming = nil
        if !snapshot.isInstalling, chunk.offset == UInt64(snapshot.bytes.count),
            chunk.bytes.count <= limits.snapshotBytesMax - snapshot.bytes.count
        {
            snapshot.bytes += chunk.bytes
            if chunk.isLast {
                out.append(.installSnapshot(metadata, snapshot.bytes))
                snapshot.isInstalling = true
            }
        }
        let received = UInt64(snapshot.bytes.count)
        incoming = snapshot
        sendProgress(metadata.index, offset: received, to: peer, into: &out)
    }

    /// The transfer that the chunk belongs to, begun if this is the first; nil when it
    /// belongs to none.
    private func receiving(
        _ chunk: RaftSnapshotChunk, from peer: MachineName
    ) -> RaftIncomingSnapshot? {
        if let incoming {
            let isSame =
                incoming.leader == peer && incoming.term == chunk.term
                && incoming.metadata == chunk.metadata
            if isSame { return incoming }
            if incoming.isInstalling { return nil }
        }
        guard chunk.offset == 0 else { return nil }
        return RaftIncomingSnapshot(leader: peer, term: chunk.term, metadata: chunk.metadata)
    }

    private func sendProgress(
        _ index: UInt64, offset: UInt64, to peer: MachineName,
        into out: inout Outbox<RaftEffect>
    ) {
        out.append(
            .send(to: peer, .snapshotProgress(term: term, index: index, offset: offset)))
    }

    /// The state machine continues from the snapshot; it replaces the whole log, which did
    /// not agree with it.
    mutating func onSnapshotInstalled(
        _ metadata: RaftSnapshotMetadata, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard let received = incoming, received.isInstalling, received.metadata == metadata
        else { return }
        incoming = nil
        snapshot = metadata
        log = RaftLog(baseIndex: metadata.index, baseTerm: metadata.term)
        memberships = RaftMembershipHistory(
            index: metadata.index, membership: metadata.membership)
        commitIndex = metadata.index
        appliedIndex = metadata.index
        snapshotAskedAt = metadata.index
        bytesSinceSnapshot = 0
        durability.noteReset(to: metadata.index)
        durability.noteCheckpoint()
        if let leader, role == .follower {
            promise(
                .send(to: leader, .appendResponse(term: term, match: metadata.index)), at: now,
                into: &out)
        }
    }

    mutating func onSnapshotRefused(
        _ metadata: RaftSnapshotMetadata, into out: inout Outbox<RaftEffect>
    ) {
        guard let received = incoming, received.isInstalling, received.metadata == metadata
        else { return }
        out.append(.mark("raft.snapshot.refused"))
        incoming = nil
    }
}
