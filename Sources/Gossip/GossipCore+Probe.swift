import Base

/// The one probe of the current protocol period.
struct Probe: Sendable {
    let target: MachineName
    let sequence: UInt32
    var sentAt: Instant
    /// When peers are asked to help.
    var directUntil: Instant
    /// When the target counts as silent.
    var endsAt: Instant
    var isIndirect = false
    /// The peers asked for help.
    var helpers: [MachineName] = []
    var nacks = 0
}

/// A ping that this machine sends on behalf of a peer.
struct RelayedPing: Sendable {
    let sequence: UInt32
    let target: MachineName
    let requester: MachineName
    let requesterAddress: PeerAddress
    let requesterSequence: UInt32
    /// When the requester is told of the silence; nil once it was.
    var nackAt: Instant?
    /// When a late ack is no longer of use.
    var expiresAt: Instant
}

/// Probing: SWIM §3.1, with Lifeguard's local health multiplier (IV-A).
extension GossipCore {
    mutating func changeHealth(by delta: Int) {
        health = max(0, min(configuration.healthMultiplierMax - 1, health + delta))
    }

    mutating func takeSequence() -> UInt32 {
        defer { nextSequence &+= 1 }
        return nextSequence
    }

    // MARK: Own probes

    mutating func startProbeIfDue(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard probe == nil, now >= nextProbeAt, let target = nextProbeTarget(),
            let address = members[target]?.address
        else { return }
        let scale = Int64(health + 1)
        let sequence = takeSequence()
        probe = Probe(
            target: target, sequence: sequence, sentAt: now,
            directUntil: now + configuration.probeTimeout * scale,
            endsAt: now + configuration.probeInterval * scale)
        nextProbeAt = now + configuration.probeInterval * scale
        send(
            .ping(sequence: sequence), to: target, address: address,
            first: accusation(of: target).map { [$0] } ?? [], into: &out)
    }

    /// A suspect that wants witnesses, the successor on the ring, or the next in the round.
    private mutating func nextProbeTarget() -> MachineName? {
        while !witnessQueue.isEmpty {
            let name = witnessQueue.removeFirst()
            if members[name]?.status == .suspect { return name }
        }
        isRingTurn.toggle()
        // With two peers the round is as quick as the ring.
        if configuration.probesSuccessor, isRingTurn, members.liveCount > 2,
            let next = members.successor(of: local.name)
        {
            return next
        }
        return nextInRound()
    }

    private mutating func nextInRound() -> MachineName? {
        for _ in 0..<2 {
            while probeCursor < probeOrder.count {
                let name = probeOrder[probeCursor]
                probeCursor += 1
                if members[name]?.isLive == true { return name }
            }
            let isDead = { (name: MachineName) in members[name]?.isLive != true }
            if probeOrder.contains(where: isDead) { probeOrder.removeAll(where: isDead) }
            probeCursor = 0
        }
        return nil
    }

    /// A newcomer enters the round at a random place (SWIM §4.3), so that not all members
    /// probe it at once.
    mutating func insertIntoProbeOrder(_ name: MachineName) {
        guard !probeOrder.contains(name) else { return }
        let index = random.below(probeOrder.count + 1)
        probeOrder.insert(name, at: index)
        if index < probeCursor { probeCursor += 1 }
    }

    mutating func runProbe(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard let current = probe else { return }
        guard members[current.target]?.isLive == true else {
            probe = nil
            return
        }
        if !current.isIndirect, now >= current.directUntil { askHelpers(into: &out) }
        if now >= current.endsAt { concludeSilence(at: now, into: &out) }
    }

    private mutating func askHelpers(into out: inout Outbox<GossipEffect>) {
        guard var current = probe, let target = members[current.target] else { return }
        current.isIndirect = true
        current.helpers = sample(configuration.indirectProbes) { member in
            member.status == .alive && member.name != current.target
        }
        probe = current
        let request = GossipMessage.pingRequest(
            sequence: current.sequence, target: target.name, address: target.address)
        for helper in current.helpers {
            guard let address = members[helper]?.address else { continue }
            send(request, to: helper, address: address, into: &out)
        }
    }

