import Base
import JSON
import Objects

extension PodLifecycle {
    /// A Pod that the runtime holds and the API does not know: it exists only to be ended.
    init?(
        orphan sandboxes: [SandboxState], _ states: [ContainerState],
        _ configuration: KubeletConfiguration
    ) {
        let labels = sandboxes.first?.labels ?? states.first?.labels ?? [:]
        guard let uid = sandboxes.first?.podUID ?? labels[PodLabels.podUID], !uid.isEmpty
        else { return nil }
        let name = sandboxes.first?.podName ?? labels[PodLabels.podName] ?? ""
        let namespace = sandboxes.first?.podNamespace ?? labels[PodLabels.podNamespace] ?? ""
        var names: [String] = []
        for state in states where !names.contains(state.name) { names.append(state.name) }
        let specs = names.map { JSON.object(["name": .string($0)]) }
        self.init(
            Pod([
                "metadata": [
                    "name": .string(name), "namespace": .string(namespace), "uid": .string(uid),
                ],
                "spec": ["containers": .array(specs)],
            ]),
            isInAPI: false, configuration)
    }

    /// Takes over what runs already, after a restart of the daemon or of the machine. Nothing
    /// is restarted that still runs (`computePodActions` finds nothing to do).
    mutating func adopt(
        _ sandboxes: [SandboxState], _ states: [ContainerState], _ turn: inout PodTurn
    ) {
        startTime = pod.status["startTime"]?.string.flatMap(WallTime.init(rfc3339:))
        noteActiveDeadline(turn)
        adoptReported(turn)
        if let resources = pod.status["resources"] { resize.granted = resources }
        let ordered = sandboxes.sorted { ($0.attempt, $0.createdAt) > ($1.attempt, $1.createdAt) }
        if let newest = ordered.first {
            sandbox.id = newest.id
            sandbox.nextAttempt = newest.attempt &+ 1
            sandbox.addresses = newest.addresses
            lastAddresses = newest.addresses
            sandbox.phase = .ready
            strays.sandboxes = ordered.dropFirst().map(\.id)
        }
        for index in containers.indices { adoptContainer(index, states, &turn) }
        isInitialised = containers.contains { container in
            container.role == .application && container.instance?.sandboxID == sandbox.id
        }
        let known = Set(containers.map(\.name))
        strays.containers += states.filter { state in
            !known.contains(state.name) && !strays.sandboxes.contains(state.sandboxID)
        }.map(\.id)
        if let newest = ordered.first, !newest.isReady { loseSandbox(&turn) }
        if pod.isFinished, stage == .active {
            report.isFrozen = true
            stage = .finishing
        }
    }

    /// What the API was told outlives what the runtime has forgotten: restart counts, and that a
    /// container has run, so that one which must not run twice does not.
    private mutating func adoptReported(_ turn: PodTurn) {
        let statuses = (pod.status["initContainerStatuses"]?.array ?? [])
            + (pod.status["containerStatuses"]?.array ?? [])
            + (pod.status["ephemeralContainerStatuses"]?.array ?? [])
        for status in statuses {
            guard let name = status["name"]?.string, let index = index(of: name) else { continue }
            // What was set aside may be less than what is wished by now.
            if let resources = status["resources"], containers[index].role != .initial {
                containers[index].spec.json["resources"] = resources
            }
            guard let count = status["restartCount"]?.integer.flatMap(UInt32.init(exactly:)),
                let state = ContainerState(reported: status, attempt: count, at: turn.wall)
            else { continue }
            containers[index].adopt(ContainerInstance(state))
            containers[index].end(state, turn)
        }
    }

    private mutating func adoptContainer(
        _ index: Int, _ states: [ContainerState], _ turn: inout PodTurn
    ) {
        let name = containers[index].name
        let own = states.filter { $0.name == name && !strays.sandboxes.contains($0.sandboxID) }
            .sorted { ($0.attempt, $0.createdAt) > ($1.attempt, $1.createdAt) }
        guard let newest = own.first else { return }
        containers[index].instance = nil
        if let older = own.dropFirst().first {
            containers[index].instance = ContainerInstance(older)
            if older.phase == .exited {
                containers[index].end(older, turn)
            } else {
                strays.containers.append(older.id)
            }
        }
        strays.containers += own.dropFirst(2).map(\.id)
        take(index, newest, &turn)
        if containers[index].role == .initial, newest.phase == .exited, newest.exitCode == 0,
            newest.sandboxID == sandbox.id
        {
            containers[index].isDone = true
        }
    }

    /// Makes a container of the runtime the present instance.
    private mutating func take(_ index: Int, _ state: ContainerState, _ turn: inout PodTurn) {
        containers[index].adopt(ContainerInstance(state))
        let resources = containers[index].spec.json["resources"]
        containers[index].instance?.resources = resources
        containers[index].instance?.podResources = resize.granted
        switch state.phase {
        case .running, .unknown:
            becomeRunning(index, startedAt: state.startedAt, &turn)
            let age = max(.zero, turn.wall - (state.startedAt ?? turn.wall))
            containers[index].instance?.runningSince = Instant(
                nanoseconds: turn.instant.nanoseconds &- age.nanoseconds)
        case .exited:
            containers[index].end(state, turn)
            let path = paths.terminationLog(state.name, attempt: state.attempt)
            send(
                .terminationMessage(state.name, id: state.id),
                .readTail(path: path, limit: turn.limits.terminationMessageMax), &turn)
        case .created: break
        }
    }

