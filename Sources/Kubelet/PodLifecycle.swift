import Base
import JSON
import Objects

/// One Pod from its admission to the removal of its last trace from the machine.
///
///     active ──► finishing ──► finished          (all containers ended, policy lets them rest)
///        │            │            │
///        └────────────┴────────────┴──► terminating ──► removed      (deleted, or an orphan)
///
/// It works by comparison: every input changes what is known, and ``advance(_:)`` asks for
/// whatever is missing and not yet in flight. So any answer may be late, lost or an error, and
/// the next one leads to the same end.
///
/// Invariants:
/// 1. At most one sandbox is in use; what else the runtime holds for the UID is stray and removed.
/// 2. No container is created unless ``stage`` is active and the sandbox is ready.
/// 3. ``Stage/removed`` is reached only when no sandbox and no container is left.
struct PodLifecycle: Sendable {
    enum Stage: Sendable, Equatable {
        case active
        case finishing
        case finished
        case terminating
        case removed
    }

    /// Why the Pod failed as a whole (`status.reason`).
    struct Failure: Sendable, Equatable {
        var reason: String
        var message: String
    }

    let uid: String
    let key: ObjectKey
    let paths: PodPaths
    /// The machine's own address, for Pods with its network.
    let hostAddress: String
    var pod: Pod
    /// False once the API has it no more.
    var isInAPI: Bool
    var stage = Stage.active
    var failure: Failure?
    var needs: PodNeeds
    var sandbox = SandboxTrack()
    var lastAddresses: [String] = []
    var volumes = VolumesTrack()
    var tokens: [TokenRequest: ServiceAccountToken] = [:]
    /// Init containers in order, then the others in order.
    var containers: [ContainerTrack]
    /// Application containers may start: all init containers have ended well.
    var isInitialised = false
    var startTime: WallTime?
    var activeDeadline: Instant?
    var strays = Strays()
    var inFlight: Set<PodOperation> = []
    /// Set when a request ended so that nobody knows whether it took effect.
    var mustSeeList = false
    var terminationGrace: Int64 = 0
    var terminationDeadline: Instant?
    var cleanup = Retry()
    var isDirectoryRemoved = false
    var report = StatusReport()

    init(_ pod: Pod, isInAPI: Bool = true, _ configuration: KubeletConfiguration) {
        uid = pod.uid
        key = pod.key
        self.pod = pod
        self.isInAPI = isInAPI
        needs = PodNeeds(pod)
        hostAddress = configuration.hostAddress
        paths = PodPaths(
            namespace: pod.namespace, name: pod.name, uid: pod.uid, configuration)
        let limits = configuration.limits
        containers =
            pod.initContainers.map { container in
                let isSidecar = container.json["restartPolicy"]?.string == "Always"
                return ContainerTrack(
                    container, role: isSidecar ? .sidecar : .initial, limits)
            } + pod.containers.map { ContainerTrack($0, role: .application, limits) }
    }

    /// Takes what the runtime holds that is no part of the Pod's present life.
    struct Strays: Sendable, Equatable {
        var sandboxes: [String] = []
        var containers: [String] = []
        var isEmpty: Bool { sandboxes.isEmpty && containers.isEmpty }
    }

    // MARK: Inputs

    /// Reads the Pod again; a deletion, a shorter grace or a new image shows here.
    mutating func onPodChanged(_ fresh: Pod, _ turn: inout PodTurn) {
        let graceBefore = pod.metadata.deletionGracePeriodSeconds
        // Labels and annotations are sources of downward API volumes.
        if fresh.json["metadata"] != pod.json["metadata"] { volumes.isStale = true }
        pod = fresh
        for container in fresh.initContainers + fresh.containers {
            guard let index = index(of: container.name) else { continue }
            containers[index].spec = container
        }
        if fresh.isBeingDeleted {
            let grace = fresh.metadata.deletionGracePeriodSeconds
                ?? fresh.terminationGracePeriodSeconds
            if stage != .terminating, stage != .removed {
                beginTermination(graceSeconds: grace, &turn)
            } else if let graceBefore, grace < graceBefore {
                shortenGrace(to: grace, &turn)
            }
        }
        advance(&turn)
    }

    /// The Pod is gone from the API although this kubelet has not said that it may go.
    mutating func onPodGone(_ turn: inout PodTurn) {
        isInAPI = false
        if stage == .terminating {
            shortenGrace(to: turn.limits.gracePeriodMinSeconds, &turn)
        } else if stage != .removed {
            turn.marks.append("pod force-deleted")
            beginTermination(graceSeconds: turn.limits.gracePeriodMinSeconds, &turn)
        }
        advance(&turn)
    }

