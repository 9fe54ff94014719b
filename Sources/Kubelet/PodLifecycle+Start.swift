import Base
import JSON
import Objects

/// The sandbox of a Pod that is in use.
struct SandboxTrack: Sendable {
    enum Phase: Sendable, Equatable {
        case none
        case creating
        case ready
        /// Its pause container died, or the machine lost its lease: it must be stopped.
        case lost
        case stopped
    }

    var phase = Phase.none
    var id = ""
    var nextAttempt: UInt32 = 0
    var addresses: [String] = []
    var retry = Retry()
}

/// How far the volumes of a Pod have come.
struct VolumesTrack: Sendable {
    var prepared: [PreparationStep]?
    var preparing: [PreparationStep]?
    var missing: VolumeError?
    /// A source changed since the steps were last worked out.
    var isStale = true
    var retry = Retry()
    var tokensAsked: Set<TokenRequest> = []
    var tokenRetry = Retry()
    /// When the first token is due for renewal.
    var refreshAt: Instant?
    /// Of volumes that show an image, by name.
    var images: [String: ImageVolume] = [:]
}

extension PodLifecycle {
    mutating func advanceActive(_ turn: inout PodTurn) {
        if startTime == nil { begin(&turn) }
        guard turn.isLeaseHeld else {
            loseSandbox(&turn)
            advanceSandbox(&turn)
            return
        }
        if let activeDeadline, activeDeadline <= turn.instant {
            fail(
                "DeadlineExceeded",
                "Pod was active on the node longer than the specified deadline", &turn)
            return
        }
        restartChangedContainers(&turn)
        advanceResize(&turn)
        for index in containers.indices { advanceStop(index, &turn) }
        if isStartingOver { startOver(&turn) }
        if !isStartingOver, outcome != nil {
            stage = .finishing
            advanceFinishing(&turn)
            return
        }
        guard turn.sources.knows(needs) else { return }
        askForTokens(&turn)
        prepareVolumes(&turn)
        advanceSandbox(&turn)
        for index in containers.indices { start(index, &turn) }
        if !isStartingOver {
            for index in startable() { advanceStart(index, &turn) }
        }
        for index in containers.indices { advanceProbes(index, &turn) }
    }

    /// Stops what runs; when nothing does any more, the init containers are to run again.
    private mutating func startOver(_ turn: inout PodTurn) {
        stopContainers(graceSeconds: pod.terminationGracePeriodSeconds, &turn)
        guard !hasLiveContainers, !isStarting else { return }
        isStartingOver = false
        isInitialised = false
        for index in containers.indices where containers[index].role != .ephemeral {
            containers[index].isDone = false
            containers[index].mustRunAgain = containers[index].hasExited
        }
    }

    private mutating func begin(_ turn: inout PodTurn) {
        startTime = turn.wall
        noteActiveDeadline(turn)
    }

    /// The deadline counts from the Pod's start, also when the daemon or the limit is younger.
    mutating func noteActiveDeadline(_ turn: PodTurn) {
        guard let seconds = pod.spec["activeDeadlineSeconds"]?.integer, let startTime else {
            activeDeadline = nil
            return
        }
        let age = max(.zero, turn.wall - startTime)
        activeDeadline = turn.instant + max(.zero, .seconds(max(0, seconds)) - age)
    }

    /// Ends the Pod as Failed whatever its containers do.
    mutating func fail(_ reason: String, _ message: String, _ turn: inout PodTurn) {
        failure = Failure(reason: reason, message: message)
        turn.warn(reason, message)
        stage = .finishing
        advanceFinishing(&turn)
    }

    // MARK: Volumes

    private mutating func askForTokens(_ turn: inout PodTurn) {
        guard volumes.tokenRetry.isDue(turn.instant) else { return }
        let isRefreshDue = volumes.refreshAt.map { $0 <= turn.instant } ?? false
        var next: Instant?
        for request in needs.tokens {
            let isMissing = tokens[request] == nil
            if (isMissing || isRefreshDue), volumes.tokensAsked.insert(request).inserted {
                turn.tokens.append(request)
            }
            if let token = tokens[request] {
                // Kubernetes renews at 80 % of a token's life.
                let left = token.expiresAt - turn.wall
                let due = turn.instant + max(.seconds(10), left.scaled(by: 0.8))
                next = next.map { min($0, due) } ?? due
            }
        }
        if volumes.refreshAt == nil || isRefreshDue { volumes.refreshAt = next }
    }

    private mutating func prepareVolumes(_ turn: inout PodTurn) {
        guard needs.tokens.allSatisfy({ tokens[$0] != nil }) else {
            checkSources(&turn)
            return
        }
        guard volumes.isStale, volumes.retry.isDue(turn.instant), volumes.preparing == nil,
            let steps = volumeSteps(&turn)
        else { return }
        volumes.isStale = false
        guard steps != volumes.prepared else { return }
        volumes.preparing = steps
        let done = volumes.prepared ?? []
        send(.prepareVolumes, .prepare(steps.filter { !done.contains($0) }), &turn)
    }

