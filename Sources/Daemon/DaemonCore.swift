package import API
package import Base
import Control
package import Gossip
import JSON
import Kubelet
import Objects
package import Raft
package import Services
package import Store

/// How far new controllers have been told what the Store holds.
struct ControlLoad: Sendable {
    /// The last key that was told.
    var last: Key?
}

/// One machine: the mesh, the log, the Store, the API, the controllers, the kubelet and the
/// Service parts composed behind one `step`.
///
/// The cores do not know each other. What one of them wants of a sibling comes out as an effect
/// here and goes in there as an input, in a loop that ends when no effect is left; what the world
/// must do becomes a ``DaemonEffect``. The simulator runs the same value.
///
/// Invariants:
/// 1. The controllers run exactly while this machine leads the log.
/// 2. Everything that changes the Store has been committed by Raft.
package struct DaemonCore: Sendable {
    package let configuration: DaemonConfiguration
    package internal(set) var gossip: GossipCore
    package internal(set) var raft: RaftCore
    package internal(set) var store: StoreCore
    var api: APICore
    var control: ControlCore
    var kubelet: KubeletCore
    package internal(set) var zone: DNSZone
    var proxy: ServiceProxy

    /// The types that the API serves, by group and plural name.
    let resources: [ResourceName: Resource]
    /// The index from which this machine leads; nil while another one does.
    var leadsFrom: UInt64?
    /// The controllers run on this machine.
    var isControlling = false
    /// How far the controllers have been told what the Store holds; nil when they know all.
    var controlLoad: ControlLoad?
    /// When this leader takes machines for failed that the mesh never mentioned.
    var unheardDeadline: Instant?
    var publisher = AssignmentPublisher()
    var wallTime = WallTime(seconds: 0)
    var tickets = TicketCounter()
    var pending = PendingTable()
    /// What this step proposes, together.
    var proposals: [RaftProposal] = []
    /// Reads may be over their wait; they are looked at once a turn.
    var areReadsDue = false
    var watches = WatchTable()
    var membership: MembershipPolicy
    package internal(set) var identities: IdentityBook
    var upkeep = IdentityUpkeep()
    var observed = ObservedDocuments()
    var fairness = FairnessCore()
    /// Requests that wait for a seat, and the bytes that they hold.
    var parked: [Ticket: APIRequest] = [:]
    var parkedBytes = 0
    /// Where members receive the log, as their last change said: asked for with every message.
    var raftAddresses: [MachineName: PeerAddress] = [:]
    /// What every Pod that is bound to this machine says in its text.
    let ownMention: ByteSearch
    var routes: [PodRoute] = []
    var proxyRules = ""
    var isProxyStale = true
    var isZoneStale = false
    var isLeaving = false

    /// When the shell must send `.wake`. Kept, not computed: whoever asks an actor's stored value
    /// for something computed copies all of that value first.
    package private(set) var deadline: Instant?

    /// What other threads may evaluate requests with; a new one whenever it would say other things.
    package private(set) var view: RequestView
    private var viewSeeds: Random

    private var gossipEffects = Outbox<GossipEffect>()
    private var raftEffects = Outbox<RaftEffect>()
    private var controlEffects = Outbox<ControlEffect>()
    private var kubeletEffects = Outbox<KubeletEffect>()

    package init(
        configuration: DaemonConfiguration, restored: RaftRestoredState, store: StoreCore,
        random: Random, now: Instant, wallTime: WallTime
    ) {
        var random = random
        func fork() -> Random { Random(seed: random.next()) }
        self.configuration = configuration
        self.store = store
        ownMention = ByteSearch(for: Array("\"nodeName\":\"\(configuration.name)\"".utf8))
        identities = IdentityBook(store.snapshot)
        upkeep.installedSerial = configuration.certificate?.serial
        self.wallTime = wallTime
        let local = GossipMember(
            name: configuration.name,
            address: PeerAddress(ip: configuration.address, port: configuration.meshPort),
            incarnation: UInt64(max(0, wallTime.seconds)), certificate: configuration.certificate,
            tags: MeshTags(api: configuration.apiPort, raft: configuration.raftPort).tags)
        membership = MembershipPolicy(
            replacementDelay: configuration.limits.voterReplacementDelay)
        gossip = GossipCore(
            configuration: configuration.gossip, local: local, random: fork(), now: now)
        raft = RaftCore(
            configuration: configuration.raft, restored: restored, random: fork(), now: now)
        api = APICore(configuration: configuration.api, random: fork())
        resources = Dictionary(
            api.registry.definitions.map { definition in
                let resource = definition.resource
                let name = ResourceName(group: resource.group, plural: resource.plural)
                return (name, resource)
            }, uniquingKeysWith: { first, _ in first })
        control = ControlCore(configuration: configuration.control, random: fork())
        kubelet = KubeletCore(configuration: configuration.kubelet, random: fork())
        zone = DNSZone(domain: configuration.clusterDomain)
        proxy = ServiceProxy(configuration: configuration.proxy)
        viewSeeds = fork()
        api.refresh(from: store.snapshot)
        view = RequestView(
            number: 0, snapshot: store.snapshot, isCurrent: false, api: api,
            seed: viewSeeds.next())
        deadline = earliestDeadline
    }

    /// Any input is legal at any time.
    package mutating func step(
        _ input: DaemonInput, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        // Nothing follows from the time by itself; deadlines are of the other clock.
        if case .wallTime(let time) = input { return onWallTime(time, at: now) }
        take(input, at: now, into: &out)
        settle(at: now, into: &out)
    }

    /// Takes what arrived together, in order. Requests, calls and messages of the log share what
    /// follows from them: one append to the log, one message to each follower, one write.
    package mutating func step(
        _ inputs: [DaemonInput], at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        for input in inputs {
            if !input.mayGather { settle(at: now, into: &out) }
            take(input, at: now, into: &out)
            if !input.mayGather { settle(at: now, into: &out) }
        }
        settle(at: now, into: &out)
    }

    private mutating func take(
        _ input: DaemonInput, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        switch input {
        case .wake: onWake(at: now, into: &out)
        case .wallTime(let time): onWallTime(time, at: now)
        case .datagram(let from, let address, let payload):
            stepGossip(.datagram(from: from, address: address, payload: payload), at: now)
        case .state(let from, let payload):
            stepGossip(.reliable(from: from, payload: payload), at: now)
        case .start(let seeds): onStart(seeds, at: now)
        case .raft(let from, let message): stepRaft(.message(from: from, message), at: now)
        case .persisted(let persistence): stepRaft(.persisted(upTo: persistence), at: now)
        case .persistFailed: stepRaft(.persistFailed, at: now)
        case .snapshotSaved(let metadata): stepRaft(.snapshotSaved(metadata), at: now)
        case .snapshotFailed(let metadata): stepRaft(.snapshotFailed(metadata), at: now)
        case .snapshotWritten(let ticket): stepRaft(.snapshotWritten(ticket), at: now)
        case .snapshotInstalled(let metadata, let store):
            onSnapshotInstalled(metadata, store, at: now, into: &out)
        case .snapshotRefused(let metadata): stepRaft(.snapshotRefused(metadata), at: now)
        case .snapshotRead(let ticket, let bytes, let isLast):
            stepRaft(.snapshotRead(ticket, bytes: bytes, isLast: isLast), at: now)
        case .snapshotUnavailable(let ticket): stepRaft(.snapshotUnavailable(ticket), at: now)
        case .request(let ticket, let request): onArrival(ticket, request, at: now, into: &out)
        case .evaluated(let ticket, let request, let write):
            onEvaluated(ticket, request, write, at: now, into: &out)
        case .call(let ticket, let call): onCall(ticket, call, at: now, into: &out)
        case .cancelled(let ticket): onCancelled(ticket)
        case .bootstrap(let operations): propose(operations, at: now)
        case .identity(let ticket, let request):
            accept(.identity(ticket, request), at: now, into: &out)
        case .certificateInstalled(let certificate):
            onCertificateInstalled(certificate, at: now)
        case .kubelet(let input): stepKubelet(input, at: now)
        case .leave: onLeave(at: now)
        }
    }

    /// The earliest deadline of the parts, without an array for them: asked after every step.
    private var earliestDeadline: Instant? {
        var earliest = gossip.deadline
        func consider(_ candidate: Instant?) {
            if let candidate, candidate < earliest ?? .distantFuture { earliest = candidate }
        }
        consider(raft.deadline)
        consider(kubelet.deadline)
        consider(pending.deadline)
        consider(fairness.deadline)
        consider(watches.deadline)
        consider(membership.deadline)
        consider(unheardDeadline)
        consider(upkeep.deadline)
        if isControlling { consider(control.deadline) }
        if controlLoad != nil { consider(.zero) }
        return earliest
    }

    /// Traps on a broken invariant of a core; tells the first one of the mesh.
    package func checkInvariants() -> String? {
        raft.checkInvariants()
        store.checkInvariants()
        control.checkInvariants()
        kubelet.checkInvariants()
        return gossip.invariantViolation
    }

    // MARK: Steps of the parts

    mutating func stepGossip(_ input: GossipInput, at now: Instant) {
        gossip.step(input, at: now, into: &gossipEffects)
    }

    mutating func stepRaft(_ input: RaftInput, at now: Instant) {
        raft.step(input, at: now, into: &raftEffects)
    }

    mutating func stepControl(_ input: ControlInput, at now: Instant) {
        control.step(input, at: now, into: &controlEffects)
    }

    mutating func stepKubelet(_ input: KubeletInput, at now: Instant) {
        kubelet.step(input, at: now, into: &kubeletEffects)
    }

    /// Hands effects between the parts until there are none.
    private mutating func settle(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        var turns = 0
        while true {
            passSeatsOn(at: now, into: &out)
            propose(at: now)
            guard
                !gossipEffects.isEmpty || !raftEffects.isEmpty || !controlEffects.isEmpty
                    || !kubeletEffects.isEmpty
            else { break }
            turns += 1
            precondition(turns < configuration.limits.turnsMax, "the cores feed each other forever")
            var ofRaft = raftEffects.take()
            for effect in ofRaft { perform(effect, at: now, into: &out) }
            raftEffects.recycle(&ofRaft)
            if areReadsDue { evaluateReads(at: now, into: &out) }
            var ofGossip = gossipEffects.take()
            for effect in ofGossip { perform(effect, at: now, into: &out) }
            gossipEffects.recycle(&ofGossip)
            var ofControl = controlEffects.take()
            for effect in ofControl { perform(effect, at: now, into: &out) }
            controlEffects.recycle(&ofControl)
            var ofKubelet = kubeletEffects.take()
            for effect in ofKubelet { perform(effect, at: now, into: &out) }
            kubeletEffects.recycle(&ofKubelet)
        }
        publishServices(into: &out)
        renewView()
        deadline = earliestDeadline
    }

    /// A machine that leads and alone votes acknowledges every write itself, after it applied it.
    private mutating func renewView() {
        let isCurrent =
            isControlling && !raft.membership.isJoint
            && raft.membership.voters == [configuration.name]
        guard store.revision != view.snapshot.revision || isCurrent != view.isCurrent else {
            return
        }
        api.refresh(from: store.snapshot)
        view = RequestView(
            number: view.number + 1, snapshot: store.snapshot, isCurrent: isCurrent, api: api,
            seed: viewSeeds.next())
    }

    /// Hands over what was proposed since the last time, as one input.
    private mutating func propose(at now: Instant) {
        guard !proposals.isEmpty else { return }
        stepRaft(.proposeAll(proposals), at: now)
        proposals.removeAll(keepingCapacity: true)
    }

    private mutating func onWake(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        if let deadline = raft.deadline, deadline <= now { stepRaft(.wake, at: now) }
        if let deadline = gossip.deadline, deadline <= now { stepGossip(.wake, at: now) }
        if isControlling, let deadline = control.deadline, deadline <= now {
            stepControl(.wake, at: now)
        }
        loadControl(at: now)
        if let deadline = kubelet.deadline, deadline <= now { stepKubelet(.wake, at: now) }
        wakePending(at: now, into: &out)
        wakeFairness(at: now, into: &out)
        wakeWatches(at: now, into: &out)
        mournUnheard(at: now)
        wakeMembership(at: now)
        wakeUpkeep(at: now, into: &out)
    }

    private mutating func onWallTime(_ time: WallTime, at now: Instant) {
        wallTime = time
        stepControl(.wallTime(time), at: now)
        stepKubelet(.wallTime(time), at: now)
    }

    /// The kubelet hears nothing of its Pods before this machine has seen a current state: what
    /// it held at its last end may be long outdated.
    private mutating func onStart(_ seeds: [GossipSeed], at now: Instant) {
        stepGossip(.join(seeds: seeds), at: now)
        synchronize(at: now)
    }

    private mutating func onLeave(at now: Instant) {
        isLeaving = true
        stepRaft(.transferLeadership(to: nil), at: now)
        stepGossip(.leave, at: now)
    }
}
