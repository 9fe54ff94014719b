import Base

/// Comparison of members and tables between two peers: what gossip lost, or a newcomer never
/// heard. SWIM leaves it out; Lifeguard's memberlist does it over TCP and sends everything.
/// Here the digests go first, and over datagrams, as only what differs has to follow:
///
///     A → B  offer (digests of A, wants an answer)
///     B → A  state …                 the groups that differ, as B has them
///     B → A  offer (digests of B)
///     A → B  state …                 the groups that still differ, as A has them
///
/// One exchange sends at most ``GossipLimits/exchangeDatagramsMax`` datagrams each way. While
/// it brings something and differences remain, the next follows soon. Lost datagrams are found
/// by the next comparison.
extension GossipCore {
    /// Members and table in full, for a reliable transport or the disk, as
    /// ``GossipInput/fullState(from:bytes:)`` takes it.
    package var fullState: [UInt8] {
        var writer = ByteWriter(capacity: 4_096)
        for member in sortedMembers { writer.writeRaw(GossipCodec.encode(Rumor.member(member))) }
        for entry in table.sortedEntries {
            writer.writeRaw(GossipCodec.encode(Rumor.assignment(entry)))
        }
        return writer.bytes
    }

    mutating func onFullState(
        _ bytes: [UInt8], from: MachineName, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard bytes.count <= GossipLimits.fullStateBytesMax else {
            let limit = "at most \(GossipLimits.fullStateBytesMax) bytes"
            out.append(.malformed(from: from, DecodeError(expected: limit, offset: 0)))
            return
        }
        var reader = ByteReader(bytes)
        do {
            while !reader.isAtEnd {
                let rumor = try GossipCodec.readRumor(&reader)
                onRumor(rumor, from: from, isState: true, at: now, into: &out)
            }
        } catch {
            out.append(.malformed(from: from, error))
        }
    }

    /// Offers to one random live peer; without one there is nothing to compare with.
    mutating func startExchange(at now: Instant, into out: inout Outbox<GossipEffect>) {
        scheduleExchange(after: configuration.exchangeInterval, at: now)
        guard let name = sample(1, where: { $0.status == .alive }).first,
            let address = members[name]?.member.address
        else { return }
        sendOffer(to: name, address: address, wantsAnswer: true, into: &out)
    }

    /// With a fifth of jitter to both sides, so that members that started together spread out.
    mutating func scheduleExchange(after pause: Span, at now: Instant) {
        nextExchangeAt = now + random.span(from: pause * 4 / 5, to: pause * 6 / 5)
    }

    mutating func sendOffer(
        to name: MachineName, address: PeerAddress, wantsAnswer: Bool,
        into out: inout Outbox<GossipEffect>
    ) {
        if wantsAnswer { exchangeGains = 0 }
        let offer = ExchangeOffer(
            sender: local, wantsAnswer: wantsAnswer, memberDigests: memberDigests,
            tableDigests: tableDigests)
        send(.offer(offer), to: name, address: address, into: &out)
    }

    mutating func onOffer(
        _ offer: ExchangeOffer, from: MachineName, address: PeerAddress, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        if offer.sender.name == from {
            onMember(offer.sender, from: from, isState: false, at: now, into: &out)
        }
        let differs = sendDifferences(to: from, address: address, offer: offer, at: now, into: &out)
        if offer.wantsAnswer {
            sendOffer(to: from, address: address, wantsAnswer: false, into: &out)
        } else if differs, exchangeGains > 0 {
            exchangeGains = 0
            let next = now + configuration.exchangeFollowUp
            nextExchangeAt = min(nextExchangeAt, next)
        }
    }

    /// True when any group differed.
    private mutating func sendDifferences(
        to name: MachineName, address: PeerAddress, offer: ExchangeOffer, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) -> Bool {
        var builder = StateBuilder()
        let memberGroups = Self.differences(memberDigests, offer.memberDigests)
        if !memberGroups.isEmpty {
            for member in transferableMembers(at: now)
            where memberGroups.contains(Self.memberBucket(of: member.name)) {
                builder.append(GossipCodec.encode(Rumor.member(member)))
            }
        }
        let groups = Self.differences(tableDigests, offer.tableDigests)
        // Starting anywhere lets exchanges that are cut short complete each other.
        let start = groups.isEmpty ? 0 : random.below(groups.count)
        for index in groups.indices where !builder.isFull {
            let bucket = groups[(start + index) % groups.count]
            for entry in table.transferable(bucket: bucket, at: now) {
                builder.append(GossipCodec.encode(Rumor.assignment(entry)))
            }
        }
        for payload in builder.finish() {
            out.append(.send(to: name, address: address, payload: payload))
        }
        return !memberGroups.isEmpty || !groups.isEmpty
    }

    /// Indices at which the digests differ; a list of another length differs everywhere.
    private static func differences(_ left: [UInt32], _ right: [UInt32]) -> [Int] {
        guard left.count == right.count else { return Array(left.indices) }
        return left.indices.filter { left[$0] != right[$0] }
    }

    private var tableDigests: [UInt32] { table.digests.map(Self.fold) }

    /// Over live members, this machine included: name and incarnation. Dead ones are forgotten
    /// at different times on different machines and so must not count.
    private var memberDigests: [UInt32] {
        var digests = [UInt64](repeating: 0, count: GossipLimits.memberBuckets)
        func combine(_ member: GossipMember) {
            var hash = StableHash()
            hash.combine(member.name.text)
            hash.combine(member.incarnation)
            digests[Self.memberBucket(of: member.name)] ^= hash.value
        }
        if local.isLive { combine(local) }
        for name in liveNames {
            if let member = members[name]?.member { combine(member) }
        }
        return digests.map(Self.fold)
    }

    private static func fold(_ digest: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: digest ^ (digest >> 32))
    }

    private static func memberBucket(of name: MachineName) -> Int {
        var hash = StableHash()
        hash.combine(name.text)
        return Int(hash.value % UInt64(GossipLimits.memberBuckets))
    }

    /// Sorted by name; without dead ones in the second half of their retention, so that no
    /// two machines keep reminding each other of them.
    private func transferableMembers(at now: Instant) -> [GossipMember] {
        let others = members.values.filter { state in
            guard let retention = retention(of: state.member.status) else { return true }
            return now - state.changedAt < retention / 2
        }.map(\.member)
        return (others + [local]).sorted { $0.name < $1.name }
    }
}

/// Packs encoded rumors into payloads of state datagrams, up to the limit of one exchange.
private struct StateBuilder {
    private var payloads: [[UInt8]] = []
    private var current: [[UInt8]] = []
    private var size = 0

    var isFull: Bool { payloads.count >= GossipLimits.exchangeDatagramsMax }

    mutating func append(_ rumor: [UInt8]) {
        // One byte for the kind of the message.
        if size + rumor.count + 1 > GossipLimits.payloadBytesMax
            || current.count >= GossipLimits.rumorsPerDatagramMax
        {
            flush()
        }
        guard !isFull else { return }
        current.append(rumor)
        size += rumor.count
    }

    mutating func finish() -> [[UInt8]] {
        flush()
        return payloads
    }

    private mutating func flush() {
        guard !current.isEmpty else { return }
        payloads.append(GossipCodec.encode(.state, rumors: current))
        current = []
        size = 0
    }
}
