package import Base
import JSON
import Objects

/// The controllers and the scheduler of the cluster. They decide on the Raft leader only; every
/// other machine's core waits for `started`.
///
/// A change marks keys dirty; a step reconciles dirty keys until none is left or its bound is
/// reached. One key has one batch of writes under way at a time: until all are answered, the key
/// is not looked at again, so a burst of changes never makes replicas twice (the part of
/// Kubernetes' ControllerExpectations). What is asked for counts at once: a Pod whose deletion was
/// issued is no replica, a Pod whose binding was issued fills its Node. So one step answers a
/// machine's failure with the taint, the evictions and the replacements together.
package struct ControlCore: Sendable {
    private(set) var configuration: ControlConfiguration
    var random: Random
    package internal(set) var state = ClusterState()
    package internal(set) var isLeading = false
    /// Everything that the Store holds is known.
    var isSynced = false

    var wall = WallTime(seconds: 0)
    var tickets = TicketCounter()
    var queue = WorkQueue()
    var flights: [Ticket: Flight] = [:]
    /// Tickets in the order in which their writes time out; answered ones are passed over.
    var flightOrder: [Ticket] = []
    var flightCounts: [WorkItem: Int] = [:]
    /// Items that became dirty while their writes were under way.
    var blocked: Set<WorkItem> = []
    /// Items to look at again later, and refused ones in their pause.
    var deadlines = DeadlineQueue<WorkItem>()
    var refusals: [WorkItem: Refusals] = [:]
    var events = EventMemory()
    var reports: ReportPacer
    var isOverBudget = false
    /// The newest version of an object that a change has told.
    private(set) var seenRevision: UInt64 = 0
    /// When to send `.wake`. Kept, because the daemon asks after every step of any of its parts.
    package private(set) var deadline: Instant?

    /// How often in a row the writes of an item were refused, and with what words the last time.
    struct Refusals: Sendable {
        var count = 0
        var message = ""
    }

    /// A write under way.
    struct Flight: Sendable {
        var item: WorkItem
        var write: ObjectWrite
        var uid: String
        var event: EventDraft?
        var failureEvent: EventDraft?
        var deadline: Instant
    }

    package init(configuration: ControlConfiguration, random: Random) {
        self.configuration = configuration
        self.random = random
        reports = Self.reports(configuration)
    }

    private static func reports(_ configuration: ControlConfiguration) -> ReportPacer {
        ReportPacer(
            perSecond: configuration.reportsPerSecondMax, burst: configuration.reportsBurstMax)
    }

    package mutating func step(
        _ input: ControlInput, at now: Instant, into out: inout Outbox<ControlEffect>
    ) {
        if case .wallTime(let time) = input {
            wall = time
            return
        }
        take(input, at: now, into: &out)
        deadline = earliestDeadline
    }

    private mutating func take(
        _ input: ControlInput, at now: Instant, into out: inout Outbox<ControlEffect>
    ) {
        switch input {
        case .started: onStarted()
        case .loaded(let objects): onLoaded(objects)
        case .synced: onSynced()
        case .stopped: onStopped()
        case .wallTime(let time): wall = time
        case .changed(let changes): onChanged(changes)
        case .peerStatus(let name, let status): onPeerStatus(name.text, status)
        case .authorities(let certificates): onAuthorities(certificates)
        case .finished(let ticket, let result): onFinished(ticket, result, now, &out)
        case .wake: break
        }
        defer { state.forgetFreshDocuments() }
        guard isSynced else { return }
        expireFlights(now, &out)
        while let item = deadlines.popDue(at: now) { enqueue(item) }
        while let item = reports.popDue(at: now) { enqueue(item) }
        work(now, &out)
    }

    private var earliestDeadline: Instant? {
        guard isSynced else { return nil }
        if isOverBudget { return .zero }
        let flight = flightOrder.first.flatMap { flights[$0]?.deadline }
        let earliest = [deadlines.deadline, flight, reports.deadline].lazy.compactMap { $0 }.min()
        return earliest
    }

    /// Every namespace's ConfigMap tells the new ones.
    private mutating func onAuthorities(_ certificates: String) {
        guard certificates != configuration.authorityPEM else { return }
        configuration.authorityPEM = certificates
        guard isSynced else { return }
        for key in state.keys(.namespaces) { enqueue(WorkItem(.serviceAccount, key)) }
    }

    private mutating func onStarted() {
        onStopped()
        isLeading = true
    }

    private mutating func onLoaded(_ objects: [(ObjectKey, StoredObject)]) {
        guard isLeading else { return }
        for (key, object) in objects { _ = state.apply(key, object) }
    }

    private mutating func onSynced() {
        guard isLeading else { return }
        isSynced = true
        for record in state.objects.values {
            markDirty(ObjectChange(key: record.key, old: nil, new: record))
        }
        for controller in [ControllerName.bootstrap, .nodeAddresses] {
            enqueue(WorkItem(controller, ClusterState.wholeCluster))
        }
        for name in state.nodeNamesInUse { enqueue(WorkItem(.podGarbage, .node(name))) }
        for name in state.machines.keys.sorted() {
            enqueue(WorkItem(.nodeLifecycle, .node(name)))
        }
    }

    private mutating func onStopped() {
        isLeading = false
        isSynced = false
        state.reset()
        queue = WorkQueue()
        flights = [:]
        flightOrder = []
        flightCounts = [:]
        blocked = []
        deadlines = DeadlineQueue()
        refusals = [:]
        events = EventMemory()
        reports = Self.reports(configuration)
        isOverBudget = false
        seenRevision = 0
    }

    private mutating func onChanged(_ changes: [(ObjectKey, StoredObject?)]) {
        guard isLeading else { return }
        for (key, object) in changes {
            let change = object.map { state.apply(key, $0) } ?? state.remove(key)
            guard let change else { continue }
            seenRevision = max(seenRevision, change.new?.resourceVersion ?? 0)
            if isSynced { markDirty(change) }
        }
    }

    private mutating func onPeerStatus(_ name: String, _ status: ControlInput.PeerStatus) {
        guard state.setMachine(name, status), isSynced else { return }
        enqueue(WorkItem(.nodeLifecycle, .node(name)))
        enqueue(WorkItem(.bootstrap, ClusterState.wholeCluster))
        // What runs there counts differently now, for its Services above all.
        for pod in state.pods(onNode: name) {
            if let record = state.record(pod.key) {
                markDirty(ObjectChange(key: pod.key, old: record, new: record))
            }
        }
        for key in state.waitingPods { enqueue(WorkItem(.scheduler, key)) }
    }

    mutating func enqueue(_ item: WorkItem) {
        if flightCounts[item] != nil {
            blocked.insert(item)
        } else {
            queue.insert(item)
        }
    }
}

extension ObjectKey {
    static func node(_ name: String) -> ObjectKey { ObjectKey(.nodes, name: name) }
}

extension ClusterState {
    /// The key of controllers that look at all objects of a type together.
    static let wholeCluster = ObjectKey(.nodes, name: "")
}