    private mutating func concludeSilence(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard let current = probe, let target = members[current.target] else { return }
        probe = nil
        // Helpers that say "no answer here either" prove that this machine still hears; those
        // that say nothing speak against its own health.
        let missing = current.helpers.count - current.nacks
        changeHealth(by: current.helpers.isEmpty ? 1 : max(0, missing))
        becomeSuspect(
            target.name, incarnation: target.incarnation, accuser: local.name, at: now,
            into: &out)
    }

    // MARK: Answers

    mutating func onPing(
        _ sequence: UInt32, from: MachineName, address: PeerAddress,
        into out: inout Outbox<GossipEffect>
    ) {
        // To the source of the ping rather than the known address: the peer may have moved.
        send(
            ack(sequence, to: from), to: from, address: address,
            first: news(of: from, at: address).map { [$0] } ?? [], into: &out)
    }

    private func ack(_ sequence: UInt32, to name: MachineName) -> GossipMessage {
        .ack(
            sequence: sequence, knowsSender: members.contains(name),
            health: UInt8(clamping: health))
    }

    /// What a peer must hear of itself. One that is at another address than the record of its name
    /// tells is told of that record: if that is of another machine, it must learn of it.
    private func news(of name: MachineName, at address: PeerAddress) -> [UInt8]? {
        if let accusation = accusation(of: name) { return accusation }
        guard let member = members[name], member.address != address else { return nil }
        return GossipCodec.encode(.member(member))
    }

    mutating func onAck(
        _ sequence: UInt32, knowsSender: Bool, health peerHealth: UInt8, from: MachineName,
        address: PeerAddress, at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        if !knowsSender { send(.join(local), to: from, address: address, into: &out) }
        contacts[from]?.health = Int(peerHealth)
        if let current = probe, current.sequence == sequence,
            from == current.target || current.helpers.contains(from)
        {
            if from == current.target, !current.isIndirect {
                contacts[from]?.note(roundTrip: now - current.sentAt)
            }
            probe = nil
            changeHealth(by: -1)
            return
        }
        guard let index = relays.firstIndex(where: { $0.sequence == sequence }),
            relays[index].target == from
        else { return }
        let relay = relays.remove(at: index)
        send(
            ack(relay.requesterSequence, to: relay.requester), to: relay.requester,
            address: relay.requesterAddress, into: &out)
    }

    mutating func onNack(_ sequence: UInt32, from: MachineName) {
        guard let current = probe, current.sequence == sequence, current.helpers.contains(from)
        else { return }
        probe?.nacks = min(current.nacks + 1, current.helpers.count)
    }

    // MARK: Probes for others

    mutating func onPingRequest(
        _ sequence: UInt32, target: MachineName, from: MachineName, address: PeerAddress,
        at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        if target == local.name {
            send(ack(sequence, to: from), to: from, address: address, into: &out)
            return
        }
        // A target that this machine does not know has no key here to seal a ping for it.
        guard let member = members[target] else { return }
        guard relays.count < GossipLimits.relaysMax else {
            out.append(.mark(.overflow))
            return
        }
        let own = takeSequence()
        relays.append(
            RelayedPing(
                sequence: own, target: target, requester: from, requesterAddress: address,
                requesterSequence: sequence,
                nackAt: now + configuration.probeTimeout * 8 / 10,
                expiresAt: now + configuration.probeInterval * 2))
        send(
            .ping(sequence: own), to: target, address: member.address,
            first: accusation(of: target).map { [$0] } ?? [], into: &out)
    }

    mutating func runRelays(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard !relays.isEmpty else { return }
        for index in relays.indices {
            guard let nackAt = relays[index].nackAt, now >= nackAt else { continue }
            relays[index].nackAt = nil
            send(
                .nack(sequence: relays[index].requesterSequence), to: relays[index].requester,
                address: relays[index].requesterAddress, into: &out)
        }
        relays.removeAll { now >= $0.expiresAt }
    }
}
