import Base

/// Datagrams in and out, and the rumors that ride on them (SWIM §4.1).
extension GossipCore {
    /// How often a rumor may be told to a dying peer that keeps talking.
    private static let tellInterval = Span.milliseconds(100)

    // MARK: In

    mutating func onDatagram(
        _ payload: [UInt8], from: MachineName, address: PeerAddress, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        // The sealer cannot open what this machine sealed, so this is a mistake of the shell.
        guard from != local.name else { return }
        let datagram: GossipDatagram
        do {
            datagram = try GossipCodec.decode(payload)
        } catch {
            out.append(.malformed(from: from, error))
            return
        }
        members[from]?.lastHeard = now
        let isState = datagram.message == .state
        for rumor in datagram.rumors {
            onRumor(rumor, from: from, isState: isState, at: now, into: &out)
        }
        switch datagram.message {
        case .ping(let sequence): onPing(sequence, from: from, address: address, into: &out)
        case .ack(let sequence, let knowsSender):
            onAck(
                sequence, knowsSender: knowsSender, from: from, address: address, into: &out)
        case .nack(let sequence): onNack(sequence, from: from)
        case .pingRequest(let sequence, let target, _):
            onPingRequest(
                sequence, target: target, from: from, address: address, at: now, into: &out)
        case .gossip, .state: break
        case .offer(let offer):
            onOffer(offer, from: from, address: address, at: now, into: &out)
        }
        tellIfAccused(from, message: datagram.message, at: now, into: &out)
    }

    /// A peer believed suspect or dead that still talks must learn of it; an ack to its
    /// ping has told it already.
    private mutating func tellIfAccused(
        _ name: MachineName, message: GossipMessage, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        if case .ping = message { return }
        guard let state = members[name], let accusation = accusation(of: name) else { return }
        if let toldAt = state.toldAt, now - toldAt < Self.tellInterval { return }
        members[name]?.toldAt = now
        send(.gossip, to: name, address: state.member.address, first: [accusation], into: &out)
    }

    mutating func onPublish(_ entry: AssignmentEntry, into out: inout Outbox<GossipEffect>) {
        let verdict = table.verdict(on: entry)
        guard verdict == .newer else {
            out.append(.publishRefused(entry.key, verdict))
            return
        }
        table.merge(entry)
        out.append(.assignmentChanged(entry))
        spread(.assignment(entry), into: &out)
    }

    // MARK: Out

    /// Sends of one rumor by one member: `λ · ⌈ln(n + 1)⌉`.
    var sendsPerRumor: Int {
        let exact = Suspicion.ln(Double(liveCount + 1))
        // By hand, because `rounded(.up)` asks for `ceil` of a C library that cores do without.
        let whole = Int(exact)
        let rounds = exact > Double(whole) ? whole + 1 : whole
        return max(1, configuration.retransmissionFactor * rounds)
    }

    /// Queues the rumor; the next wake, which is due at once or after the pause between
    /// rounds, sends it.
    mutating func spread(_ rumor: Rumor, into out: inout Outbox<GossipEffect>) {
        let subject: RumorQueue.Subject
        switch rumor {
        case .member(let member): subject = .member(member.name.text)
        case .suspect(let name, _, _), .failed(let name, _, _): subject = .member(name.text)
        case .assignment(let entry): subject = .assignment(entry.key)
        }
        if rumors.enqueue(GossipCodec.encode(rumor), about: subject) {
            out.append(.mark(.overflow))
        }
    }

    /// Sends the message with the given encoded rumors first and as many queued ones as fit.
    mutating func send(
        _ message: GossipMessage, to name: MachineName, address: PeerAddress,
        first: [[UInt8]] = [], into out: inout Outbox<GossipEffect>
    ) {
        var payload = GossipCodec.encode(message, rumors: first)
        if message != .state, !rumors.isEmpty {
            let budget = GossipLimits.payloadBytesMax - payload.count
            for rumor in rumors.take(budget: budget, limit: sendsPerRumor).joined() {
                payload.append(contentsOf: rumor)
            }
        }
        out.append(.send(to: name, address: address, payload: payload))
    }

    mutating func runGossip(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard !rumors.isEmpty, !liveNames.isEmpty, now >= nextGossipAt else { return }
        nextGossipAt = now + configuration.gossipInterval
        let targets = sample(configuration.gossipFanout) { _ in true }
        let header = GossipCodec.encode(GossipMessage.gossip, rumors: [])
        let batches = rumors.take(
            datagrams: GossipLimits.gossipBurst,
            budget: GossipLimits.payloadBytesMax - header.count, copies: targets.count,
            limit: sendsPerRumor)
        for batch in batches {
            let payload = GossipCodec.encode(.gossip, rumors: batch)
            for name in targets {
                guard let address = members[name]?.member.address else { continue }
                out.append(.send(to: name, address: address, payload: payload))
            }
        }
    }

    /// Up to `count` different live members that satisfy the predicate, at random.
    mutating func sample(
        _ count: Int, where isWanted: (GossipMember) -> Bool
    ) -> [MachineName] {
        var candidates = liveNames.filter { name in
            guard let member = members[name]?.member else { return false }
            return isWanted(member)
        }
        let wanted = min(count, candidates.count)
        for index in 0..<max(0, wanted) {
            candidates.swapAt(index, index + random.below(candidates.count - index))
        }
        return Array(candidates.prefix(max(0, wanted)))
    }
}