    /// While tokens are under way, a missing ConfigMap is still worth telling.
    private mutating func checkSources(_ turn: inout PodTurn) {
        var complete = tokens
        for request in needs.tokens where complete[request] == nil {
            complete[request] = ServiceAccountToken(text: "", expiresAt: turn.wall)
        }
        _ = volumeSteps(&turn, tokens: complete)
    }

    private mutating func volumeSteps(
        _ turn: inout PodTurn, tokens: [TokenRequest: ServiceAccountToken]? = nil
    ) -> [PreparationStep]? {
        let plan = PodVolumes(
            sources: turn.sources, fields: fields(turn), tokens: tokens ?? self.tokens,
            paths: paths)
        do throws(VolumeError) {
            let steps = try plan.steps()
            volumes.missing = nil
            return steps
        } catch {
            // A volume that was set up before stays as it is when its source goes away.
            if volumes.prepared == nil, volumes.missing != error {
                volumes.missing = error
                warnOfMount(error.volume, error.message, &turn)
            }
            return nil
        }
    }

    func warnOfMount(_ volume: String, _ message: String, _ turn: inout PodTurn) {
        turn.warn("FailedMount", "MountVolume.SetUp failed for volume \"\(volume)\" : \(message)")
    }

    // MARK: Sandbox

