import Base
import JSON
import Objects

extension PodLifecycle {
    mutating func beginProbes(_ index: Int, _ turn: PodTurn) {
        let spec = containers[index].spec.json
        guard containers[index].role != .initial else { return }
        containers[index].probes = [ProbeKind.startup, .liveness, .readiness].compactMap { kind in
            spec[kind.field].map { ProbeWorker(kind, $0, startedAt: turn.instant) }
        }
    }

    /// Starts the probes that are due; a startup probe silences the others until it passes.
    mutating func advanceProbes(_ index: Int, _ turn: inout PodTurn) {
        if let until = containers[index].postStartUntil, until <= turn.instant {
            containers[index].postStartUntil = nil
            containers[index].isPostStartPending = false
        }
        let container = containers[index]
        guard container.isRunning, container.stop == nil, let id = container.instance?.id
        else { return }
        let isStarting = container.probes.contains { $0.kind == .startup && !$0.isSuccessful }
        for position in container.probes.indices {
            let probe = container.probes[position]
            guard probe.isDue(turn.instant), (probe.kind == .startup) == isStarting
            else { continue }
            let request = hookRequest(probe.action, container, id: id, timeout: probe.timeout)
            guard let request else { continue }
            containers[index].probes[position].noteBegun()
            send(.probe(container.name, id: id, probe.kind), request, &turn)
        }
    }

    mutating func onProbe(
        _ index: Int, _ kind: ProbeKind, _ result: Result<RuntimeResponse, RuntimeError>,
        _ turn: inout PodTurn
    ) {
        guard containers[index].isRunning,
            let position = containers[index].probes.firstIndex(where: { $0.kind == kind })
        else { return }
        let text = Self.hookFailure(result)
        let hasFailed = containers[index].probes[position].note(
            success: text == nil, now: turn.instant)
        let container = containers[index]
        if let text {
            turn.warn("Unhealthy", "\(kind.rawValue) probe failed: \(text)", container: container)
        }
        guard hasFailed, kind != .readiness, stage == .active else { return }
        let grace = container.probes[position].action["terminationGracePeriodSeconds"]?.integer
            ?? pod.terminationGracePeriodSeconds
        let probe = kind.rawValue.lowercased()
        beginStop(
            index, deadline: turn.instant + .seconds(max(0, grace)),
            "Container \(container.name) failed \(probe) probe, will be restarted", &turn)
    }

    // MARK: Hooks

    mutating func runPostStart(_ index: Int, _ turn: inout PodTurn) {
        let container = containers[index]
        guard let hook = container.spec.json["lifecycle"]?["postStart"],
            let id = container.instance?.id
        else { return }
        if let seconds = hook["sleep"]?["seconds"]?.integer {
            containers[index].isPostStartPending = true
            containers[index].postStartUntil = turn.instant + .seconds(max(0, seconds))
            return
        }
        guard let request = hookRequest(hook, container, id: id, timeout: .minutes(30))
        else { return }
        containers[index].isPostStartPending = true
        send(.postStart(container.name, id: id), request, &turn)
    }

    mutating func onPostStart(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        containers[index].isPostStartPending = false
        guard let text = Self.hookFailure(result) else { return }
        turn.warn(
            "FailedPostStartHook", "PostStartHook failed: \(text)", container: containers[index])
        beginStop(
            index, deadline: turn.instant + .seconds(pod.terminationGracePeriodSeconds),
            "FailedPostStartHook", &turn)
    }

    /// A handler of a probe or hook as a request; nil for kinds that are not known.
    func hookRequest(
        _ action: JSON, _ container: ContainerTrack, id: String, timeout: Span
    ) -> RuntimeRequest? {
        if let exec = action["exec"] {
            return .execSync(id: id, command: exec["command"].strings, timeout: timeout)
        }
        if let http = action["httpGet"] {
            guard let port = port(http["port"], container) else { return nil }
            let path = http["path"]?.string ?? "/"
            let headers = (http["httpHeaders"]?.array ?? []).map {
                HTTPHeader(name: $0["name"]?.string ?? "", value: $0["value"]?.string ?? "")
            }
            return .httpGet(
                HTTPAction(
                    scheme: (http["scheme"]?.string ?? "HTTP").lowercased(),
                    host: host(http["host"]), port: port,
                    path: path.hasPrefix("/") ? path : "/" + path, headers: headers,
                    timeout: timeout))
        }
        if let tcp = action["tcpSocket"] {
            guard let port = port(tcp["port"], container) else { return nil }
            return .tcpConnect(host: host(tcp["host"]), port: port, timeout: timeout)
        }
        return nil
    }

    private func host(_ json: JSON?) -> String {
        if let host = json?.string, !host.isEmpty { return host }
        return sandbox.addresses.first ?? hostAddress
    }

    /// A number, or the name of one of the container's ports.
    private func port(_ json: JSON?, _ container: ContainerTrack) -> UInt16? {
        if let number = json?.integer { return UInt16(exactly: number) }
        guard let name = json?.string else { return nil }
        let port = container.spec.ports.first { $0["name"]?.string == name }
        return port?["containerPort"]?.integer.flatMap(UInt16.init(exactly:)) ?? UInt16(name)
    }

    /// Why a handler failed, nil when it succeeded.
    static func hookFailure(_ result: Result<RuntimeResponse, RuntimeError>) -> String? {
        switch result {
        case .success(.execution(0, _)): return nil
        case .success(.execution(_, let output)): return String(decoding: output, as: UTF8.self)
        case .success(.http(200..<400, _)): return nil
        case .success(.http(let code, _)): return "HTTP probe failed with statuscode: \(code)"
        case .success: return nil
        case .failure(let error): return error.message
        }
    }
}
