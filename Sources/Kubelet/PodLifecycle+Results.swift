import Base
import JSON
import Objects

extension PodLifecycle {
    /// The answer to one of the Pod's requests.
    mutating func onFinished(
        _ operation: PodOperation, _ result: Result<RuntimeResponse, RuntimeError>,
        _ turn: inout PodTurn
    ) {
        guard inFlight.remove(operation) != nil else { return }
        switch operation {
        case .prepareVolumes: onVolumesPrepared(result, &turn)
        case .runSandbox: onSandboxRun(result, &turn)
        case .stopSandbox(let id): onSandboxStopped(id, result, &turn)
        case .removeSandbox(let id): onSandboxRemoved(id, result, &turn)
        case .stopStray, .removeOld, .removeStraySandbox: onStray(operation, result, &turn)
        case .removeDirectory:
            switch result {
            case .success: isDirectoryRemoved = true
            case .failure: cleanup.noteFailure(turn.limits, now: turn.instant)
            }
        case .environmentFile(let name, let file):
            if let index = index(of: name) { onEnvironmentFile(index, file, result) }
        case .imageVolume(let volume, let step): onImageVolume(volume, step, result, &turn)
        case .inspectImage(let name), .pullImage(let name), .create(let name):
            guard let index = index(of: name) else { break }
            switch operation {
            case .inspectImage: onImageInspected(index, result, &turn)
            case .pullImage: onImagePulled(index, result, &turn)
            default: onCreated(index, result, &turn)
            }
        case .start(let name, let id), .inspect(let name, let id), .stop(let name, let id),
            .hasten(let name, let id), .terminationMessage(let name, let id),
            .terminationLog(let name, let id), .resize(let name, let id),
            .signal(let name, let id), .postStart(let name, let id), .preStop(let name, let id),
            .probe(let name, let id, _):
            guard let index = index(of: name), containers[index].instance?.id == id
            else { break }
            onInstance(index, operation, result, &turn)
        }
        advance(&turn)
    }

    private mutating func onInstance(
        _ index: Int, _ operation: PodOperation,
        _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        switch operation {
        case .start: onStarted(index, result, &turn)
        case .inspect: onInspected(index, result, &turn)
        case .stop: onStopped(index, result, &turn)
        case .terminationMessage: onTerminationMessage(index, result, &turn)
        case .terminationLog: onTerminationLog(index, result, turn)
        case .resize: onResized(index, result, &turn)
        case .signal: onSignalled(index, result)
        case .postStart: onPostStart(index, result, &turn)
        case .preStop: onPreStop(index, result, &turn)
        case .probe(_, _, let kind): onProbe(index, kind, result, &turn)
        default: break
        }
    }

    /// Whether nobody can say if the request took effect.
    private func isAmbiguous(_ error: RuntimeError) -> Bool {
        switch error.code {
        case .deadline, .unavailable, .alreadyExists: true
        default: false
        }
    }

    // MARK: Volumes and sandbox

    private mutating func onVolumesPrepared(
        _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        let steps = volumes.preparing
        volumes.preparing = nil
        switch result {
        case .success:
            volumes.prepared = steps
            volumes.retry.noteSuccess()
        case .failure(let error):
            volumes.isStale = true
            volumes.retry.noteFailure(turn.limits, now: turn.instant)
            warnOfMount(volumeName(in: error.message, turn), error.message, &turn)
        }
    }

    /// The volume whose path stands in the message.
    private func volumeName(in message: String, _ turn: PodTurn) -> String {
        let named = pod.volumes.first { volume in
            guard let location = try? paths.location(of: volume, in: pod, turn.sources)
            else { return false }
            return message.contains(location.path)
        }
        return (named ?? pod.volumes.first)?["name"]?.string ?? paths.directory
    }

    private mutating func onSandboxRun(
        _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        switch result {
        case .success(.sandbox(let state)):
            sandbox.phase = .ready
            sandbox.id = state.id
            sandbox.addresses = state.addresses
            lastAddresses = state.addresses
            sandbox.nextAttempt = max(sandbox.nextAttempt, state.attempt) &+ 1
            sandbox.retry.noteSuccess()
        case .success:
            noteFailedSandbox("the runtime answered something else", &turn)
        case .failure(let error):
            if isAmbiguous(error) { mustSeeList = true }
            noteFailedSandbox(error.message, &turn)
        }
    }