    // MARK: Relisting

    /// Whether the runtime holds exactly what is known, as it does nearly always.
    func isAsListed(_ sandboxes: [SandboxState], _ states: [ContainerState]) -> Bool {
        guard !mustSeeList, strays.isEmpty, sandboxes.count == (sandbox.phase == .none ? 0 : 1)
        else { return false }
        if let state = sandboxes.first {
            guard state.id == sandbox.id, state.isReady == (sandbox.phase == .ready)
            else { return false }
        }
        var phases: [String: ContainerInstance.Phase] = [:]
        for container in containers {
            for instance in [container.instance, container.previous].compactMap({ $0 }) {
                phases[instance.id] = instance.phase
            }
        }
        let live = phases.values.filter { $0 != .exited }.count
        var seen = 0
        for state in states {
            switch (phases[state.id], state.phase) {
            case (.exited?, .exited): break
            case (.running?, .running), (.created?, .created): seen += 1
            default: return false
            }
        }
        return seen == live
    }

    /// Compares with a list of the runtime that was taken while nothing was under way.
    mutating func reconcile(
        _ sandboxes: [SandboxState], _ states: [ContainerState], _ turn: inout PodTurn
    ) {
        mustSeeList = false
        reconcileSandbox(sandboxes, &turn)
        strays.sandboxes = sandboxes.filter { sandbox.phase == .none || $0.id != sandbox.id }
            .map(\.id)
        var matched: Set<String> = []
        for index in containers.indices {
            guard let id = containers[index].instance?.id else { continue }
            matched.insert(id)
            if let previous = containers[index].previous?.id { matched.insert(previous) }
            if let state = states.first(where: { $0.id == id }) {
                if state.phase != .running || !containers[index].isRunning {
                    observe(index, state, &turn)
                }
            } else if containers[index].isLive {
                loseInstance(index, &turn)
            }
        }
        strays.containers = []
        for state in states where !matched.contains(state.id) {
            guard !strays.sandboxes.contains(state.sandboxID) else { continue }
            if let index = index(of: state.name), mayTake(index, state) {
                turn.marks.append("container adopted after a lost answer")
                take(index, state, &turn)
            } else {
                strays.containers.append(state.id)
            }
        }
        advance(&turn)
    }

    private mutating func reconcileSandbox(
        _ sandboxes: [SandboxState], _ turn: inout PodTurn
    ) {
        if sandbox.phase == .none {
            let newest = sandboxes.filter(\.isReady).max { $0.attempt < $1.attempt }
            guard let newest, stage == .active else { return }
            turn.marks.append("sandbox adopted after a lost answer")
            sandbox.phase = .ready
            sandbox.id = newest.id
            sandbox.addresses = newest.addresses
            lastAddresses = newest.addresses
            sandbox.nextAttempt = newest.attempt &+ 1
            sandbox.retry.noteSuccess()
        } else if let state = sandboxes.first(where: { $0.id == sandbox.id }) {
            if !state.isReady { loseSandbox(&turn) }
        } else {
            for index in containers.indices where containers[index].isLive {
                loseInstance(index, &turn)
            }
            if stage == .finished { return }
            resetSandbox()
        }
    }

    private func mayTake(_ index: Int, _ state: ContainerState) -> Bool {
        stage == .active && !containers[index].isLive && sandbox.phase == .ready
            && state.sandboxID == sandbox.id && state.attempt == containers[index].nextAttempt
    }
}

extension ContainerState {
    /// A container that only the API remembers; one that was running has ended unseen.
    fileprivate init?(reported status: JSON, attempt: UInt32, at wall: WallTime) {
        let prefix = "containerd://"
        guard let id = status["containerID"]?.string, id.hasPrefix(prefix) else { return nil }
        let ended = status["state"]?["terminated"] ?? status["lastState"]?["terminated"]
        let running = status["state"]?["running"]
        guard ended != nil || running != nil else { return nil }
        func time(_ json: JSON?) -> WallTime? { json?.string.flatMap(WallTime.init(rfc3339:)) }
        self.init(
            id: String(id.dropFirst(prefix.count)), sandboxID: "",
            name: status["name"]?.string ?? "", attempt: attempt, phase: .exited,
            createdAt: wall, imageID: status["imageID"]?.string ?? "")
        if running != nil {
            startedAt = time(running?["startedAt"])
            finishedAt = wall
            exitCode = 137
            reason = "ContainerStatusUnknown"
            message = "The container could not be located when the pod was terminated"
        } else {
            startedAt = time(ended?["startedAt"])
            finishedAt = time(ended?["finishedAt"])
            exitCode = ended?["exitCode"]?.integer.flatMap(Int32.init(exactly:)) ?? 0
            reason = ended?["reason"]?.string ?? ""
            message = ended?["message"]?.string ?? ""
        }
    }
}

extension ContainerInstance {
    init(_ state: ContainerState) {
        id = state.id
        sandboxID = state.sandboxID
        attempt = state.attempt
        phase = .created
        imageID = state.imageID
        hash = state.annotations[PodLabels.containerHash] ?? ""
        startedAt = state.startedAt
    }
}
