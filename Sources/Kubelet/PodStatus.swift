import Base
import JSON
import Objects

/// What the API was last told of a Pod.
struct StatusReport: Sendable {
    /// The status as computed when it was last sent.
    var sent: JSON?
    /// The status that the API made of it.
    var acknowledged: JSON?
    var isWriting = false
    var retry = Retry()
    /// Of a Pod that ended in an earlier life of the daemon: its status stays as it is.
    var isFrozen = false
    var isDeleting = false
    /// When each condition last changed its status.
    var transitions: [String: Transition] = [:]

    struct Transition: Sendable, Equatable {
        var status: String
        var time: WallTime
    }
}

extension PodLifecycle {
    /// `v1.PodStatus` as far as a kubelet owns it (`generateAPIPodStatus`).
    mutating func status(_ turn: PodTurn) -> JSON {
        let phase = phase()
        lastPhase = phase
        var status: JSON = [
            "observedGeneration": .integer(pod.metadata.generation), "phase": .string(phase),
        ]
        if let failure {
            status["reason"] = .string(failure.reason)
            status["message"] = .string(failure.message)
        }
        let host = turn.configuration.addresses
        if let first = host.first {
            status["hostIP"] = .string(first)
            status["hostIPs"] = .array(host.map { ["ip": .string($0)] })
        }
        let addresses = pod.usesHostNetwork ? (sandbox.id.isEmpty ? [] : host) : shownAddresses
        if let first = addresses.first {
            status["podIP"] = .string(first)
            status["podIPs"] = .array(addresses.map { ["ip": .string($0)] })
        }
        if let startTime { status["startTime"] = .string(startTime.rfc3339) }
        status["qosClass"] = .string(PodResources.qualityOfService(pod).rawValue)
        if let granted = resize.granted {
            status["allocatedResources"] = granted["requests"] ?? granted["limits"]
            status["resources"] = containers.lazy.filter(\.isRunning)
                .compactMap(\.instance?.podResources).first ?? granted
        }
        status["conditions"] = .array(conditions(phase, turn.wall))
        // A Pod that was refused has no containers to tell of; clients show the reason then.
        if failure != nil, startTime == nil { return status }
        let initial = containers.filter { $0.role == .initial || $0.role == .sidecar }
        if !initial.isEmpty {
            status["initContainerStatuses"] = .array(initial.map(containerStatus))
        }
        status["containerStatuses"] = .array(
            containers.filter { $0.role == .application }.map(containerStatus))
        let ephemeral = containers.filter { $0.role == .ephemeral }
        if !ephemeral.isEmpty {
            status["ephemeralContainerStatuses"] = .array(ephemeral.map(containerStatus))
        }
        return status
    }

    /// The addresses of the last sandbox stay visible after the Pod's end.
    private var shownAddresses: [String] {
        stage == .active ? sandbox.addresses : lastAddresses
    }

    /// `getPhase` of the kubelet.
    func phase() -> String {
        if !isStartingOver, let outcome {
            // A Pod whose end is decided ends when nothing runs, and nothing may be on its way.
            if stage == .finished || !containers.contains(where: \.isLive) { return outcome }
            if stage != .active { return lastPhase }
        }
        let initial = containers.filter { $0.role == .initial }
        if !isInitialised, initial.contains(where: { !$0.isDone }) { return "Pending" }
        let applications = containers.filter { $0.role == .application }
        // One that has run and will run again counts as running.
        let isFirst = applications.contains { $0.isUpcoming && $0.restartCount == 0 }
        return isFirst ? "Pending" : "Running"
    }

    // MARK: Conditions

    private mutating func conditions(_ phase: String, _ wall: WallTime) -> [JSON] {
        let hasSandbox = sandbox.phase == .ready
        let ready = readiness(phase)
        let gate = missingGate()
        let initialised = initialisation(phase)
        var result = [
            condition("PodReadyToStartContainers", hasSandbox, (nil, nil), wall),
            condition("Initialized", initialised.reason == nil, initialised, wall),
            condition("Ready", ready.isReady && gate == nil, gate ?? ready.why, wall),
            condition("ContainersReady", ready.isReady, ready.why, wall),
            condition("PodScheduled", true, (nil, nil), wall),
        ]
        if phase == "Succeeded" { result[1]["reason"] = "PodCompleted" }
        for resize in resizeConditions {
            var condition = condition(resize.type, true, (nil, nil), wall)
            if let reason = resize.reason { condition["reason"] = .string(reason) }
            if let message = resize.message { condition["message"] = .string(message) }
            result.append(condition)
        }
        if isDisrupted {
            var disruption = condition("DisruptionTarget", true, (nil, nil), wall)
            disruption["reason"] = "TerminationByKubelet"
            disruption["message"] = .string(failure?.message ?? "")
            result.append(disruption)
        }
        return result
    }

