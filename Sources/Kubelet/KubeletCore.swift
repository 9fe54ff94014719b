package import Base
import JSON
import Objects

/// The kubelet of one machine: it makes the containers of the Pods bound to its Node be there,
/// and tells the API how they are.
///
/// Each Pod is a ``PodLifecycle`` of its own; this value routes inputs to them, numbers their
/// requests, holds them within ``KubeletLimits``, and keeps the Node, the Events and the list of
/// what the runtime holds.
///
/// Invariants:
/// 1. No Pod is admitted before the first list of the runtime, so that nothing runs twice.
/// 2. Nothing found in the runtime is ended as an orphan before the Pods are known.
/// 3. Each UID has at most one lifecycle, each key at most one that is in the API.
package struct KubeletCore: Sendable {
    let configuration: KubeletConfiguration
    var random: Random
    var tickets = TicketCounter()
    var wall = WallTime(seconds: 0)
    var isLeaseHeld = true
    var sources = PodSources(documents: [:], services: [:])

    var pods: [String: PodLifecycle] = [:]
    /// The UIDs of ``pods``, sorted: the order of every walk over them.
    var order: [String] = []
    /// Which UID the API has under a key now.
    var uids: [ObjectKey: String] = [:]
    /// Pods told before the first list.
    var waitingPods: [ObjectKey: JSON] = [:]
    var knowsPods = false
    var wakeAt: [String: Instant] = [:]
    /// The UIDs of Pods that wish for other resources than they have.
    var resizing: Set<String> = []

    var operations: [Ticket: PendingOperation] = [:]
    var queue = OperationQueue()
    var writes: [Ticket: PendingWrite] = [:]
    var statics = StaticPods()
    var usage = UsageTrack()
    var images = ImageTrack()
    var imageAccess = ImageAccess()
    var tokenRequests: [Ticket: (uid: String, request: TokenRequest)] = [:]

    var relist = RelistState()
    var node: NodeReporter
    var reclaimer: VolumeReclaimer
    var rotation: LogRotation
    var events: EventRecorder
    /// A Pod came, went or changed its stage since the needs were last told.
    var areNeedsStale = true
    /// A wish for other resources is new, or what the machine has left for them.
    var areResizesStale = true
    var observed: (documents: [ObjectKey], namespaces: [String]) = ([], [])
    var hasAnnouncedStart = false
    var hasAnnouncedReady = false
    var announcedPressures: [Pressure: Bool] = [:]
    /// When to send `.wake`. Kept, because the daemon asks after every step of any of its parts.
    package private(set) var deadline: Instant?

    struct PendingOperation: Sendable {
        var uid: String
        var operation: PodOperation
    }

    enum PendingWrite: Sendable {
        case status(uid: String)
        case deletion(uid: String)
        case mirror(ObjectKey)
    }

    package init(configuration: KubeletConfiguration, random: Random) {
        self.configuration = configuration
        self.random = random
        node = NodeReporter(configuration)
        reclaimer = VolumeReclaimer(configuration)
        rotation = LogRotation(configuration.limits)
        events = EventRecorder(configuration)
        deadline = earliestDeadline
    }

    var limits: KubeletLimits { configuration.limits }

    package mutating func step(
        _ input: KubeletInput, at now: Instant, into out: inout Outbox<KubeletEffect>
    ) {
        switch input {
        case .wallTime(let time):
            wall = time
            return
        case .machine(let facts):
            node.machine = facts
            areResizesStale = true
        case .runtimeReady(let isReady, let message):
            onRuntimeReady(isReady, message, now, &out)
        case .leaseHeld(let isHeld): onLease(isHeld, now, &out)
        case .podsChanged(let changes): onPodsChanged(changes, now, &out)
        case .staticPods(let source, let manifests):
            onStaticPods(source, manifests, now, &out)
        case .documentsChanged(let changes): onDocumentsChanged(changes, now, &out)
        case .servicesChanged(let namespace, let services):
            sources.services[namespace] = services
            advanceAll(now, &out)
        case .volumesChanged(let changes): reclaimer.onVolumesChanged(changes)
        case .nodeChanged(let json):
            node.onNodeChanged(json)
            // A mirror belongs to its Node, so it waits for it.
            statics.isStale = true
        case .finished(let ticket, let result): onFinished(ticket, result, now, &out)
        case .written(let ticket, let result): onWritten(ticket, result, now, &out)
        case .token(let ticket, let result): onToken(ticket, result, now, &out)
        case .containerExited(let id): onContainerExited(id, now, &out)
        case .wake: onWake(now, &out)
        }
        settle(now, &out)
        deadline = earliestDeadline
    }

    private var earliestDeadline: Instant? {
        var earliest: Instant?
        // Computed after every step, so without an array and without a look-up.
        func consider(_ instant: Instant?) {
            if let instant, instant < earliest ?? .distantFuture { earliest = instant }
        }
        for instant in wakeAt.values { consider(instant) }
        consider(relist.deadline)
        consider(nodeDeadline)
        consider(statics.deadline)
        consider(usageDeadline)
        consider(imagesDeadline)
        consider(reclaimerDeadline)
        consider(rotation.deadline)
        return earliest
    }

    var nodeDeadline: Instant?
    var reclaimerDeadline: Instant?

    // MARK: Inputs that concern the machine

    private mutating func onRuntimeReady(
        _ isReady: Bool, _ message: String, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        let cameBack = isReady && !node.isRuntimeReady
        node.isRuntimeReady = isReady
        node.runtimeMessage = message
        if cameBack { relist.nextAt = now }
        if isReady, message.isEmpty { advanceAll(now, &out) }
    }

    private mutating func onLease(
        _ isHeld: Bool, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        guard isHeld != isLeaseHeld else { return }
        isLeaseHeld = isHeld
        if !isHeld { out.append(.mark("lease lost, pods stopped")) }
        advanceAll(now, &out)
    }

    private mutating func onDocumentsChanged(
        _ changes: [(ObjectKey, JSON?)], _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        var changed: Set<ObjectKey> = []
        for (key, json) in changes {
            sources.documents[key] = .some(json)
            changed.insert(key)
        }
        for uid in order {
            guard let pod = pods[uid], pod.needs.documents.contains(where: changed.contains)
            else { continue }
            withPod(uid, now, &out) { $0.onSourcesChanged(&$1) }
        }
    }

    private mutating func onToken(
        _ ticket: Ticket, _ result: Result<ServiceAccountToken, StatusError>, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) {
        guard let (uid, request) = tokenRequests.removeValue(forKey: ticket) else { return }
        withPod(uid, now, &out) { pod, turn in
            switch result {
            case .success(let token): pod.onToken(request, token, &turn)
            case .failure(let error):
                pod.warnOfMount(
                    "kube-api-access", "failed to fetch token: \(error.message)", &turn)
                pod.onToken(request, nil, &turn)
            }
        }
    }

    private mutating func onWake(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        for uid in order {
            guard let instant = wakeAt[uid], instant <= now else { continue }
            withPod(uid, now, &out) { $0.advance(&$1) }
        }
    }

    mutating func advanceAll(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        for uid in order { withPod(uid, now, &out) { $0.advance(&$1) } }
    }

    // MARK: After every input

    private mutating func settle(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        settleStatics(now, &out)
        settleResizes(now, &out)
        observeNeeds(&out)
        advanceRelist(now, &out)
        advanceUsage(now, &out)
        advanceImages(now, &out)
        node.advance(now: now, wall: wall, &tickets, into: &out)
        reclaimer.advance(now, &tickets, into: &out)
        if rotation.isDue(now) { rotation.advance(now, runningLogs, &tickets, into: &out) }
        announce(now)
        events.flush(&tickets, into: &out)
        nodeDeadline = node.deadline(after: now)
        reclaimerDeadline = reclaimer.deadline(after: now)
        queue.start(limits) { ticket, request in out.append(.runtime(ticket, request)) }
    }

    private mutating func observeNeeds(_ out: inout Outbox<KubeletEffect>) {
        guard areNeedsStale else { return }
        areNeedsStale = false
        var documents: Set<ObjectKey> = []
        var namespaces: Set<String> = []
        for uid in order {
            guard let pod = pods[uid], pod.isInAPI, pod.stage == .active else { continue }
            documents.formUnion(pod.needs.documents)
            namespaces.formUnion(pod.needs.serviceNamespaces)
        }
        guard documents.count != observed.documents.count
            || namespaces.count != observed.namespaces.count
            || !observed.documents.allSatisfy(documents.contains)
            || !observed.namespaces.allSatisfy(namespaces.contains)
        else { return }
        // What is no longer watched would grow stale.
        for key in observed.documents where !documents.contains(key) {
            sources.documents[key] = nil
        }
        for namespace in observed.namespaces where !namespaces.contains(namespace) {
            sources.services[namespace] = nil
        }
        observed = (documents.sorted(), namespaces.sorted())
        out.append(
            .observe(documents: observed.documents, serviceNamespaces: observed.namespaces))
    }

    /// The Events of the Node that `kubectl describe node` shows.
    private mutating func announce(_ now: Instant) {
        guard !node.uid.isEmpty else { return }
        if !hasAnnouncedStart {
            hasAnnouncedStart = true
            recordOnNode("Starting", "Starting kubelet.", now)
        }
        let name = configuration.nodeName
        for pressure in Pressure.allCases {
            let isPressed = node.pressures.contains(pressure)
            guard announcedPressures[pressure] != isPressed else { continue }
            announcedPressures[pressure] = isPressed
            let reason = pressure.words(isPressed: isPressed).reason
            let state = "Node" + reason.dropFirst("Kubelet".count)
            recordOnNode(state, "Node \(name) status is now: \(state)", now)
        }
        guard node.isReady != hasAnnouncedReady else { return }
        hasAnnouncedReady = node.isReady
        let state = node.isReady ? "NodeReady" : "NodeNotReady"
        recordOnNode(state, "Node \(name) status is now: \(state)", now)
    }

    mutating func recordOnNode(
        _ reason: String, _ message: String, isWarning: Bool = false, _ now: Instant
    ) {
        let name = configuration.nodeName
        let subject = EventRecorder.Subject(
            kind: "Node", namespace: "", name: name, uid: name)
        let event = PodEvent(
            isWarning: isWarning, reason: reason, message: message, fieldPath: nil)
        events.record(event, on: subject, now: now, wall: wall, name: eventName())
    }

    /// Sixteen hexadecimal digits, so that names differ between lives of the daemon.
    mutating func eventName() -> String {
        let digits = String(random.next(), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
