import Base

/// Why and for how long a member is suspect (Lifeguard IV-B).
struct Suspicion: Hashable, Sendable {
    var startedAt: Instant
    /// Members that got no answer themselves, the first accuser included.
    var accusers: [MachineName]
    /// Confirmations beside the first accusation that bring the timeout down to `shortest`.
    let confirmationsWanted: Int
    let shortest: Span
    let longest: Span

    /// `max(min, max − (max − min) · log(c + 1) / log(k + 1))`, Lifeguard IV-B.
    var timeout: Span {
        let confirmations = accusers.count - 1
        guard confirmationsWanted > confirmations else { return shortest }
        let share =
            Self.log2(Double(confirmations + 1)) / Self.log2(Double(confirmationsWanted + 1))
        return max(shortest, longest - (longest - shortest).scaled(by: share))
    }

    var deadline: Instant { startedAt + timeout }

    /// Base-2 logarithm of a number ≥ 1 to about 2⁻²⁰, by repeated squaring; the standard
    /// library has none without a C library.
    static func log2(_ value: Double) -> Double {
        guard value > 1, value.isFinite else { return 0 }
        var result = Double(value.exponent)
        var rest = value.significand
        var bit = 0.5
        for _ in 0..<20 {
            rest *= rest
            if rest >= 2 {
                rest /= 2
                result += bit
            }
            bit /= 2
        }
        return result
    }

    static func log10(_ value: Double) -> Double { log2(value) / 3.321_928_094_887_362 }
    static func ln(_ value: Double) -> Double { log2(value) * 0.693_147_180_559_945_3 }
}

/// Changes of a member's status for the worse, and this machine's defence against them.
extension GossipCore {
    /// Members, this machine included, that are alive or suspect.
    package var liveCount: Int { members.liveCount + 1 }

    func makeSuspicion(accuser: MachineName, at now: Instant) -> Suspicion {
        let growth = Double(liveCount) / Double(max(1, configuration.suspicionGrowsFrom))
        let scale = 1 + Suspicion.log10(growth)
        let shortest = configuration.suspicionMin.scaled(by: scale)
        // Neither the suspect nor the first accuser can confirm. Waiting for confirmations
        // that nobody could give would only slow detection down.
        let witnesses = liveCount - 2
        let wanted = configuration.suspicionConfirmations
        return Suspicion(
            startedAt: now, accusers: [accuser],
            confirmationsWanted: witnesses < wanted ? 0 : wanted, shortest: shortest,
            longest: shortest.scaled(by: configuration.suspicionMaxFactor))
    }

    mutating func setSuspicion(of name: MachineName, _ suspicion: Suspicion?) {
        suspicions[name] = suspicion
        if let suspicion {
            suspicionQueue.schedule(name, at: suspicion.deadline)
        } else {
            suspicionQueue.cancel(name)
        }
    }

    mutating func becomeSuspect(
        _ name: MachineName, incarnation: UInt64, accuser: MachineName, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard var entry = members.entry(of: name), entry.member.isLive,
            incarnation >= entry.member.incarnation
        else { return }
        if entry.member.status == .suspect, incarnation == entry.member.incarnation {
            confirmSuspicion(of: name, accuser: accuser, into: &out)
            return
        }
        let previous = entry.member.status
        entry.member.status = .suspect
        entry.member.incarnation = incarnation
        entry.changedAt = now
        members.update(entry)
        setSuspicion(of: name, makeSuspicion(accuser: accuser, at: now))
        contacts[name]?.toldAt = now
        if previous != .suspect { out.append(.memberChanged(entry.member, previous: previous)) }
        let rumor = Rumor.suspect(name, incarnation: incarnation, accuser: accuser)
        // The suspect hears it first, so that it may refute (Lifeguard IV-C, buddy system); here
        // from those who are about to confirm it, as every ping to it carries the accusation.
        if accuser == local.name || becomeWitness(of: name, into: &out) {
            send(
                .gossip, to: name, address: entry.member.address,
                first: [GossipCodec.encode(rumor)], into: &out)
        }
        spread(rumor, into: &out)
    }

    /// Lifeguard waits until other members come to probe the suspect in their turn. In a large
    /// mesh that takes long, so about twice as many members as are needed probe it next.
    private mutating func becomeWitness(
        of name: MachineName, into out: inout Outbox<GossipEffect>
    ) -> Bool {
        guard let suspicion = suspicions[name], suspicion.confirmationsWanted > 0 else {
            return true
        }
        let wanted = configuration.witnessFactor * suspicion.confirmationsWanted
        let share = Double(wanted) / Double(max(1, liveCount - 2))
        guard random.chance(share) else { return false }
        guard probe?.target != name, !witnessQueue.contains(name) else { return true }
        guard witnessQueue.count < GossipLimits.witnessQueueMax else { return false }
        witnessQueue.append(name)
        out.append(.mark(.witnessed))
        return true
    }

    private mutating func confirmSuspicion(
        of name: MachineName, accuser: MachineName, into out: inout Outbox<GossipEffect>
    ) {
        guard var suspicion = suspicions[name], let incarnation = members[name]?.incarnation,
            suspicion.accusers.count <= suspicion.confirmationsWanted,
            !suspicion.accusers.contains(accuser)
        else { return }
        suspicion.accusers.append(accuser)
        setSuspicion(of: name, suspicion)
        spread(.suspect(name, incarnation: incarnation, accuser: accuser), into: &out)
    }