    mutating func onToken(
        _ request: TokenRequest, _ token: ServiceAccountToken?, _ turn: inout PodTurn
    ) {
        volumes.tokensAsked.remove(request)
        if let token {
            tokens[request] = token
            volumes.isStale = true
            volumes.tokenRetry.noteSuccess()
        } else {
            volumes.tokenRetry.noteFailure(turn.limits, now: turn.instant)
        }
        advance(&turn)
    }

    mutating func advance(_ turn: inout PodTurn) {
        clearStrays(&turn)
        if mustSeeList {
            turn.wantsList = true
            if stage != .terminating { return }
        }
        switch stage {
        case .active: advanceActive(&turn)
        case .finishing: advanceFinishing(&turn)
        case .finished, .removed: break
        case .terminating: advanceTerminating(&turn)
        }
    }

    // MARK: Helpers

    func index(of name: String) -> Int? { containers.firstIndex { $0.name == name } }

    func isInFlight(_ operation: PodOperation) -> Bool { inFlight.contains(operation) }

    var changesRuntime: Bool { inFlight.contains(where: \.changesRuntime) }

    mutating func send(
        _ operation: PodOperation, _ request: RuntimeRequest, _ turn: inout PodTurn
    ) {
        guard inFlight.insert(operation).inserted else { return }
        turn.requests.append((operation, request))
    }

    func fields(_ turn: PodTurn) -> FieldReference {
        let host = turn.configuration.addresses
        return FieldReference(
            pod: pod, podAddresses: pod.usesHostNetwork ? host : sandbox.addresses,
            hostAddresses: host, nodeName: turn.configuration.nodeName,
            allocatable: (
                turn.machine.cpuMilli, turn.machine.memoryBytes,
                turn.machine.ephemeralStorageBytes
            ))
    }

    func builder(_ turn: PodTurn) -> ContainerBuilder {
        ContainerBuilder(
            pod: pod, configuration: turn.configuration, paths: paths,
            memoryCapacity: turn.machine.memoryBytes)
    }

    private mutating func clearStrays(_ turn: inout PodTurn) {
        guard !strays.isEmpty, cleanup.isDue(turn.instant) else { return }
        for id in strays.containers where !isInFlight(.removeOld(id: id)) {
            send(.stopStray(id: id), .stopContainer(id: id, gracePeriodSeconds: 0), &turn)
        }
        for id in strays.sandboxes where !isInFlight(.removeStraySandbox(id: id)) {
            send(.stopStray(id: id), .stopSandbox(id: id), &turn)
        }
    }

    /// When to be advanced although nothing happens.
    ///
    /// What was due at `now` already had its chance; if it waits on, it waits for an input.
    func deadline(after now: Instant) -> Instant? {
        var earliest: Instant?
        func consider(_ instant: Instant?) {
            guard let instant, instant > now else { return }
            earliest = earliest.map { min($0, instant) } ?? instant
        }
        consider(cleanup.at)
        consider(report.retry.at)
        guard stage != .finished, stage != .removed else { return earliest }
        consider(sandbox.retry.at)
        if stage == .active {
            consider(volumes.retry.at)
            consider(volumes.tokenRetry.at)
            consider(volumes.refreshAt)
            consider(activeDeadline)
        }
        for container in containers {
            for instant in container.deadlines(isActive: stage == .active) { consider(instant) }
        }
        return earliest
    }
}

extension ContainerTrack {
    func deadlines(isActive: Bool) -> [Instant] {
        var candidates: [Instant?] = []
        if let stop {
            candidates = [stop.retry.at]
            if stop.hook == .running { candidates.append(stop.deadline) }
            if case .sleeping(let until) = stop.hook {
                candidates.append(min(until, stop.deadline))
            }
        } else if isActive {
            candidates = [retry.at, postStartUntil]
            if isRunning {
                candidates += probes.map(\.nextAt)
            } else {
                candidates.append(holdUntil)
                if hasExited, let end = instance?.endedAt {
                    candidates.append(restartBackOff.mayRetry(after: end))
                }
                if let failed = imageFailedAt {
                    candidates.append(imageBackOff.mayRetry(after: failed))
                }
            }
        }
        return candidates.compactMap { $0 }
    }
}
