import Base

// Log compaction: Raft §7.
extension RaftCore {
    // MARK: Own snapshots

    /// Asks for a snapshot when enough was applied since the last one.
    mutating func askForSnapshot(into out: inout Outbox<RaftEffect>) {
        let isDue =
            appliedIndex - snapshotAskedAt >= UInt64(limits.snapshotAfterEntries)
            || bytesSinceSnapshot >= limits.snapshotAfterBytes
        if isDue { saveSnapshot(into: &out) }
    }

    private mutating func saveSnapshot(into out: inout Outbox<RaftEffect>) {
        guard !isSavingSnapshot, let term = log.term(at: appliedIndex) else { return }
        isSavingSnapshot = true
        snapshotAskedAt = appliedIndex
        bytesSinceSnapshot = 0
        out.append(
            .saveSnapshot(
                RaftSnapshotMetadata(
                    index: appliedIndex, term: term,
                    membership: memberships.membership(at: appliedIndex))))
    }

    mutating func onSnapshotSaved(
        _ metadata: RaftSnapshotMetadata, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        isSavingSnapshot = false
        if metadata.index > snapshot.index, metadata.index <= appliedIndex,
            log.term(at: metadata.index) == metadata.term
        {
            snapshot = metadata
            compact(to: metadata.index, at: now)
            memberships.compact(to: metadata.index)
            durability.noteCheckpoint()
        }
        // While it was written, enough for the next one may have been applied.
        askForSnapshot(into: &out)
    }

    /// Drops the entries that a snapshot stands for, but for the last ones and those that a member
    /// that answers still needs, as far as the limits go.
    private mutating func compact(to index: UInt64, at now: Instant) {
        let kept = UInt64(limits.entriesKeptBehindSnapshot)
        guard index > kept else { return }
        var base = index - kept
        for peer in peers where now - peer.lastHeard < configuration.electionTimeoutMax {
            if case .snapshot(let outgoing) = peer.state {
                base = min(base, outgoing.metadata.index)
            } else {
                base = min(base, peer.match)
            }
        }
        let floor = log.index(keepingBytes: limits.bytesKeptForMembersMax, behind: index)
        log.compact(to: max(base, min(floor, index - kept)))
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
        // Begin again with the newest. When that is the one that cannot be read, its file is
        // damaged: a new one takes its place, and a later heartbeat's answer leads to it.
        if outgoing.metadata == snapshot {
            var paused = outgoing
            paused.ticket = nil
            paused.offset = 0
            peers[position].state = .snapshot(paused)
            out.append(.mark("raft.snapshot.unreadable"))
            saveSnapshot(into: &out)
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
        guard var transfer = receiving(chunk, from: peer) else {
            sendProgress(metadata.index, offset: 0, to: peer, into: &out)
            return
        }
        let byteCount = UInt64(chunk.bytes.count)
        let isNext = transfer.writing == nil && !transfer.isInstalling
            && chunk.offset == transfer.offset
        if isNext, transfer.offset + byteCount <= UInt64(limits.snapshotBytesMax) {
            let ticket = snapshotTickets.next()
            transfer.writing = RaftIncomingSnapshot.Piece(
                ticket: ticket, byteCount: byteCount, isLast: chunk.isLast)
            out.append(
                .writeSnapshot(ticket, metadata, offset: chunk.offset, bytes: chunk.bytes))
        } else if transfer.writing == nil {
            sendProgress(metadata.index, offset: transfer.offset, to: peer, into: &out)
        }
        incoming = transfer
    }

    /// A piece is in the file, so the leader may send the next.
    mutating func onSnapshotWritten(_ ticket: Ticket, into out: inout Outbox<RaftEffect>) {
        guard var transfer = incoming, let piece = transfer.writing, piece.ticket == ticket
        else { return }
        transfer.writing = nil
        transfer.offset += piece.byteCount
        if piece.isLast {
            transfer.isInstalling = true
            out.append(.installSnapshot(transfer.metadata))
        }
        incoming = transfer
        sendProgress(
            transfer.metadata.index, offset: transfer.offset, to: transfer.leader, into: &out)
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
        guard let received = incoming, received.metadata == metadata,
            received.isInstalling || received.writing != nil
        else { return }
        out.append(.mark("raft.snapshot.refused"))
        incoming = nil
    }

    /// Whether `.snapshotInstalled` with this metadata is waited for.
    package func isInstalling(_ metadata: RaftSnapshotMetadata) -> Bool {
        incoming?.isInstalling == true && incoming?.metadata == metadata
    }
}