    private typealias Why = (reason: String?, message: String?)

    private func initialisation(_ phase: String) -> Why {
        let waiting = containers.filter {
            $0.role == .initial && !$0.isDone || $0.role == .sidecar && !$0.isStarted
        }
        guard !isInitialised, !waiting.isEmpty else { return (nil, nil) }
        let names = waiting.map(\.name).joined(separator: " ")
        return ("ContainersNotInitialized", "containers with incomplete status: [\(names)]")
    }

    private func readiness(_ phase: String) -> (isReady: Bool, why: Why) {
        if phase == "Succeeded" { return (false, ("PodCompleted", nil)) }
        if phase == "Failed" { return (false, ("PodFailed", nil)) }
        let unready = containers.filter {
            ($0.role == .application || $0.role == .sidecar) && !$0.isReady
        }
        let isHeldBack = !isInitialised && containers.contains { $0.role == .initial }
        guard !unready.isEmpty || isHeldBack else { return (true, (nil, nil)) }
        let names = unready.map(\.name).joined(separator: " ")
        return (false, ("ContainersNotReady", "containers with unready status: [\(names)]"))
    }

    /// `spec.readinessGates`: conditions that others set.
    private func missingGate() -> Why? {
        for gate in pod.spec["readinessGates"]?.array ?? [] {
            guard let type = gate["conditionType"]?.string else { continue }
            guard let condition = pod.condition(type) else {
                return (
                    "ReadinessGatesNotReady",
                    "corresponding condition of pod readiness gate \"\(type)\" does not exist."
                )
            }
            if !condition.isTrue {
                return (
                    "ReadinessGatesNotReady",
                    "the status of pod readiness gate \"\(type)\" is not \"True\", "
                        + "but \(condition.status)"
                )
            }
        }
        return nil
    }

    private mutating func condition(
        _ type: String, _ isTrue: Bool, _ why: Why, _ wall: WallTime
    ) -> JSON {
        let status = isTrue ? "True" : "False"
        if report.transitions[type]?.status != status {
            let known = pod.condition(type)
            let since = known?.json["lastTransitionTime"]?.string
                .flatMap(WallTime.init(rfc3339:))
            let time = known?.status == status ? since ?? wall : wall
            report.transitions[type] = .init(status: status, time: time)
        }
        var json: JSON = ["type": .string(type), "status": .string(status)]
        if !isTrue, let reason = why.reason { json["reason"] = .string(reason) }
        if !isTrue, let message = why.message { json["message"] = .string(message) }
        json["lastTransitionTime"] = .string((report.transitions[type]?.time ?? wall).rfc3339)
        json["observedGeneration"] = .integer(pod.metadata.generation)
        return json
    }

    // MARK: Containers

    private func containerStatus(_ container: ContainerTrack) -> JSON {
        var json: JSON = ["name": .string(container.name)]
        let instance = container.instance
        json["state"] = state(container)
        json["lastState"] = lastState(container)
        json["ready"] = .bool(container.isReady)
        json["restartCount"] = .integer(Int64(container.restartCount))
        json["image"] = .string(container.spec.image)
        json["imageID"] = .string(instance?.imageID ?? "")
        if let id = instance?.id { json["containerID"] = .string("containerd://\(id)") }
        json["started"] = .bool(container.isStarted)
        let spec = container.spec.json
        if let requests = spec["resources"]?["requests"] { json["allocatedResources"] = requests }
        let resources = instance?.phase == .running ? instance?.resources : spec["resources"]
        if let resources, resources.object?.isEmpty == false { json["resources"] = resources }
        let mounts = (spec["volumeMounts"]?.array ?? []).map(Self.mountStatus)
        if !mounts.isEmpty { json["volumeMounts"] = .array(mounts) }
        if let signal = spec["lifecycle"]?["stopSignal"] { json["stopSignal"] = signal }
        return json
    }

