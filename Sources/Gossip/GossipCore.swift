package import Base

/// Decides who is a member of the mesh and spreads what members say: SWIM (Das, Gupta,
/// Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018), and the assignment table.
///
/// Datagrams reach it opened: their sender's name is proved by the seal. It keeps no socket,
/// no clock and no key.
///
/// Every member pings one other per protocol period, in a fixed round-robin order into
/// which newcomers are inserted at random. The order is not shuffled between rounds, unlike in
/// SWIM §4.3: so the pause between two probes of one member is `n − 1` periods, not `2n − 3`.
///
/// State of the table and of members heals by comparison: now and then, and when joining, a
/// member offers digests to a random peer; each sends the other, in datagrams, the groups that
/// differ (``GossipCore/onOffer(_:from:address:at:into:)``).
///
/// Invariants, kept by every step:
/// 1. `liveNames`, `suspectNames` and `failedNames` are sorted and hold exactly the other
///    members that are alive or suspect, that are suspect, and that are failed.
/// 2. A member has a suspicion exactly when its status is suspect.
/// 3. `local.incarnation` never falls.
package struct GossipCore: Sendable {
    /// What is known of another member, with what only this machine keeps about it.
    struct MemberState: Sendable {
        var member: GossipMember
        var suspicion: Suspicion?
        /// The last authenticated datagram of the member itself.
        var lastHeard: Instant?
        /// When the status last changed.
        var changedAt: Instant
        /// When the member was last told that it is suspect or failed.
        var toldAt: Instant?
    }

    package let configuration: GossipConfiguration
    /// This machine's own record.
    package internal(set) var local: GossipMember
    package internal(set) var table = AssignmentTable()

    var members: [MachineName: MemberState] = [:]
    var liveNames: [MachineName] = []
    var suspectNames: [MachineName] = []
    var failedNames: [MachineName] = []
    var random: Random

    var probeOrder: [MachineName] = []
    var probeCursor = 0
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

    var leavingUntil: Instant?
    package private(set) var hasLeft = false

    static let sweepInterval = Span.seconds(30)

    /// `local.incarnation` must be newer than that of any earlier run under the name: seconds
    /// since 1970 are. Should a clock have been set back, the core finds out from
    /// its peers and raises itself above.
    package init(
        configuration: GossipConfiguration = GossipConfiguration(), local: GossipMember,
        random: Random, now: Instant
    ) {
        self.configuration = configuration
        self.local = local
        self.local.status = .alive
        self.local.incarnation = min(local.incarnation, GossipLimits.incarnationMax)
        if !GossipMember.mayCarry(local.tags) { self.local.tags = [:] }
        self.random = random
        nextProbeAt = now + self.random.span(from: .zero, to: configuration.probeInterval)
        nextGossipAt = now
        nextJoinAt = now
        nextExchangeAt = now + configuration.exchangeInterval
        nextReconnectAt = now
        nextSweepAt = now + Self.sweepInterval
    }

    /// The record of this name as this machine sees it.
    package subscript(name: MachineName) -> GossipMember? {
        name == local.name ? local : members[name]?.member
    }

    /// All records including this machine's own, sorted by name.
    package var sortedMembers: [GossipMember] {
        (members.values.map(\.member) + [local]).sorted { $0.name < $1.name }
    }

    /// When an authenticated datagram of this member last arrived; nil for strangers.
    package func lastHeard(_ name: MachineName) -> Instant? { members[name]?.lastHeard }

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
        case .fullState(let from, let bytes):
            onFullState(bytes, from: from, at: now, into: &out)
        case .requestFullState: startExchange(at: now, into: &out)
        }
        // Costs a sort of all members, so larger meshes are left to the simulator's checker.
        assert(members.count > 16 || invariantViolation == nil, invariantViolation ?? "")
    }

    /// When the shell must send `.wake`; one that is past means at once. A wake much later
    /// than a timeout is taken as a stall of the process
    /// (``GossipConfiguration/stallTolerance``), so do not round it up.
    package var deadline: Instant? {
        guard !hasLeft else { return nil }
        var earliest = nextSweepAt
        func consider(_ instant: Instant) { earliest = min(earliest, instant) }
        if let leavingUntil { consider(leavingUntil) }
        if !rumors.isEmpty, !liveNames.isEmpty { consider(nextGossipAt) }
        for relay in relays { consider(relay.nackAt ?? relay.expiresAt) }
        guard leavingUntil == nil else { return earliest }
        if let timeout = probeDeadline { consider(timeout) }
        if !liveNames.isEmpty {
            consider(nextExchangeAt)
        } else if !seeds.isEmpty {
            consider(nextJoinAt)
        }
        if !failedNames.isEmpty { consider(nextReconnectAt) }
        return earliest
    }

    /// The next instant of the protocol period, or of a suspicion: those that are never
    /// scheduled into the past, so that lateness can be read from them.
    private var probeDeadline: Instant? {
        guard !liveNames.isEmpty else { return nil }
        var earliest = nextProbeAt
        if let probe { earliest = probe.isIndirect ? probe.endsAt : probe.directUntil }
        for name in suspectNames {
            guard let suspicion = members[name]?.suspicion else { continue }
            earliest = min(earliest, suspicion.deadline)
        }
        return earliest
    }

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
        if !liveNames.isEmpty, now >= nextExchangeAt { startExchange(at: now, into: &out) }
        if now >= nextSweepAt {
            table.sweep(at: now)
            forgetMembers(at: now)
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
            stalled.directUntil = stalled.directUntil + lateness
            stalled.endsAt = stalled.endsAt + lateness
            probe = stalled
        }
        for index in relays.indices {
            relays[index].nackAt = relays[index].nackAt.map { $0 + lateness }
            relays[index].expiresAt = relays[index].expiresAt + lateness
        }
        for name in suspectNames {
            guard let suspicion = members[name]?.suspicion else { continue }
            members[name]?.suspicion?.startedAt = suspicion.startedAt + lateness
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
        leavingUntil = liveNames.isEmpty ? now : now + configuration.leaveDuration
        spread(.member(local), into: &out)
    }

    /// What is wrong, or nil. The invariants are numbered at the type.
    package var invariantViolation: String? {
        func names(where isWanted: (GossipMember) -> Bool) -> [MachineName] {
            members.values.map(\.member).filter(isWanted).map(\.name).sorted()
        }
        let live = names { $0.isLive }
        if live != liveNames { return "live names \(liveNames) are not \(live)" }
        let suspects = names { $0.status == .suspect }
        if suspects != suspectNames { return "suspects \(suspectNames) are not \(suspects)" }
        let failed = names { $0.status == .failed }
        if failed != failedNames { return "failed names \(failedNames) are not \(failed)" }
        for state in members.values
        where (state.suspicion != nil) != (state.member.status == .suspect) {
            return "\(state.member.name) is \(state.member.status) with or without suspicion"
        }
        if members[local.name] != nil { return "this machine is its own peer" }
        return nil
    }
}
