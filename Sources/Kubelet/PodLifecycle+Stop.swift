import Base
import JSON
import Objects

extension PodLifecycle {
    /// How the Pod as a whole ends, once its containers allow to say so.
    var outcome: String? {
        if failure != nil { return "Failed" }
        for container in containers where container.role == .initial {
            if container.hasExited, !container.isDone, !container.mayRestart(pod.restartPolicy),
                !isInitialised
            {
                return "Failed"
            }
        }
        let applications = containers.filter { $0.role == .application }
        guard !applications.isEmpty,
            applications.allSatisfy({ $0.hasExited && !$0.mayRestart(pod.restartPolicy) })
        else { return nil }
        return applications.allSatisfy { $0.instance?.exitCode == 0 } ? "Succeeded" : "Failed"
    }

    // MARK: Ending by itself

    mutating func advanceFinishing(_ turn: inout PodTurn) {
        stopContainers(
            graceSeconds: finishingGrace ?? pod.terminationGracePeriodSeconds, &turn)
        guard !hasRunningContainers, !isStarting, !isInFlight(.runSandbox) else { return }
        guard sandbox.retry.isDue(turn.instant) else { return }
        switch sandbox.phase {
        case .ready, .lost:
            send(.stopSandbox(id: sandbox.id), .stopSandbox(id: sandbox.id), &turn)
        case .none, .stopped: stage = .finished
        case .creating: break
        }
    }

    // MARK: Deletion

    mutating func beginTermination(graceSeconds: Int64, _ turn: inout PodTurn) {
        stage = .terminating
        sandbox.retry = Retry()
        volumes.retry = Retry()
        let deadline = turn.instant + .seconds(max(0, graceSeconds))
        for index in containers.indices where containers[index].stop != nil {
            containers[index].hasten(to: deadline)
        }
        terminationGrace = graceSeconds
        terminationDeadline = deadline
    }

    mutating func shortenGrace(to seconds: Int64, _ turn: inout PodTurn) {
        let deadline = turn.instant + .seconds(max(0, seconds))
        guard let current = terminationDeadline, deadline < current else { return }
        terminationDeadline = deadline
        terminationGrace = seconds
        for index in containers.indices { containers[index].hasten(to: deadline) }
    }

    mutating func advanceTerminating(_ turn: inout PodTurn) {
        stopContainers(graceSeconds: terminationGrace, &turn)
        for index in containers.indices { advanceProbes(index, &turn) }
        guard !hasRunningContainers, !isStarting, !isInFlight(.runSandbox) else { return }
        guard !mustSeeList, strays.isEmpty else { return }
        guard sandbox.retry.isDue(turn.instant) else { return }
        switch sandbox.phase {
        case .creating: break
        case .ready, .lost:
            send(.stopSandbox(id: sandbox.id), .stopSandbox(id: sandbox.id), &turn)
        case .stopped:
            send(.removeSandbox(id: sandbox.id), .removeSandbox(id: sandbox.id), &turn)
        case .none:
            guard !isInFlight(.prepareVolumes) else { break }
            guard isDirectoryRemoved else {
                guard cleanup.isDue(turn.instant) else { break }
                send(
                    .removeDirectory,
                    .removePodDirectory(
                        path: paths.directory, logDirectory: paths.logDirectory), &turn)
                break
            }
            stage = .removed
        }
    }

    private var hasRunningContainers: Bool {
        containers.contains { $0.instance?.phase == .running }
    }

    /// Stops all that runs: the applications at once, then the sidecars, the last first.
    mutating func stopContainers(graceSeconds: Int64, _ turn: inout PodTurn) {
        let deadline = stage == .terminating
            ? terminationDeadline ?? turn.instant : turn.instant + .seconds(max(0, graceSeconds))
        let isSidecarsTurn = !containers.contains { $0.role != .sidecar && $0.isRunning }
        for index in containers.indices.reversed() where containers[index].isRunning {
            guard containers[index].role != .sidecar || isSidecarsTurn else { continue }
            if containers[index].stop == nil {
                beginStop(
                    index, deadline: deadline,
                    "Stopping container \(containers[index].name)", &turn)
            }
            advanceStop(index, &turn)
            if containers[index].role == .sidecar { break }
        }
    }

    // MARK: One container

    mutating func beginStop(
        _ index: Int, deadline: Instant, _ message: String, _ turn: inout PodTurn
    ) {
        guard containers[index].isRunning, containers[index].stop == nil else { return }
        var stop = ContainerTrack.Stop(deadline: deadline)
        if preStop(of: containers[index]) == nil { stop.hook = .done }
        containers[index].stop = stop
        turn.note("Killing", message, container: containers[index])
    }