    /// `v1.VolumeMountStatus`.
    private static func mountStatus(_ mount: JSON) -> JSON {
        var json: JSON = [
            "name": mount["name"] ?? "", "mountPath": mount["mountPath"] ?? "",
        ]
        guard mount["readOnly"]?.bool == true else { return json }
        json["readOnly"] = true
        // The runtime cannot do more, and what insists on it is not started.
        json["recursiveReadOnly"] = "Disabled"
        return json
    }

    /// Whether the state to show is that the container waits for its next life.
    private func isWaiting(_ container: ContainerTrack) -> Bool {
        switch container.instance?.phase {
        case nil, .created: true
        case .running: container.isPostStartPending && container.stop == nil
        case .exited: container.waiting != nil && stage == .active
        }
    }

    private func state(_ container: ContainerTrack) -> JSON {
        guard let instance = container.instance, !isWaiting(container) else {
            return ["waiting": waiting(container)]
        }
        if instance.phase == .running {
            guard let startedAt = instance.startedAt else { return ["running": [:]] }
            return ["running": ["startedAt": .string(startedAt.rfc3339)]]
        }
        return ["terminated": terminated(instance)]
    }

    private func lastState(_ container: ContainerTrack) -> JSON {
        if container.hasExited, isWaiting(container), let instance = container.instance {
            return ["terminated": terminated(instance)]
        }
        guard let previous = container.previous, previous.phase == .exited else { return [:] }
        return ["terminated": terminated(previous)]
    }

    private func waiting(_ container: ContainerTrack) -> JSON {
        if let waiting = container.waiting {
            var json: JSON = ["reason": .string(waiting.reason)]
            if let message = waiting.message { json["message"] = .string(message) }
            return json
        }
        let isHeldBack = container.role == .application && !isInitialised
            && containers.contains { $0.role == .initial || $0.role == .sidecar }
        return ["reason": isHeldBack ? "PodInitializing" : "ContainerCreating"]
    }

    private func terminated(_ instance: ContainerInstance) -> JSON {
        var json: JSON = ["exitCode": .integer(Int64(instance.exitCode))]
        json["reason"] = .string(instance.reason)
        if !instance.message.isEmpty { json["message"] = .string(instance.message) }
        // One that never ran has the epoch there, as in Kubernetes.
        json["startedAt"] = .string((instance.startedAt ?? WallTime(seconds: 0)).rfc3339)
        if let finishedAt = instance.finishedAt {
            json["finishedAt"] = .string(finishedAt.rfc3339)
        }
        json["containerID"] = .string("containerd://\(instance.id)")
        return json
    }
}

extension ContainerTrack {
    /// Not yet running as users count it: a postStart hook is part of the start.
    var isUpcoming: Bool {
        switch instance?.phase {
        case nil, .created: true
        case .running: isPostStartPending && stop == nil
        case .exited: false
        }
    }
}

extension JSON {
    /// A patch that makes the API's status the desired one and leaves other writers' conditions
    /// alone. Members that went away are removed by null, addresses replaced as a list.
    static func statusPatch(_ desired: JSON, over current: JSON) -> JSON {
        var patch = desired
        for name in ["reason", "message", "podIP"]
        where desired[name] == nil && current[name] != nil {
            patch[name] = .null
        }
        let known = current["conditions"]?.array ?? []
        let conditions = (desired["conditions"]?.array ?? []).map { condition in
            var result = condition
            let old = known.first { $0["type"] == condition["type"] }
            for name in ["reason", "message"] where condition[name] == nil && old?[name] != nil {
                result[name] = .null
            }
            return result
        }
        let passing = ["PodResizePending", "PodResizeInProgress"].filter { type in
            let named = { (condition: JSON) in condition["type"]?.string == type }
            return known.contains(where: named) && !conditions.contains(where: named)
        }
        patch["conditions"] = .array(
            conditions + passing.map { ["$patch": "delete", "type": .string($0)] })
        for name in ["podIPs", "hostIPs"] {
            guard let before = current[name]?.array, before != desired[name]?.array ?? []
            else { continue }
            let after = desired[name]?.array ?? []
            patch[name] = .array([["$patch": "replace"]] + after)
        }
        return patch
    }
}
