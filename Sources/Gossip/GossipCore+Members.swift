import Base

/// What peers say of members, and what follows.
extension GossipCore {
    mutating func onRumor(
        _ rumor: Rumor, from: MachineName, isState: Bool, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        switch rumor {
        case .member(let member):
            onMember(member, from: from, isState: isState, at: now, into: &out)
        case .suspect(let name, let incarnation, let accuser):
            if name == local.name {
                onOwnAccusation(incarnation: incarnation, into: &out)
            } else {
                becomeSuspect(
                    name, incarnation: incarnation, accuser: accuser, at: now, into: &out)
            }
        case .failed(let name, let incarnation, let accuser):
            if name == local.name {
                onOwnAccusation(incarnation: incarnation, into: &out)
            } else {
                onFailedClaim(
                    name, incarnation: incarnation, accuser: accuser, isState: isState,
                    at: now, into: &out)
            }
        case .assignment(let entry):
            guard table.verdict(on: entry) == .newer else { return }
            table.merge(entry)
            if isState { exchangeGains += 1 }
            out.append(.assignmentChanged(entry))
            // What a comparison brought is old news to most; what an event brought travels on.
            if !isState { spread(.assignment(entry), into: &out) }
        }
    }

    mutating func onMember(
        _ member: GossipMember, from: MachineName, isState: Bool, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        if member.name == local.name {
            onOwnRecord(member, at: now, into: &out)
            return
        }
        switch member.status {
        case .alive:
            applyAlive(member, isState: isState, at: now, into: &out)
        case .suspect:
            applyAlive(member, isState: isState, at: now, into: &out)
            becomeSuspect(
                member.name, incarnation: member.incarnation, accuser: from, at: now,
                into: &out)
        case .failed where members[member.name] == nil:
            insertDead(member, at: now, into: &out)
        case .failed:
            applyAlive(member, isState: isState, at: now, into: &out)
            onFailedClaim(
                member.name, incarnation: member.incarnation, accuser: from, isState: true,
                at: now, into: &out)
        case .left where members[member.name] == nil:
            insertDead(member, at: now, into: &out)
        case .left:
            becomeLeft(member.name, incarnation: member.incarnation, at: now, into: &out)
        }
    }

    /// The member's own word that it lives. Wins with a higher incarnation only.
    private mutating func applyAlive(
        _ record: GossipMember, isState: Bool, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard !isBarred(record) else {
            out.append(.mark(.barred))
            return
        }
        var alive = record
        alive.status = .alive
        guard var entry = members.entry(of: alive.name) else {
            guard members.count < GossipLimits.membersMax else {
                out.append(.mark(.overflow))
                return
            }
            if isState { exchangeGains += 1 }
            members.update(MemberTable.Entry(member: alive, changedAt: now))
            welcome(alive, previous: nil, isState: isState, at: now, into: &out)
            return
        }
        guard alive.incarnation > entry.member.incarnation else { return }
        let previous = entry.member
        entry.member = alive
        if previous.status != .alive { entry.changedAt = now }
        members.update(entry)
        setSuspicion(of: alive.name, nil)
        if previous.isLive {
            if previous.status != .alive || previous.differsInContent(from: alive) {
                out.append(.memberChanged(alive, previous: previous.status))
            }
            spread(.member(alive), isRefutation: previous.status != .alive, into: &out)
        } else {
            out.append(.mark(.returned))
            welcome(alive, previous: previous.status, isState: isState, at: now, into: &out)
        }
        if isState { exchangeGains += 1 }
    }