    mutating func noteFailedSandbox(_ message: String, _ turn: inout PodTurn) {
        sandbox.phase = .none
        sandbox.retry.noteFailure(turn.limits, now: turn.instant)
        turn.warn("FailedCreatePodSandBox", "Failed to create pod sandbox: \(message)")
    }

    private mutating func onSandboxStopped(
        _ id: String, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        guard sandbox.id == id else { return }
        switch result {
        case .success:
            sandbox.phase = .stopped
            sandbox.retry.noteSuccess()
        case .failure(let error) where error.code == .notFound:
            sandbox.phase = .stopped
        case .failure:
            sandbox.retry.noteFailure(turn.limits, now: turn.instant)
        }
    }

    private mutating func onSandboxRemoved(
        _ id: String, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        guard sandbox.id == id else { return }
        switch result {
        case .success: resetSandbox()
        case .failure(let error) where error.code == .notFound: resetSandbox()
        case .failure: sandbox.retry.noteFailure(turn.limits, now: turn.instant)
        }
    }

    private mutating func onStray(
        _ operation: PodOperation, _ result: Result<RuntimeResponse, RuntimeError>,
        _ turn: inout PodTurn
    ) {
        var isDone = true
        if case .failure(let error) = result { isDone = error.code == .notFound }
        guard isDone else {
            cleanup.noteFailure(turn.limits, now: turn.instant)
            return
        }
        switch operation {
        case .stopStray(let id) where strays.sandboxes.contains(id):
            send(.removeStraySandbox(id: id), .removeSandbox(id: id), &turn)
        case .stopStray(let id) where strays.containers.contains(id):
            send(.removeOld(id: id), .removeContainer(id: id, logPath: nil), &turn)
        case .removeStraySandbox(let id):
            strays.sandboxes.removeAll { $0 == id }
        case .removeOld(let id):
            strays.containers.removeAll { $0 == id }
        default: break
        }
        if strays.isEmpty { cleanup.noteSuccess() }
    }

    // MARK: Containers

    private mutating func onCreated(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        let container = containers[index]
        switch result {
        case .success(.container(let id)):
            let imageID: String
            if case .ready(let image) = container.image {
                imageID = image.repoDigests.first ?? image.id
            } else {
                imageID = ""
            }
            containers[index].adopt(
                ContainerInstance(
                    id: id, sandboxID: sandbox.id, attempt: container.nextAttempt,
                    phase: .created, imageID: imageID,
                    hash: PodLabels.hash(of: container.spec),
                    resources: container.spec.json["resources"], podResources: resize.granted))
            turn.note("Created", "Container created", container: container)
            start(index, &turn)
            removeOldest(container.previous, container, &turn)
        case .success:
            noteFailedCreate(index, "the runtime answered something else", &turn)
        case .failure(let error):
            if isAmbiguous(error) || error.code == .notFound { mustSeeList = true }
            containers[index].image = .unknown
            let isMisconfigured = error.code == .misconfigured
            noteFailedCreate(
                index, error.message,
                reason: isMisconfigured ? "CreateContainerConfigError" : "CreateContainerError",
                &turn)
        }
    }

    /// The instance before the previous one goes, with its log: `logs --previous` shows one.
    private mutating func removeOldest(
        _ instance: ContainerInstance?, _ container: ContainerTrack, _ turn: inout PodTurn
    ) {
        guard let instance else { return }
        let log = PodPaths.log(container.name, attempt: instance.attempt)
        send(
            .removeOld(id: instance.id),
            .removeContainer(id: instance.id, logPath: "\(paths.logDirectory)/\(log)"), &turn)
    }