    /// preStop first, then TERM with what is left of the grace period, at least two seconds
    /// (`killContainer`); again when the runtime failed to do it.
    mutating func advanceStop(_ index: Int, _ turn: inout PodTurn) {
        guard containers[index].isRunning, var stop = containers[index].stop else { return }
        defer { if containers[index].stop != nil { containers[index].stop = stop } }
        let name = containers[index].name
        guard let id = containers[index].instance?.id, !isInFlight(.inspect(name, id: id))
        else { return }
        advanceHook(index, &stop, &turn)
        guard stop.hook == .done, stop.retry.isDue(turn.instant),
            !signals(containers[index], id, &stop, &turn)
        else { return }
        let left = (stop.deadline - turn.instant).nanoseconds
        let seconds = stop.signalledAt != nil ? 0 : max(
            turn.limits.gracePeriodMinSeconds, left <= 0 ? 0 : (left + 999_999_999) / 1_000_000_000)
        let request = RuntimeRequest.stopContainer(id: id, gracePeriodSeconds: seconds)
        if !isInFlight(.stop(name, id: id)) {
            stop.toldDeadline = stop.deadline
            send(.stop(name, id: id), request, &turn)
        } else if let told = stop.toldDeadline, stop.deadline < told {
            stop.toldDeadline = stop.deadline
            send(.hasten(name, id: id), request, &turn)
        }
    }

    /// Sends `lifecycle.stopSignal` in place of TERM, and lets the grace pass; false when it is
    /// the runtime's turn to stop the container.
    private mutating func signals(
        _ container: ContainerTrack, _ id: String, _ stop: inout ContainerTrack.Stop,
        _ turn: inout PodTurn
    ) -> Bool {
        guard let signal = container.spec.json["lifecycle"]?["stopSignal"]?.string,
            !stop.isSignalRefused
        else { return false }
        if let killAt = stop.killAt(turn.limits) { return turn.instant < killAt }
        stop.signalledAt = turn.instant
        send(
            .signal(container.name, id: id), .signalContainer(id: id, signal: signal), &turn)
        return true
    }

    mutating func onSignalled(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>
    ) {
        guard case .failure = result else { return }
        containers[index].stop?.isSignalRefused = true
        containers[index].stop?.signalledAt = nil
    }

    private mutating func advanceHook(
        _ index: Int, _ stop: inout ContainerTrack.Stop, _ turn: inout PodTurn
    ) {
        let container = containers[index]
        guard let id = container.instance?.id else { return }
        switch stop.hook {
        case .done: break
        case .running:
            if stop.deadline <= turn.instant { stop.hook = .done }
        case .sleeping(let until):
            if min(until, stop.deadline) <= turn.instant { stop.hook = .done }
        case .pending:
            guard let hook = preStop(of: container), stop.deadline > turn.instant else {
                stop.hook = .done
                break
            }
            if let seconds = hook["sleep"]?["seconds"]?.integer {
                stop.hook = .sleeping(until: turn.instant + .seconds(max(0, seconds)))
            } else if let request = try? handlerRequest(
                hook, container, id: id, timeout: stop.deadline - turn.instant)
            {
                stop.hook = .running
                send(.preStop(container.name, id: id), request, &turn)
            } else {
                stop.hook = .done
            }
        }
    }

    private func preStop(of container: ContainerTrack) -> JSON? {
        container.spec.json["lifecycle"]?["preStop"]
    }

    mutating func onPreStop(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        if case .running = containers[index].stop?.hook { containers[index].stop?.hook = .done }
        // The words of a hook's server stay out of Events: they may hold secrets.
        if Self.hookFailure(result) != nil {
            turn.warn("FailedPreStopHook", "PreStopHook failed", container: containers[index])
        }
    }

    /// A new image of a container replaces its instance (`containerChanged`).
    mutating func restartChangedContainers(_ turn: inout PodTurn) {
        for index in containers.indices {
            let container = containers[index]
            guard container.role != .initial, container.isRunning, container.stop == nil,
                let hash = container.instance?.hash, !hash.isEmpty,
                hash != PodLabels.hash(of: container.spec)
            else { continue }
            beginStop(
                index, deadline: turn.instant + .seconds(pod.terminationGracePeriodSeconds),
                "Container \(container.name) definition changed, will be restarted", &turn)
        }
    }
}

extension ContainerTrack {
    /// Brings the end of the grace period nearer.
    mutating func hasten(to deadline: Instant) {
        guard let current = stop?.deadline, deadline < current else { return }
        stop?.deadline = deadline
    }
}