    mutating func runSuspicions(at now: Instant, into out: inout Outbox<GossipEffect>) {
        while let name = suspicionQueue.popDue(at: now) {
            guard let member = members[name] else { continue }
            becomeFailed(
                name, incarnation: member.incarnation, accuser: local.name, at: now, into: &out)
        }
    }

    /// Another member's verdict. Old news (`isState`), or one that contradicts what this
    /// machine heard itself while the suspicion must have run, is only a suspicion: a true
    /// verdict needs a failed probe and a suspicion of at least
    /// ``GossipConfiguration/suspicionMin``, so a member heard within that time cannot have
    /// earned it.
    mutating func onFailedClaim(
        _ name: MachineName, incarnation: UInt64, accuser: MachineName, isState: Bool,
        at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        guard let member = members[name], member.isLive, incarnation >= member.incarnation
        else { return }
        let lastHeard = contacts[name]?.lastHeard
        let isFresh = lastHeard.map { now - $0 < configuration.suspicionMin } ?? false
        if isFresh { out.append(.mark(.failureDoubted)) }
        if isState || isFresh {
            becomeSuspect(
                name, incarnation: incarnation, accuser: accuser, at: now, into: &out)
        } else {
            becomeFailed(
                name, incarnation: incarnation, accuser: accuser, at: now, into: &out)
        }
    }

    mutating func becomeFailed(
        _ name: MachineName, incarnation: UInt64, accuser: MachineName, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard members[name]?.isLive == true else { return }
        becomeDead(name, status: .failed, incarnation: incarnation, at: now, into: &out)
        nextReconnectAt = max(nextReconnectAt, now + configuration.reconnectInterval)
        spread(.failed(name, incarnation: incarnation, accuser: accuser), into: &out)
    }

    /// The member said goodbye, or was expelled.
    mutating func becomeLeft(
        _ name: MachineName, incarnation: UInt64, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard let member = members[name], member.status != .left,
            incarnation >= member.incarnation
        else { return }
        becomeDead(name, status: .left, incarnation: incarnation, at: now, into: &out)
        if let member = members[name] { spread(.member(member), into: &out) }
    }

    private mutating func becomeDead(
        _ name: MachineName, status: GossipMember.Status, incarnation: UInt64, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard var entry = members.entry(of: name) else { return }
        let previous = entry.member.status
        entry.member.status = status
        entry.member.incarnation = incarnation
        entry.changedAt = now
        members.update(entry)
        setSuspicion(of: name, nil)
        if probe?.target == name { probe = nil }
        out.append(.memberChanged(entry.member, previous: previous))
    }

    mutating func onExpel(
        _ name: MachineName, at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        if name == local.name {
            step(.leave, at: now, into: &out)
        } else if let member = members[name] {
            bar(name, upTo: member.certificate?.serial ?? 0)
            becomeLeft(name, incarnation: member.incarnation, at: now, into: &out)
        }
    }

    private mutating func bar(_ name: MachineName, upTo serial: UInt64) {
        if barred.updateValue(serial, forKey: name) == nil { barredOrder.append(name) }
        guard barredOrder.count > GossipLimits.barredMax else { return }
        barred[barredOrder.removeFirst()] = nil
    }

    /// Whether the record is of an expelled member that has no newer certificate; one that has is
    /// barred no more.
    mutating func isBarred(_ record: GossipMember) -> Bool {
        guard let serial = barred[record.name] else { return false }
        guard (record.certificate?.serial ?? 0) <= serial else {
            barred[record.name] = nil
            barredOrder.removeAll { $0 == record.name }
            return false
        }
        return true
    }

    // MARK: Defence

    /// Someone says that this machine is suspect, failed or gone (SWIM §4.2).
    mutating func onOwnAccusation(
        incarnation: UInt64, into out: inout Outbox<GossipEffect>
    ) {
        guard leavingUntil == nil else { return }
        if incarnation >= local.incarnation {
            raiseIncarnation(above: incarnation)
            changeHealth(by: 1)
            out.append(.mark(.refuted))
        }
        // An accusation of an older incarnation means that the refutation was not heard.
        spread(.member(local), isRefutation: true, into: &out)
    }

    mutating func raiseIncarnation(above incarnation: UInt64) {
        let highest = max(local.incarnation, incarnation)
        local.incarnation = min(highest + 1, GossipLimits.incarnationMax)
    }

    /// What a peer must be told that this machine believes dead or dying, so that it can
    /// refute; nil for one in good standing.
    func accusation(of name: MachineName) -> [UInt8]? {
        // Asked with every datagram, and nearly always in vain.
        guard !members.areAllAlive, let member = members[name] else { return nil }
        switch member.status {
        case .alive: return nil
        case .suspect:
            let accuser = suspicions[name]?.accusers.first ?? local.name
            return GossipCodec.encode(
                .suspect(name, incarnation: member.incarnation, accuser: accuser))
        case .failed:
            return GossipCodec.encode(
                .failed(name, incarnation: member.incarnation, accuser: local.name))
        case .left: return GossipCodec.encode(.member(member))
        }
    }
}
