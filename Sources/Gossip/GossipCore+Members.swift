import Base

/// What peers say of members, and what follows.
extension GossipCore {
    /// The only way to write a member's status: keeps the sorted lists of names with it.
    mutating func store(_ state: MemberState) {
        let name = state.member.name
        members[name] = state
        Self.list(name, in: &liveNames, if: state.member.isLive)
        Self.list(name, in: &suspectNames, if: state.member.status == .suspect)
        Self.list(name, in: &failedNames, if: state.member.status == .failed)
    }

    private static func list(_ name: MachineName, in names: inout [MachineName], if isIn: Bool) {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        let isPresent = low < names.count && names[low] == name
        if isIn, !isPresent {
            names.insert(name, at: low)
        } else if !isIn, isPresent {
            names.remove(at: low)
        }
    }

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
            onOwnRecord(member, into: &out)
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

    /// The mesh's memory of this machine. It wins over a restart whose clock was set back, and
    /// over one within the same second with another address.
    private mutating func onOwnRecord(
        _ record: GossipMember, into out: inout Outbox<GossipEffect>
    ) {
        if record.status != .alive {
            onOwnAccusation(incarnation: record.incarnation, into: &out)
        } else if record.incarnation > local.incarnation
            || (record.incarnation == local.incarnation && record.differsInContent(from: local))
        {
            guard leavingUntil == nil else { return }
            raiseIncarnation(above: record.incarnation)
            out.append(.mark(.refuted))
            spread(.member(local), into: &out)
        }
    }

    /// The member's own word that it lives. Wins with a higher incarnation only.
    private mutating func applyAlive(
        _ record: GossipMember, isState: Bool, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        var alive = record
        alive.status = .alive
        guard var state = members[alive.name] else {
            guard members.count < GossipLimits.membersMax else {
                out.append(.mark(.overflow))
                return
            }
            if isState { exchangeGains += 1 }
            store(MemberState(member: alive, changedAt: now))
            welcome(alive, previous: nil, at: now, into: &out)
            return
        }
        guard alive.incarnation > state.member.incarnation else { return }
        let previous = state.member
        state.member = alive
        state.suspicion = nil
        if previous.status != .alive { state.changedAt = now }
        store(state)
        if previous.isLive {
            if previous.status != .alive || previous.differsInContent(from: alive) {
                out.append(.memberChanged(alive, previous: previous.status))
            }
            spread(.member(alive), into: &out)
        } else {
            out.append(.mark(.returned))
            welcome(alive, previous: previous.status, at: now, into: &out)
        }
        if isState { exchangeGains += 1 }
    }

    /// A member that was not live before.
    private mutating func welcome(
        _ member: GossipMember, previous: GossipMember.Status?, at now: Instant,
        into out: inout Outbox<GossipEffect>
    ) {
        if liveNames.count == 1 {
            // Alone until now, so these have not been kept up to date.
            nextProbeAt = max(now, min(nextProbeAt, now + configuration.probeInterval))
            // Others may have joined in the same moment through another seed.
            scheduleExchange(after: configuration.joinInterval, at: now)
        }
        insertIntoProbeOrder(member.name)
        out.append(.memberChanged(member, previous: previous))
        spread(.member(member), into: &out)
        // Back from the dead, it may hold half a partitioned cluster's news. About three
        // members ask it; more would only repeat them.
        if previous != nil, random.below(liveNames.count) < 3 {
            sendOffer(to: member.name, address: member.address, wantsAnswer: true, into: &out)
        }
    }

    /// A stranger that is dead already: kept so that a healed partition can be found.
    private mutating func insertDead(
        _ member: GossipMember, at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        guard members.count < GossipLimits.membersMax else {
            out.append(.mark(.overflow))
            return
        }
        store(MemberState(member: member, changedAt: now))
        out.append(.memberChanged(member, previous: nil))
    }

    func retention(of status: GossipMember.Status) -> Span? {
        switch status {
        case .alive, .suspect: nil
        case .failed: configuration.failedRetention
        case .left: configuration.leftRetention
        }
    }

    mutating func forgetMembers(at now: Instant) {
        for name in members.keys.sorted() {
            guard let state = members[name], let retention = retention(of: state.member.status),
                now - state.changedAt >= retention
            else { continue }
            members[name] = nil
            failedNames.removeAll { $0 == name }
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
        guard liveNames.isEmpty, !seeds.isEmpty, now >= nextJoinAt else { return }
        nextJoinAt = now + configuration.joinInterval
        for _ in 0..<min(GossipLimits.seedsPerRound, seeds.count) {
            let seed = seeds[seedCursor % seeds.count]
            seedCursor = (seedCursor + 1) % seeds.count
            sendOffer(to: seed.name, address: seed.address, wantsAnswer: true, into: &out)
        }
    }

    /// Asks one failed member whether it is back. The ping carries the accusation, so a
    /// living one refutes; both sides of a healed partition do this.
    mutating func runReconnect(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard now >= nextReconnectAt, !failedNames.isEmpty else { return }
        nextReconnectAt = now + configuration.reconnectInterval
        guard let member = members[failedNames[random.below(failedNames.count)]]?.member
        else { return }
        let own = GossipCodec.encode(Rumor.member(local))
        send(
            .ping(sequence: takeSequence()), to: member.name, address: member.address,
            first: [accusation(of: member.name), own].compactMap { $0 }, into: &out)
    }
}
