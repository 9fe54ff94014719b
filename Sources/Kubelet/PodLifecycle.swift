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
    /// False once its source, the API or for a static Pod the manifests, has it no more.
    var isInAPI: Bool
    /// It comes from this machine's own manifests, and nothing but them ends it.
    let isStatic: Bool
    /// The UID of the mirror of a static Pod.
    var mirrorUID: String?
    var stage = Stage.active
    var failure: Failure?
    /// The kubelet ended the Pod for the machine's sake (condition DisruptionTarget).
    var isDisrupted = false
    /// Less grace than the Pod's own for a Pod that was made to end.
    var finishingGrace: Int64?
    var needs: PodNeeds
    var sandbox = SandboxTrack()
    var lastAddresses: [String] = []
    var volumes = VolumesTrack()
    var tokens: [TokenRequest: ServiceAccountToken] = [:]
    /// Init containers in order, then the others in order, then the ephemeral ones.
    var containers: [ContainerTrack]
    /// Application containers may start: all init containers have ended well.
    var isInitialised = false
    /// All containers are to stop and to start again, the init containers first.
    var isStartingOver = false
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
    var resize = ResizeTrack()
    /// The phase as last worked out.
    var lastPhase = "Pending"

    init(
        _ pod: Pod, isInAPI: Bool = true, isStatic: Bool = false,
        _ configuration: KubeletConfiguration
    ) {
        uid = pod.uid
        key = pod.key
        self.pod = pod
        self.isInAPI = isInAPI
        self.isStatic = isStatic
        needs = PodNeeds(pod)
        hostAddress = configuration.hostAddress
        resize = ResizeTrack(granted: pod.spec["resources"])
        paths = PodPaths(
            namespace: pod.namespace, name: pod.name, uid: pod.uid, configuration)
        let limits = configuration.limits
        containers =
            pod.initContainers.map { container in
                let isSidecar = container.json["restartPolicy"]?.string == "Always"
                return ContainerTrack(
                    container, role: isSidecar ? .sidecar : .initial, limits)
            } + pod.containers.map { ContainerTrack($0, role: .application, limits) }
            + pod.ephemeralContainers.map { ContainerTrack($0, role: .ephemeral, limits) }
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
        let limitBefore = pod.spec["activeDeadlineSeconds"]
        if fresh.spec != pod.spec { resize.isWishNew = true }
        pod = fresh
        if fresh.spec["activeDeadlineSeconds"] != limitBefore { noteActiveDeadline(turn) }
        needs = PodNeeds(pod, turn.sources)
        for container in fresh.initContainers + fresh.containers {
            guard let index = index(of: container.name) else { continue }
            noteSpec(container, at: index, &turn)
        }
        for container in fresh.ephemeralContainers where index(of: container.name) == nil {
            containers.append(ContainerTrack(container, role: .ephemeral, turn.limits))
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

    /// A new image of an init container starts the Pod over; of another one, that container.
    private mutating func noteSpec(_ fresh: Container, at index: Int, _ turn: inout PodTurn) {
        let container = containers[index]
        // Resources change when the machine has set them aside, not when they are wished.
        var spec = fresh
        if container.role != .initial {
            spec.json["resources"] = container.spec.json["resources"]
        }
        containers[index].spec = spec
        guard container.spec.image != fresh.image, stage == .active else { return }
        containers[index].forgetImage()
        guard container.role == .initial, container.instance != nil else { return }
        turn.marks.append("pod started over for an init container")
        isStartingOver = true
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
            pod: grantedPod, configuration: turn.configuration, paths: paths,
            memoryCapacity: turn.machine.memoryBytes, sources: turn.sources)
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
    func deadline(after now: Instant, _ limits: KubeletLimits) -> Instant? {
        var earliest: Instant?
        func consider(_ instant: Instant?) {
            guard let instant, instant > now else { return }
            earliest = earliest.map { min($0, instant) } ?? instant
        }
        consider(cleanup.at)
        consider(report.retry.at)
        consider(resize.retry.at)
        guard stage != .finished, stage != .removed else { return earliest }
        consider(sandbox.retry.at)
        if stage == .active {
            consider(volumes.retry.at)
            for image in volumes.images.values { consider(image.retry.at) }
            consider(volumes.tokenRetry.at)
            consider(volumes.refreshAt)
            consider(activeDeadline)
        }
        for container in containers {
            for instant in container.deadlines(isActive: stage == .active, limits) {
                consider(instant)
            }
        }
        return earliest
    }
}

extension ContainerTrack {
    func deadlines(isActive: Bool, _ limits: KubeletLimits) -> [Instant] {
        var candidates: [Instant?] = []
        if let stop {
            candidates = [stop.retry.at, stop.killAt(limits)]
            candidates += probes.filter { $0.kind == .readiness }.map(\.nextAt)
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
