import Base

// Leadership transfer (thesis §3.10), asked for by the machine that stops, and begun by a leader
// whose disk does not keep up.
extension RaftCore {
    mutating func onTransfer(
        to target: MachineName?, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        guard role == .leader, transfer == nil, let target = target ?? bestVoter(at: now),
            begin(transferTo: target, isForDisk: false, at: now, into: &out)
        else {
            out.append(.mark("raft.transfer.ignored"))
            return
        }
    }

    /// Stops taking proposals and brings the target to the end of the log. False when the target
    /// is no other voter.
    private mutating func begin(
        transferTo target: MachineName, isForDisk: Bool, at now: Instant,
        into out: inout Outbox<RaftEffect>
    ) -> Bool {
        guard membership.voters.contains(target), let position = position(of: target)
        else { return false }
        counters.transfersBegun += 1
        transfer = RaftTransfer(
            target: target, deadline: now + configuration.electionTimeoutMax,
            isForDisk: isForDisk)
        sendAppend(at: now, position: position, isEmptyAllowed: false, into: &out)
        continueTransfer(position: position, into: &out)
        return true
    }

    /// Tells the target to campaign as soon as it has the whole log.
    mutating func continueTransfer(position: Int, into out: inout Outbox<RaftEffect>) {
        guard let transfer, transfer.target == peers[position].name,
            peers[position].match == log.lastIndex
        else { return }
        reads.forfeitLease()
        out.append(.send(to: transfer.target, .timeoutNow(term: term)))
    }

    /// The target did not take over in time. A leader with a good disk goes on.
    mutating func expire(
        _ expired: RaftTransfer, at now: Instant, into out: inout Outbox<RaftEffect>
    ) {
        out.append(.mark("raft.transfer.expired"))
        counters.transfersExpired += 1
        transfer = nil
        if expired.isForDisk, isDiskSlow(at: now) {
            out.append(.mark("raft.disk.stepdown"))
            becomeFollower(term: term, at: now, into: &out)
        }
    }

    /// The other voter to hand over to: one that answers before one that does not, then the one
    /// with the longest agreement, then the first by name.
    func bestVoter(at now: Instant) -> MachineName? {
        var best: RaftProgress?
        for peer in peers where peer.seat.contains(.incoming) {
            guard let other = best else {
                best = peer
                continue
            }
            let (isAlive, isOtherAlive) = (isAlive(peer, at: now), isAlive(other, at: now))
            if isAlive != isOtherAlive ? isAlive : peer.match > other.match { best = peer }
        }
        return best?.name
    }

    // MARK: The leader's own disk

    /// True while the disk owes an answer for so long that this machine should not lead.
    func isDiskSlow(at now: Instant) -> Bool {
        guard let since = durability.oldestWriteStartedAt else { return false }
        return now - since >= configuration.diskSlowMax
    }

    /// Hands over when the disk has stalled, or when it is slow while the others are not: the
    /// log goes on with the disks of a majority, which need not include this one.
    mutating func watchDisk(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard transfer == nil, isDiskSlow(at: now),
            let since = durability.oldestWriteStartedAt,
            let lastIndex = durability.oldestWriteLastIndex
        else { return }
        let isStalled = now - since >= configuration.diskStallMax
        let isOvertaken = lastIndex > durability.durableIndex && commitIndex >= lastIndex
        guard isStalled || isOvertaken, let successor = bestVoter(at: now) else { return }
        out.append(.mark("raft.disk.handover"))
        counters.diskHandovers += 1
        _ = begin(transferTo: successor, isForDisk: true, at: now, into: &out)
    }

    /// The disk refuses writes. A leader steps down at once; the best of the others need not
    /// wait for a timeout.
    mutating func onPersistFailed(at now: Instant, into out: inout Outbox<RaftEffect>) {
        guard !durability.hasFailed else { return }
        out.append(.mark("raft.disk.failed"))
        durability.fail()
        if role == .leader {
            counters.diskHandovers += 1
            if let successor = bestVoter(at: now) {
                out.append(.send(to: successor, .timeoutNow(term: term)))
            }
        }
        if role != .follower { becomeFollower(term: term, at: now, into: &out) }
    }
}
