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
        if members.contains(from) { contacts[from, default: GossipContact()].lastHeard = now }
        handle(datagram, from: from, address: address, at: now, into: &out)
        tellIfAccused(from, address: address, message: datagram.message, at: now, into: &out)
    }

    /// A message over a link: state that a comparison brought, or an offer.
    mutating func onReliable(
        _ payload: [UInt8], from: MachineName, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard from != local.name else { return }
        let message: GossipDatagram
        do {
            message = try GossipCodec.decodeLink(payload)
        } catch {
            out.append(.malformed(from: from, error))
            return
        }
        // What comes over a link has no source to answer to, and links carry nothing else.
        switch message.message {
        case .state, .offer:
            let address = members[from]?.address ?? local.address
            handle(message, from: from, address: address, at: now, into: &out)
        default:
            let error = DecodeError(expected: "state or an offer", offset: 0)
            out.append(.malformed(from: from, error))
        }
    }

    private mutating func handle(
        _ datagram: GossipDatagram, from: MachineName, address: PeerAddress, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        let isState = datagram.message == .state
        for rumor in datagram.rumors {
            onRumor(rumor, from: from, isState: isState, at: now, into: &out)
        }
        // A rumor may have ended this machine's part in the mesh.
        guard !hasLeft else { return }
        switch datagram.message {
        case .ping(let sequence): onPing(sequence, from: from, address: address, into: &out)
        case .ack(let sequence, let knowsSender, let health):
            onAck(
                sequence, knowsSender: knowsSender, health: health, from: from,
                address: address, at: now, into: &out)
        case .nack(let sequence): onNack(sequence, from: from)
        case .pingRequest(let sequence, let target, _):
            onPingRequest(
                sequence, target: target, from: from, address: address, at: now, into: &out)
        case .gossip, .state: break
        case .offer(let offer): onOffer(offer, from: from, at: now, into: &out)
        case .join(let record):
            onJoinRequest(record, from: from, at: now, into: &out)
        }
    }

    /// A peer believed suspect or dead that still talks must learn of it, where it talks from; an
    /// ack to its ping has told it already.
    private mutating func tellIfAccused(
        _ name: MachineName, address: PeerAddress, message: GossipMessage, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        if case .ping = message { return }
        guard !hasLeft, let accusation = accusation(of: name) else { return }
        if let toldAt = contacts[name]?.toldAt, now - toldAt < Self.tellInterval { return }
        contacts[name]?.toldAt = now
        send(.gossip, to: name, address: address, first: [accusation], into: &out)
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
    mutating func spread(
        _ rumor: Rumor, isRefutation: Bool = false, into out: inout Outbox<GossipEffect>
    ) {
        let subject: RumorQueue.Subject
        let rank: RumorQueue.Rank
        switch rumor {
        case .member(let member):
            subject = .member(member.name)
            rank = isRefutation ? .refutation : .membership
        case .suspect(let name, _, _), .failed(let name, _, _):
            subject = .member(name)
            rank = .membership
        case .assignment(let entry):
            subject = .assignment(entry.key)
            rank = .assignment
        }
        if rumors.enqueue(GossipCodec.encode(rumor), about: subject, rank: rank) {
            out.append(.mark(.overflow))
        }
    }

    /// Sends the message with the given encoded rumors first and as many queued ones as fit.
    mutating func send(
        _ message: GossipMessage, to name: MachineName, address: PeerAddress,
        first: [[UInt8]] = [], into out: inout Outbox<GossipEffect>
    ) {
        var payload = GossipCodec.encode(message, rumors: first)
        if !rumors.isEmpty {
            let budget = GossipLimits.payloadBytesMax - payload.count
            for rumor in rumors.take(budget: budget, limit: sendsPerRumor).joined() {
                payload.append(contentsOf: rumor)
            }
        }
        out.append(.send(to: name, address: address, payload: payload))
    }

    mutating func runGossip(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard !rumors.isEmpty, hasPeers, now >= nextGossipAt else { return }
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
                guard let address = members[name]?.address else { continue }
                out.append(.send(to: name, address: address, payload: payload))
            }
        }
    }

    /// Up to `count` different live members that satisfy the predicate, at random. Draws from the
    /// round of probing, which holds all live members and some that died since its last turn;
    /// only where few of many qualify does it look at all of them.
    mutating func sample(
        _ count: Int, where isWanted: (GossipMember) -> Bool
    ) -> [MachineName] {
        func qualifies(_ name: MachineName) -> Bool {
            guard let member = members[name], member.isLive else { return false }
            return isWanted(member)
        }
        let drawsMax = 8 * count
        if probeOrder.count > drawsMax {
            var chosen: [MachineName] = []
            for _ in 0..<drawsMax where chosen.count < count {
                let name = probeOrder[random.below(probeOrder.count)]
                if !chosen.contains(name), qualifies(name) { chosen.append(name) }
            }
            if chosen.count == count { return chosen }
        }
        var candidates = probeOrder.filter(qualifies)
        let wanted = max(0, min(count, candidates.count))
        for index in 0..<wanted {
            candidates.swapAt(index, index + random.below(candidates.count - index))
        }
        return Array(candidates.prefix(wanted))
    }
}