    /// Gives the sandbox up; its containers die with it.
    mutating func loseSandbox(_ turn: inout PodTurn) {
        guard sandbox.phase == .ready else { return }
        sandbox.phase = .lost
        sandbox.retry = Retry()
        turn.note("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
    }

    mutating func advanceSandbox(_ turn: inout PodTurn) {
        guard sandbox.retry.isDue(turn.instant) else { return }
        switch sandbox.phase {
        case .ready, .creating: break
        case .lost:
            send(.stopSandbox(id: sandbox.id), .stopSandbox(id: sandbox.id), &turn)
        case .stopped:
            inspectLive(&turn)
            guard !hasLiveContainers, !isStarting else { break }
            send(.removeSandbox(id: sandbox.id), .removeSandbox(id: sandbox.id), &turn)
        case .none:
            guard stage == .active, turn.isLeaseHeld, volumes.missing == nil,
                turn.isNetworkReady || pod.usesHostNetwork
            else { break }
            guard pod.spec["hostUsers"]?.bool != false || pod.usesHostNetwork else {
                noteFailedSandbox(
                    "can't set `spec.hostUsers: false`, runtime does not support user namespaces",
                    &turn)
                break
            }
            sandbox.phase = .creating
            let configuration = builder(turn).sandbox(attempt: sandbox.nextAttempt)
            send(.runSandbox, .runSandbox(configuration), &turn)
        }
    }

    var hasLiveContainers: Bool { containers.contains(where: \.isLive) }

    /// A container is being made or started, so the sandbox must stay for the answer.
    var isStarting: Bool {
        containers.contains { container in
            isInFlight(.create(container.name))
                || container.instance.map { isInFlight(.start(container.name, id: $0.id)) }
                    ?? false
        }
    }

    /// Asks what became of containers whose sandbox is gone. One that never ran is forgotten.
    private mutating func inspectLive(_ turn: inout PodTurn) {
        for index in containers.indices {
            guard let instance = containers[index].instance, instance.phase != .exited,
                !isInFlight(.start(containers[index].name, id: instance.id))
            else { continue }
            if instance.phase == .created {
                containers[index].forgetCreated()
            } else {
                inspect(index, &turn)
            }
        }
    }

    mutating func inspect(_ index: Int, _ turn: inout PodTurn) {
        guard let id = containers[index].instance?.id else { return }
        send(.inspect(containers[index].name, id: id), .containerStatus(id: id), &turn)
    }

    /// The sandbox and all in it are gone: the next one starts from the init containers.
    mutating func resetSandbox() {
        sandbox = SandboxTrack(nextAttempt: sandbox.nextAttempt)
        isInitialised = false
        for index in containers.indices {
            containers[index].previous = nil
            containers[index].isDone = false
        }
    }

    // MARK: Containers

    /// The containers that should be there and are not, in order.
    private mutating func startable() -> [Int] {
        var result = containers.indices.filter {
            containers[$0].role == .ephemeral && containers[$0].instance == nil
        }
        let policy = pod.restartPolicy
        for (index, container) in containers.enumerated() {
            switch container.role {
            case .initial:
                if isInitialised || container.isDone { continue }
                if !container.isLive, container.mayRestart(policy) { result.append(index) }
                return result
            case .sidecar:
                if !container.isLive { result.append(index) }
                if !isInitialised, !container.isStarted { return result }
            case .application:
                if !isInitialised { isInitialised = true }
                if !container.isLive, container.mayRestart(policy) { result.append(index) }
                if container.holdsBackOthers { return result }
            case .ephemeral: break
            }
        }
        return result
    }

    private mutating func advanceStart(_ index: Int, _ turn: inout PodTurn) {
        let container = containers[index]
        guard container.stop == nil, container.retry.isDue(turn.instant),
            container.holdUntil.map({ $0 <= turn.instant }) ?? true,
            !isInFlight(.create(container.name)), !isWaitingForRestart(index, &turn)
        else { return }
        switch container.image {
        case .inspecting, .pulling: break
        case .unknown: advanceImage(index, &turn)
        case .ready(let image): create(index, image, &turn)
        }
    }

    private mutating func isWaitingForRestart(_ index: Int, _ turn: inout PodTurn) -> Bool {
        let container = containers[index]
        guard container.hasExited, let end = container.instance?.endedAt,
            container.restartBackOff.mayRetry(after: end) > turn.instant
        else { return false }
        guard container.waiting?.reason != "CrashLoopBackOff" else { return true }
        let identity = "\(pod.name)_\(pod.namespace)(\(uid))"
        let delay = GoDuration.text(container.restartBackOff.delay)
        containers[index].waiting = .init(
            reason: "CrashLoopBackOff",
            message: "back-off \(delay) restarting failed container=\(container.name) "
                + "pod=\(identity)")
        turn.warn(
            "BackOff",
            "Back-off restarting failed container \(container.name) in pod \(identity)",
            container: container)
        return true
    }

    /// The container whose processes an ephemeral one is to see.
    private func targetID(
        of container: ContainerTrack
    ) throws(ConfigurationError) -> String? {
        guard container.role == .ephemeral,
            let name = container.spec.json["targetContainerName"]?.string, !name.isEmpty
        else { return nil }
        guard let target = containers.first(where: { $0.name == name }), target.isRunning else {
            throw ConfigurationError("unable to find target container \(name)")
        }
        return target.instance?.id
    }

    private mutating func create(_ index: Int, _ image: ImageState, _ turn: inout PodTurn) {
        guard sandbox.phase == .ready, volumes.prepared != nil,
            hasEnvironmentFiles(index, &turn), mountImages(&turn)
        else { return }
        let container = containers[index]
        containers[index].environmentFiles = [:]
        let environment = PodEnvironment(
            sources: turn.sources, fields: fields(turn), files: container.environmentFiles)
        let builder = builder(turn)
        var configuration: ContainerConfiguration
        do throws(ConfigurationError) {
            let target = try targetID(of: container)
            configuration = try builder.container(
                container.spec, attempt: container.nextAttempt, image: image,
                environment: try environment.variables(for: container.spec),
                addresses: fields(turn).podAddresses)
            if let target {
                configuration.namespaces.processes = .target
                configuration.namespaces.targetID = target
            }
        } catch {
            if container.waiting?.message != error.message {
                turn.warn("Failed", "Error: \(error.message)", container: container)
            }
            containers[index].waiting = .init(
                reason: "CreateContainerConfigError", message: error.message)
            containers[index].retry.noteFailure(turn.limits, now: turn.instant)
            return
        }
        containers[index].noteTry(turn.instant)
        send(
            .create(container.name),
            .createContainer(
                sandboxID: sandbox.id, configuration,
                sandbox: builder.sandbox(attempt: sandbox.nextAttempt &- 1)),
            &turn)
    }
}

extension ContainerTrack {
    /// Containers start in order, and a postStart hook is part of the start of its container.
    var holdsBackOthers: Bool {
        guard spec.json["lifecycle"]?["postStart"] != nil, restartCount == 0, !hasExited,
            waiting == nil
        else { return false }
        return !isRunning || isPostStartPending
    }

    /// Counts a restart once, however often its creation is tried.
    mutating func noteTry(_ now: Instant) {
        guard hasExited, let end = instance?.endedAt, backOffNoted != instance?.attempt
        else { return }
        backOffNoted = instance?.attempt
        restartBackOff.noteTry(endedAt: end, now: now)
    }

    /// Drops an instance that was created and never started.
    mutating func forgetCreated() {
        guard instance?.phase == .created else { return }
        nextAttempt = instance?.attempt ?? nextAttempt
        instance = previous
        previous = nil
    }
}

/// Go's `time.Duration.String` for whole seconds, as Kubernetes' messages have it.
enum GoDuration {
    static func text(_ span: Span) -> String {
        let seconds = span.nanoseconds / 1_000_000_000
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3_600 { return "\(seconds / 60)m\(seconds % 60)s" }
        return "\(seconds / 3_600)h\(seconds / 60 % 60)m\(seconds % 60)s"
    }

    /// With milliseconds, as durations of pulls are shown.
    static func precise(_ span: Span) -> String {
        let milliseconds = span.milliseconds
        if milliseconds < 1_000 { return "\(milliseconds)ms" }
        guard milliseconds < 60_000 else { return text(span) }
        var fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let whole = milliseconds / 1_000
        return fraction.isEmpty ? "\(whole)s" : "\(whole).\(fraction)s"
    }
}
