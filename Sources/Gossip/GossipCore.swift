package import Base

/// Decides who is a member of the mesh and spreads what members say: SWIM (Das, Gupta,
/// Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018), and the assignment table.
///
/// Datagrams reach it opened: their sender's name is proved by the seal. It keeps no socket,
/// no clock and no key.
///
/// Every member pings one other per protocol period: in turn the one that follows it on the ring of
/// hashed names, and one of all in a fixed round-robin order into which newcomers are inserted at
/// random. The ring bounds the time until somebody probes a dead member by two periods, at any
/// size; in SWIM (§4.3) alone that time has an exponential tail. The round makes up for a dead or
/// slow predecessor. Its order is not shuffled between rounds, unlike in SWIM.
///
/// State of the table and of members heals by comparison: now and then, and when joining, a
/// member offers digests to a random peer; each sends the other the groups that differ, over
/// links (``GossipCore/onOffer(_:from:at:into:)``).
///
/// Invariants, kept by every step:
/// 1. Those of ``MemberTable``; this machine is not in its own table.
/// 2. A member has a suspicion exactly when its status is suspect, and the earliest end of one is
///    the deadline of `suspicionQueue`.
/// 3. `local.incarnation` never falls.
/// 4. No queue exceeds its bound (``queueSizes``).
package struct GossipCore: Sendable {
    package let configuration: GossipConfiguration
    /// This machine's own record.
    package internal(set) var local: GossipMember
    package internal(set) var table = AssignmentTable()

    package internal(set) var members = MemberTable()
    var contacts: [MachineName: GossipContact] = [:]
    var suspicions: [MachineName: Suspicion] = [:]
    var suspicionQueue = DeadlineQueue<MachineName>()
    /// The serials of the certificates that expelled members had.
    var barred: [MachineName: UInt64] = [:]
    var barredOrder: [MachineName] = []
    var random: Random

    var probeOrder: [MachineName] = []
    var probeCursor = 0
    /// The next probe goes to the successor on the ring.
    var isRingTurn = false
    /// Suspects of other accusers that this machine probes before its turn.
    var witnessQueue: [MachineName] = []
    var probe: Probe?
    var nextProbeAt: Instant
    var relays: [RelayedPing] = []
    var nextSequence: UInt32 = 1
    /// Lifeguard's local health score: 0 is healthy; timeouts grow by one unit for each.
    var health = 0

    var rumors = RumorQueue()
    var nextGossipAt: Instant

    var seeds: [GossipSeed] = []
    var seedCursor = 0
    var nextJoinAt: Instant
    var nextExchangeAt: Instant
    /// Rows and records that state datagrams brought since the last offer was sent.
    var exchangeGains = 0
    var nextReconnectAt: Instant
    var nextSweepAt: Instant

    /// Records of other machines with this machine's name that this machine overrode lately.
    var contests = 0
    var contestsEndAt: Instant

    var leavingUntil: Instant?
    package internal(set) var hasLeft = false

    /// When the shell must send `.wake`; one that is past means at once. A wake much later
    /// than a timeout is taken as a stall of the process
    /// (``GossipConfiguration/stallTolerance``), so do not round it up. Kept, because the daemon
    /// asks after every step of any of its parts.
    package private(set) var deadline: Instant?

    static let sweepInterval = Span.seconds(30)

    /// `local.incarnation` must be newer than that of any earlier run under the name: seconds
    /// since 1970 are. Should a clock have been set back, the core finds out from
    /// its peers and raises itself above.
    ///
    /// `known` are members that need not be found first, this machine perhaps among them; what
    /// begins assembled shares one table.
    package init(
        configuration: GossipConfiguration = GossipConfiguration(), local: GossipMember,
        knowing known: MemberTable = MemberTable(), order: [MachineName] = [],
        random: Random, now: Instant
    ) {
        self.configuration = configuration
        self.local = local
        self.local.status = .alive
        self.local.incarnation = min(local.incarnation, GossipLimits.incarnationMax)
        self.local.session = self.local.incarnation
        if !GossipMember.mayCarry(local.tags) { self.local.tags = [:] }
        self.random = random
        members = known
        members.remove(local.name)
        probeOrder = order.isEmpty ? known.sorted.map(\.name) : order
        if order.isEmpty { self.random.shuffle(&probeOrder) }
        probeCursor = probeOrder.isEmpty ? 0 : self.random.below(probeOrder.count)
        contestsEndAt = now
        nextProbeAt = now + self.random.span(from: .zero, to: configuration.probeInterval)
        nextGossipAt = now
        nextJoinAt = now
        nextExchangeAt = now + self.random.span(from: .zero, to: configuration.exchangeInterval)
        nextReconnectAt = now
        nextSweepAt = now + Self.sweepInterval
        deadline = earliestDeadline
    }

    /// The record of this name as this machine sees it.
    package subscript(name: MachineName) -> GossipMember? {
        name == local.name ? local : members[name]
    }

    /// All records including this machine's own, sorted by name.
    package var sortedMembers: [GossipMember] {
        (members.sorted + [local]).sorted { $0.name < $1.name }
    }

    /// What this machine learned of the member by talking to it; nil for strangers, for this
    /// machine, and for a member that it has not heard itself.
    package func contact(_ name: MachineName) -> GossipContact? { contacts[name] }

    /// Lifeguard's local health score if the member is believed alive, else nil: for checkers,
    /// which look too often to copy the core first, as a read from outside the room does.
    package mutating func healthIfLive(_ name: MachineName) -> Int? {
        members.isLive(name) ? health : nil
    }

    /// Lifeguard's local health score, for a metric: 0 is healthy.
    package var healthScore: Int { health }

    /// Any input is legal at any time. After `.left` every input is ignored.
    package mutating func step(
        _ input: GossipInput, at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        guard !hasLeft else { return }
        switch input {
        case .wake: onWake(at: now, into: &out)
        case .datagram(let from, let address, let payload):
            onDatagram(payload, from: from, address: address, at: now, into: &out)
        case .join(let seeds): onJoin(seeds, at: now, into: &out)
        case .publish(let entry): onPublish(entry, into: &out)
        case .updateTags(let tags): onUpdateTags(tags, into: &out)
        case .updateCertificate(let certificate): onUpdateCertificate(certificate, into: &out)
        case .expel(let name): onExpel(name, at: now, into: &out)
        case .leave: onLeave(at: now, into: &out)
        case .reliable(let from, let payload):
            onReliable(payload, from: from, at: now, into: &out)
        case .compare: startExchange(at: now, into: &out)
        }
        deadline = earliestDeadline
        // Costs a sort of all members, so larger meshes are left to the simulator's checker.
        assert(members.count > 16 || invariantViolation == nil, invariantViolation ?? "")
    }

    private var earliestDeadline: Instant? {
        guard !hasLeft else { return nil }
        var earliest = nextSweepAt
        func consider(_ instant: Instant) { earliest = min(earliest, instant) }
        if let leavingUntil { consider(leavingUntil) }
        if !rumors.isEmpty, hasPeers { consider(nextGossipAt) }
        for relay in relays { consider(relay.nackAt ?? relay.expiresAt) }
        guard leavingUntil == nil else { return earliest }
        if let timeout = probeDeadline { consider(timeout) }
        if hasPeers {
            consider(nextExchangeAt)
        } else if !seeds.isEmpty {
            consider(nextJoinAt)
        }
        if !members.failedNames.isEmpty { consider(nextReconnectAt) }
        return earliest
    }

    /// The next instant of the protocol period, or of a suspicion: those that are never
    /// scheduled into the past, so that lateness can be read from them.
    private var probeDeadline: Instant? {
        guard hasPeers else { return nil }
        var earliest = nextProbeAt
        if let probe { earliest = probe.isIndirect ? probe.endsAt : probe.directUntil }
        if let suspicionEnd = suspicionQueue.deadline { earliest = min(earliest, suspicionEnd) }
        return earliest
    }

    /// Another member is alive or suspect.
    var hasPeers: Bool { members.liveCount > 0 }

    private mutating func onWake(at now: Instant, into out: inout Outbox<GossipEffect>) {
        absorbStall(at: now, into: &out)
        runRelays(at: now, into: &out)
        if let leavingUntil {
            runGossip(at: now, into: &out)
            if now >= leavingUntil {
                hasLeft = true
                out.append(.left)
            }
            return
        }
        runProbe(at: now, into: &out)
        runSuspicions(at: now, into: &out)
        startProbeIfDue(at: now, into: &out)
        runJoin(at: now, into: &out)
        runReconnect(at: now, into: &out)
        if hasPeers, now >= nextExchangeAt { startExchange(at: now, into: &out) }
        if now >= nextSweepAt {
            table.sweep(at: now)
            forgetMembers(at: now, into: &out)
            nextSweepAt = now + Self.sweepInterval
        }
        runGossip(at: now, into: &out)
    }

    /// Whoever did not run could not hear: a process that was stopped, or starved of its
    /// processor, would find all its timeouts expired while the answers still wait in its
    /// socket. So it gives every timeout the time back that it slept through.
    private mutating func absorbStall(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard let due = probeDeadline, now - due > configuration.stallTolerance else { return }
        let lateness = now - due
        if var stalled = probe {
            stalled.sentAt = stalled.sentAt + lateness
            stalled.directUntil = stalled.directUntil + lateness
            stalled.endsAt = stalled.endsAt + lateness
            probe = stalled
        }
        for index in relays.indices {
            relays[index].nackAt = relays[index].nackAt.map { $0 + lateness }
            relays[index].expiresAt = relays[index].expiresAt + lateness
        }
        for name in members.suspectNames {
            guard var suspicion = suspicions[name] else { continue }
            suspicion.startedAt = suspicion.startedAt + lateness
            setSuspicion(of: name, suspicion)
        }
        if lateness > configuration.probeTimeout { changeHealth(by: 1) }
        out.append(.mark(.stallAbsorbed))
    }

    private mutating func onUpdateTags(
        _ tags: [String: String], into out: inout Outbox<GossipEffect>
    ) {
        guard GossipMember.mayCarry(tags) else {
            out.append(.tagsRefused)
            return
        }
        guard tags != local.tags else { return }
        local.tags = tags
        raiseIncarnation(above: local.incarnation)
        spread(.member(local), into: &out)
    }

    private mutating func onUpdateCertificate(
        _ certificate: GossipCertificate, into out: inout Outbox<GossipEffect>
    ) {
        guard certificate.name == local.name, certificate != local.certificate else { return }
        local.certificate = certificate
        raiseIncarnation(above: local.incarnation)
        spread(.member(local), into: &out)
    }

    private mutating func onLeave(at now: Instant, into out: inout Outbox<GossipEffect>) {
        guard leavingUntil == nil else { return }
        local.status = .left
        probe = nil
        leavingUntil = !hasPeers ? now : now + configuration.leaveDuration
        spread(.member(local), into: &out)
    }

    /// What is wrong, or nil. The invariants are numbered at the type.
    package var invariantViolation: String? {
        if let violation = members.violation { return violation }
        if members[local.name] != nil { return "this machine is its own peer" }
        let suspects = members.suspectNames
        if suspicions.keys.sorted() != suspects { return "suspicions are not of \(suspects)" }
        if suspicions.values.map(\.deadline).min() != suspicionQueue.deadline {
            return "the earliest suspicion does not end when the queue of them says"
        }
        for queue in queueSizes where queue.size > queue.bound {
            return "\(queue.name) holds \(queue.size), its bound is \(queue.bound)"
        }
        return nil
    }

    /// Everything that grows, with its bound of ``GossipLimits``.
    package var queueSizes: [(name: String, size: Int, bound: Int)] {
        [
            ("members", members.count, GossipLimits.membersMax),
            ("contacts", contacts.count, GossipLimits.membersMax),
            ("suspicions", suspicions.count, GossipLimits.membersMax),
            ("probe order", probeOrder.count, 2 * GossipLimits.membersMax),
            ("witness queue", witnessQueue.count, GossipLimits.witnessQueueMax),
            ("relays", relays.count, GossipLimits.relaysMax),
            ("rumors", rumors.count, GossipLimits.rumorsMax),
            ("seeds", seeds.count, GossipLimits.seedsMax),
            ("barred", barred.count, GossipLimits.barredMax),
            ("assignments", table.count, GossipLimits.tableEntriesMax),
        ]
    }
}