    private mutating func noteFailedCreate(
        _ index: Int, _ message: String, reason: String = "CreateContainerError",
        _ turn: inout PodTurn
    ) {
        turn.warn("Failed", "Error: \(message)", container: containers[index])
        containers[index].waiting = .init(reason: reason, message: message)
        containers[index].retry.noteFailure(turn.limits, now: turn.instant)
    }

    /// Starts what was created; also what a lost answer or an earlier daemon left created.
    mutating func start(_ index: Int, _ turn: inout PodTurn) {
        let container = containers[index]
        guard stage == .active, sandbox.phase == .ready, let instance = container.instance,
            instance.phase == .created, instance.sandboxID == sandbox.id,
            container.retry.isDue(turn.instant),
            !isInFlight(.inspect(container.name, id: instance.id))
        else { return }
        send(.start(container.name, id: instance.id), .startContainer(id: instance.id), &turn)
    }

    private mutating func onStarted(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        guard containers[index].instance?.phase == .created else { return }
        switch result {
        case .success:
            becomeRunning(index, startedAt: turn.wall, &turn)
            turn.note("Started", "Container started", container: containers[index])
            runPostStart(index, &turn)
        case .failure(let error) where error.code == .alreadyExists:
            // A daemon that was killed, or a request whose answer was lost, had asked for it.
            containers[index].holdUntil = turn.instant + turn.limits.retryDelay
            inspect(index, &turn)
        case .failure(let error):
            turn.warn("Failed", "Error: \(error.message)", container: containers[index])
            containers[index].waiting = .init(
                reason: "RunContainerError", message: error.message)
            containers[index].holdUntil = turn.instant + turn.limits.retryDelay
            inspect(index, &turn)
        }
    }

    /// Marks the instance as running; a new one begins its probes.
    mutating func becomeRunning(
        _ index: Int, startedAt: WallTime?, _ turn: inout PodTurn
    ) {
        containers[index].instance?.phase = .running
        containers[index].instance?.startedAt = startedAt
        containers[index].instance?.runningSince = turn.instant
        containers[index].waiting = nil
        containers[index].retry.noteSuccess()
        containers[index].holdUntil = nil
        beginProbes(index, turn)
    }

    private mutating func onInspected(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        switch result {
        case .success(.containerState(let state?)):
            observe(index, state, &turn)
        case .success(.containerState(nil)):
            loseInstance(index, &turn)
        case .failure(let error) where error.code == .notFound:
            loseInstance(index, &turn)
        case .success, .failure:
            // The list of the runtime will tell.
            mustSeeList = true
        }
    }

    /// Takes what the runtime says of the present instance.
    mutating func observe(_ index: Int, _ state: ContainerState, _ turn: inout PodTurn) {
        guard let instance = containers[index].instance, instance.id == state.id,
            instance.phase != .exited
        else { return }
        switch state.phase {
        case .exited:
            end(index, state, &turn)
        case .running where instance.phase == .created:
            becomeRunning(index, startedAt: state.startedAt, &turn)
            runPostStart(index, &turn)
        case .running where sandbox.phase == .stopped:
            // A start that came late outlived the sandbox, which is stopped once more.
            sandbox.phase = .lost
            sandbox.retry.noteFailure(turn.limits, now: turn.instant)
        case .running:
            // A stop that the runtime answered without effect is asked for again.
            containers[index].stop?.retry.noteFailure(turn.limits, now: turn.instant)
        case .created:
            containers[index].retry.noteFailure(turn.limits, now: turn.instant)
        case .unknown:
            break
        }
    }

    /// The runtime has lost the container.
    mutating func loseInstance(_ index: Int, _ turn: inout PodTurn) {
        guard let instance = containers[index].instance else { return }
        if instance.phase == .created {
            containers[index].forgetCreated()
            return
        }
        end(
            index,
            ContainerState(
                id: instance.id, sandboxID: instance.sandboxID, name: containers[index].name,
                attempt: instance.attempt, phase: .exited, createdAt: turn.wall,
                startedAt: instance.startedAt, finishedAt: turn.wall, exitCode: 137,
                reason: "ContainerStatusUnknown",
                message: "The container could not be located when the pod was terminated"),
            &turn)
    }