    /// A member that was not live before.
    private mutating func welcome(
        _ member: GossipMember, previous: GossipMember.Status?, isState: Bool, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        if members.liveCount == 1 {
            // Alone until now, so these have not been kept up to date.
            nextProbeAt = max(now, min(nextProbeAt, now + configuration.probeInterval))
            // Others may have joined in the same moment through another seed.
            scheduleExchange(after: configuration.joinInterval, at: now)
        }
        if !isInRound(member.name, previous) { insertIntoProbeOrder(member.name) }
        out.append(.memberChanged(member, previous: previous))
        if !isState || rumors.count < GossipLimits.comparedRumorsMax {
            spread(.member(member), isRefutation: previous != nil, into: &out)
        }
        // Back from the dead, it may hold half a partitioned cluster's news. About three
        // members ask it; more would only repeat them.
        if previous != nil, random.below(members.liveCount) < 3 {
            sendOffer(to: member.name, wantsAnswer: true, into: &out)
        }
    }

    /// A member that died since the last turn of the round is still in it.
    private func isInRound(
        _ name: MachineName, _ previous: GossipMember.Status?
    ) -> Bool {
        previous != nil && probeOrder.contains(name)
    }

    /// A stranger that is dead already: kept so that a healed partition can be found.
    private mutating func insertDead(
        _ member: GossipMember, at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        guard members.count < GossipLimits.membersMax else {
            out.append(.mark(.overflow))
            return
        }
        members.update(MemberTable.Entry(member: member, changedAt: now))
        out.append(.memberChanged(member, previous: nil))
    }

    func retention(of status: GossipMember.Status) -> Span? {
        switch status {
        case .alive, .suspect: nil
        case .failed: configuration.failedRetention
        case .left: configuration.leftRetention
        }
    }

    /// Forgets members that were dead for their retention. Peers hand dead members on only in
    /// the first half of it, so none comes back through a peer that forgets a little later.
    mutating func forgetMembers(at now: Instant, into out: inout Outbox<GossipEffect>) {
        for name in members.failedNames + members.leftNames {
            guard let entry = members.entry(of: name),
                let retention = retention(of: entry.member.status),
                now - entry.changedAt >= retention
            else { continue }
            members.remove(name)
            contacts[name] = nil
            out.append(.memberForgotten(name))
        }
    }

    // MARK: Joining and coming together again

    mutating func onJoin(
        _ newSeeds: [GossipSeed], at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        for seed in newSeeds where seed.name != local.name {
            seeds.removeAll { $0.name == seed.name }
            guard seeds.count < GossipLimits.seedsMax else {
                out.append(.mark(.overflow))
                break
            }
            seeds.append(seed)
        }
        nextJoinAt = now
        runJoin(at: now, into: &out)
    }

    mutating func runJoin(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard !hasPeers, !seeds.isEmpty, now >= nextJoinAt else { return }
        nextJoinAt = now + configuration.joinInterval
        for _ in 0..<min(GossipLimits.seedsPerRound, seeds.count) {
            let seed = seeds[seedCursor % seeds.count]
            seedCursor = (seedCursor + 1) % seeds.count
            send(.join(local), to: seed.name, address: seed.address, into: &out)
        }
    }

    /// A newcomer, or one that this machine has forgotten, asks to be told who is there.
    mutating func onJoinRequest(
        _ record: GossipMember, from: MachineName, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        guard record.name == from else { return }
        onMember(record, from: from, isState: false, at: now, into: &out)
        // One whose claim did not win is told why, and asks again.
        guard members[from] == record else { return }
        sendOffer(to: from, wantsAnswer: true, into: &out)
    }

    /// Asks one failed member whether it is back. The ping carries the accusation, so a
    /// living one refutes; both sides of a healed partition do this.
    mutating func runReconnect(at now: Instant, into out: inout Outbox<GossipEffect>) {
        let names = members.failedNames
        guard now >= nextReconnectAt, !names.isEmpty else { return }
        nextReconnectAt = now + configuration.reconnectInterval
        guard let member = members[names[random.below(names.count)]] else { return }
        let own = GossipCodec.encode(Rumor.member(local))
        send(
            .ping(sequence: takeSequence()), to: member.name, address: member.address,
            first: [accusation(of: member.name), own].compactMap { $0 }, into: &out)
    }
}
