import Base

/// Comparison of members and tables between two peers: what gossip lost, or a newcomer never
/// heard. SWIM leaves it out; Lifeguard's memberlist does it over TCP and sends everything.
/// Here it goes over the links between machines too, and the digests go first, as only what
/// differs has to follow:
///
///     A → B  offer (digests of A, wants an answer)
///     B → A  state …                 the groups that differ, as B has them
///     B → A  offer (digests of B)
///     A → B  state …                 the groups that still differ, as A has them
///
/// As a link keeps the order, A has merged B's state when it reads B's offer, and one exchange
/// makes the two equal. A side sends at most ``GossipLimits/exchangeBytesMax``, in messages of
/// ``GossipLimits/linkPayloadBytesMax``; if that is not enough the next exchange follows soon. What
/// a broken link loses is found by a later one.
///
/// A newcomer asks for an offer with a datagram, as it does not know the links of its seeds.
extension GossipCore {
    /// Offers to one random live peer; without one there is nothing to compare with.
    mutating func startExchange(at now: Instant, into out: inout Outbox<GossipEffect>) {
        scheduleExchange(after: configuration.exchangeInterval, at: now)
        guard let name = sample(1, where: { $0.status == .alive }).first else { return }
        sendOffer(to: name, wantsAnswer: true, into: &out)
    }

    /// With a fifth of jitter to both sides, so that members that started together spread out.
    mutating func scheduleExchange(after pause: Span, at now: Instant) {
        nextExchangeAt = now + random.span(from: pause * 4 / 5, to: pause * 6 / 5)
    }

    mutating func sendOffer(
        to name: MachineName, wantsAnswer: Bool, into out: inout Outbox<GossipEffect>
    ) {
        if wantsAnswer { exchangeGains = 0 }
        let offer = ExchangeOffer(
            sender: local, wantsAnswer: wantsAnswer, memberDigests: memberDigests,
            tableDigests: table.digests.map(Self.fold))
        out.append(
            .sendReliably(to: name, payload: GossipCodec.encode(.offer(offer), rumors: [])))
    }

    mutating func onOffer(
        _ offer: ExchangeOffer, from: MachineName, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        if offer.sender.name == from {
            onMember(offer.sender, from: from, isState: false, at: now, into: &out)
        }
        let differs = sendDifferences(to: from, offer: offer, at: now, into: &out)
        if offer.wantsAnswer {
            sendOffer(to: from, wantsAnswer: false, into: &out)
        } else if differs, exchangeGains > 0 {
            exchangeGains = 0
            let next = now + configuration.exchangeFollowUp
            nextExchangeAt = min(nextExchangeAt, next)
        }
    }

    /// True when any group differed.
    private mutating func sendDifferences(
        to name: MachineName, offer: ExchangeOffer, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) -> Bool {
        var builder = StateBuilder()
        let memberGroups = Self.differences(memberDigests, offer.memberDigests)
        for group in memberGroups {
            for member in transferableMembers(ofGroup: group, at: now) {
                builder.append(GossipCodec.encode(Rumor.member(member)))
            }
        }
        let groups = Self.differences(table.digests.map(Self.fold), offer.tableDigests)
        // Starting anywhere lets exchanges that are cut short complete each other.
        let start = groups.isEmpty ? 0 : random.below(groups.count)
        for index in groups.indices where !builder.isFull {
            let bucket = groups[(start + index) % groups.count]
            for entry in table.transferable(bucket: bucket, at: now) {
                builder.append(GossipCodec.encode(Rumor.assignment(entry)))
            }
        }
        for payload in builder.finish() {
            out.append(.sendReliably(to: name, payload: payload))
        }
        return !memberGroups.isEmpty || !groups.isEmpty
    }

    /// Indices at which the digests differ; a list of another length differs everywhere.
    private static func differences(_ left: [UInt32], _ right: [UInt32]) -> [Int] {
        guard left.count == right.count else { return Array(left.indices) }
        return left.indices.filter { left[$0] != right[$0] }
    }

    /// Over all live members, this machine included.
    private var memberDigests: [UInt32] {
        var digests = members.digests
        if local.isLive {
            digests[MemberTable.group(of: local.name)] ^= MemberTable.digest(of: local)
        }
        return digests.map(Self.fold)
    }

    private static func fold(_ digest: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: digest ^ (digest >> 32))
    }

    /// Sorted by name; without dead ones in the second half of their retention, so that no
    /// two machines keep reminding each other of them.
    private func transferableMembers(ofGroup group: Int, at now: Instant) -> [GossipMember] {
        var found = members.entries(ofGroup: group).filter { entry in
            guard let retention = retention(of: entry.member.status) else { return true }
            return now - entry.changedAt < retention / 2
        }.map(\.member)
        if MemberTable.group(of: local.name) == group { found.append(local) }
        return found
    }
}

/// Packs encoded rumors into messages of state for a link, up to the limit of one exchange.
private struct StateBuilder {
    private var payloads: [[UInt8]] = []
    private var payload: [UInt8] = []
    private var count = 0
    private var bytes = 0

    private static let header = GossipCodec.encode(GossipMessage.state, rumors: [])

    var isFull: Bool { bytes >= GossipLimits.exchangeBytesMax }

    mutating func append(_ rumor: [UInt8]) {
        guard !isFull else { return }
        if payload.count + rumor.count > GossipLimits.linkPayloadBytesMax
            || count >= GossipLimits.linkRumorsMax
        {
            flush()
        }
        if payload.isEmpty { payload = Self.header }
        payload.append(contentsOf: rumor)
        count += 1
        bytes += rumor.count
    }

    mutating func finish() -> [[UInt8]] {
        flush()
        return payloads
    }

    private mutating func flush() {
        guard !payload.isEmpty else { return }
        payloads.append(payload)
        payload = []
        count = 0
    }
}