    private mutating func end(_ index: Int, _ state: ContainerState, _ turn: inout PodTurn) {
        containers[index].end(state, turn)
        let container = containers[index]
        if container.role == .initial, state.exitCode == 0 { containers[index].isDone = true }
        if stage == .active, container.role != .ephemeral,
            RestartRules(container.spec, pod.restartPolicy).action(after: state.exitCode) == .pod
        {
            turn.marks.append("all containers restarted by rule")
            isStartingOver = true
        }
        let path = paths.terminationLog(container.name, attempt: state.attempt)
        send(
            .terminationMessage(container.name, id: state.id),
            .readTail(path: path, limit: turn.limits.terminationMessageMax), &turn)
    }

    private mutating func onStopped(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        guard containers[index].isRunning else { return }
        if case .failure(let error) = result, error.code != .notFound {
            containers[index].stop?.retry.noteFailure(turn.limits, now: turn.instant)
            return
        }
        inspect(index, &turn)
    }

    /// The file's text; without one, and by policy after a failure, the end of the log.
    private mutating func onTerminationMessage(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        if case .success(.bytes(let bytes)) = result, !bytes.isEmpty {
            noteMessage(index, bytes)
            return
        }
        let container = containers[index]
        guard container.spec.json["terminationMessagePolicy"]?.string == "FallbackToLogsOnError",
            let instance = container.instance, instance.exitCode != 0
        else { return }
        let log = PodPaths.log(container.name, attempt: instance.attempt)
        send(
            .terminationLog(container.name, id: instance.id),
            .readTail(
                path: "\(paths.logDirectory)/\(log)",
                limit: turn.limits.terminationLogFallbackMax * LogTail.overhead), &turn)
    }

    private mutating func onTerminationLog(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: PodTurn
    ) {
        guard case .success(.bytes(let bytes)) = result else { return }
        let limit = turn.limits.terminationLogFallbackMax
        let text = LogTail.text(
            of: bytes, isWhole: bytes.count < limit * LogTail.overhead, limit: limit)
        if !text.isEmpty { noteMessage(index, text) }
    }

    /// The process's words follow the runtime's. All containers of a Pod share 12 KiB.
    private mutating func noteMessage(_ index: Int, _ bytes: [UInt8]) {
        let share = 12 * 1_024 / max(1, containers.count)
        let text = String(decoding: bytes.prefix(share), as: UTF8.self)
        let known = containers[index].instance?.message ?? ""
        containers[index].instance?.message = known.isEmpty ? text : "\(known): \(text)"
    }
}

extension ContainerTrack {
    /// Makes the instance the present one; the one before stays for `lastState`.
    mutating func adopt(_ fresh: ContainerInstance) {
        previous = instance
        instance = fresh
        nextAttempt = fresh.attempt &+ 1
        image = .unknown
        stop = nil
        mustRunAgain = false
        retry.noteSuccess()
    }

    mutating func end(_ state: ContainerState, _ turn: PodTurn) {
        guard var ended = instance else { return }
        ended.phase = .exited
        ended.exitCode = state.exitCode
        ended.startedAt = state.startedAt ?? ended.startedAt
        ended.finishedAt = state.finishedAt ?? turn.wall
        ended.reason = state.reason.isEmpty
            ? (state.exitCode == 0 ? "Completed" : "Error") : state.reason
        ended.message = state.message
        if !state.imageID.isEmpty { ended.imageID = state.imageID }
        // The wall clock may jump; the end is never before the start that was seen here.
        let age = max(.zero, turn.wall - (state.finishedAt ?? turn.wall))
        let end = Instant(nanoseconds: turn.instant.nanoseconds &- age.nanoseconds)
        ended.endedAt = min(turn.instant, max(end, ended.runningSince ?? end))
        instance = ended
        stop = nil
        isPostStartPending = false
        postStartUntil = nil
        probes = []
        image = .unknown
        if !Self.outliving.contains(waiting?.reason ?? "") { waiting = nil }
    }

    /// Reasons that stay visible for a moment after the end that they explain.
    private static let outliving: Set<String> = ["RunContainerError", "PostStartHookError"]
}
