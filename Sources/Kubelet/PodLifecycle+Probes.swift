import Base
import JSON
import Objects

extension PodLifecycle {
    mutating func beginProbes(_ index: Int, _ turn: PodTurn) {
        let spec = containers[index].spec.json
        guard containers[index].role == .application || containers[index].role == .sidecar
        else { return }
        containers[index].probes = [ProbeKind.startup, .liveness, .readiness].compactMap { kind in
            spec[kind.field].map { ProbeWorker(kind, $0, startedAt: turn.instant) }
        }
    }

    /// Starts the probes that are due; a startup probe silences the others until it passes. Of a
    /// container that is being stopped only readiness is still asked.
    mutating func advanceProbes(_ index: Int, _ turn: inout PodTurn) {
        if let until = containers[index].postStartUntil, until <= turn.instant {
            containers[index].postStartUntil = nil
            containers[index].isPostStartPending = false
        }
        let container = containers[index]
        guard container.isRunning, !container.isPostStartPending,
            let id = container.instance?.id
        else { return }
        let isStarting = container.probes.contains { $0.kind == .startup && !$0.isSuccessful }
        for position in container.probes.indices {
            let probe = container.probes[position]
            guard probe.isDue(turn.instant), (probe.kind == .startup) == isStarting,
                container.stop == nil || probe.kind == .readiness
            else { continue }
            let request: RuntimeRequest
            do throws(ConfigurationError) {
                request = try handlerRequest(
                    probe.action, container, id: id, timeout: probe.timeout)
            } catch {
                containers[index].probes[position].noteUnknown(turn.instant)
                warnOfProbe(probe.kind, .unknown(error.message), container, &turn)
                continue
            }
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
        let action = containers[index].probes[position].action
        let outcome = ProbeOutcome(result, action, kind)
        warnOfProbe(kind, outcome, containers[index], &turn)
        let hasFailed: Bool
        switch outcome {
        case .unknown:
            containers[index].probes[position].noteUnknown(turn.instant)
            return
        case .success, .warning:
            hasFailed = containers[index].probes[position].note(success: true, now: turn.instant)
        case .failure:
            hasFailed = containers[index].probes[position].note(success: false, now: turn.instant)
        }
        guard hasFailed, kind != .readiness, stage == .active else { return }
        let container = containers[index]
        let grace = action["terminationGracePeriodSeconds"]?.integer
            ?? pod.terminationGracePeriodSeconds
        let probe = kind.rawValue.lowercased()
        beginStop(
            index, deadline: turn.instant + .seconds(max(0, grace)),
            "Container \(container.name) failed \(probe) probe, will be restarted", &turn)
    }

    private func warnOfProbe(
        _ kind: ProbeKind, _ outcome: ProbeOutcome, _ container: ContainerTrack,
        _ turn: inout PodTurn
    ) {
        let probe = "\(kind.rawValue) probe"
        switch outcome {
        case .success: break
        case .warning(let text):
            turn.warn("ProbeWarning", "\(probe) warning: \(text)", container: container)
        case .failure(let text):
            turn.warn("Unhealthy", "\(probe) failed: \(text)", container: container)
        case .unknown(let text):
            turn.warn(
                "Unhealthy", "\(probe) errored and resulted in unknown state: \(text)",
                container: container)
        }
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
        guard let request = try? handlerRequest(hook, container, id: id, timeout: .minutes(30))
        else { return }
        containers[index].isPostStartPending = true
        send(.postStart(container.name, id: id), request, &turn)
    }

    mutating func onPostStart(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        containers[index].isPostStartPending = false
        guard let text = Self.hookFailure(result) else { return }
        containers[index].waiting = .init(reason: "PostStartHookError", message: text)
        containers[index].holdUntil = turn.instant + turn.limits.retryDelay
        turn.warn("FailedPostStartHook", "PostStartHook failed", container: containers[index])
        beginStop(
            index, deadline: turn.instant + .seconds(pod.terminationGracePeriodSeconds),
            "FailedPostStartHook", &turn)
    }

    /// A handler of a probe or hook as a request.
    func handlerRequest(
        _ action: JSON, _ container: ContainerTrack, id: String, timeout: Span
    ) throws(ConfigurationError) -> RuntimeRequest {
        if let exec = action["exec"] {
            return .execSync(id: id, command: exec["command"].strings, timeout: timeout)
        }
        if let http = action["httpGet"] {
            let path = http["path"]?.string ?? "/"
            let headers = (http["httpHeaders"]?.array ?? []).map {
                HTTPHeader(name: $0["name"]?.string ?? "", value: $0["value"]?.string ?? "")
            }
            return .httpGet(
                HTTPAction(
                    scheme: (http["scheme"]?.string ?? "HTTP").lowercased(),
                    host: host(http["host"]), port: try port(http["port"], container),
                    path: path.hasPrefix("/") ? path : "/" + path, headers: headers,
                    timeout: timeout))
        }
        if let tcp = action["tcpSocket"] {
            return .tcpConnect(
                host: host(tcp["host"]), port: try port(tcp["port"], container),
                timeout: timeout)
        }
        if let health = action["grpc"] {
            return .grpcHealth(
                host: host(nil), port: try port(health["port"], container),
                service: health["service"]?.string ?? "", timeout: timeout)
        }
        throw ConfigurationError("missing probe handler for \(pod.name):\(container.name)")
    }

    private func host(_ json: JSON?) -> String {
        if let host = json?.string, !host.isEmpty { return host }
        return sandbox.addresses.first ?? hostAddress
    }

    /// A number, or the name of one of the container's ports.
    private func port(
        _ json: JSON?, _ container: ContainerTrack
    ) throws(ConfigurationError) -> UInt16 {
        if let number = json?.integer {
            guard let port = UInt16(exactly: number), port > 0 else {
                throw ConfigurationError("invalid port number: \(number)")
            }
            return port
        }
        let name = json?.string ?? ""
        let port = container.spec.ports.first { $0["name"]?.string == name }
        if let number = port?["containerPort"]?.integer.flatMap(UInt16.init(exactly:)) {
            return number
        }
        guard let number = UInt16(name) else {
            throw ConfigurationError("strconv.Atoi: parsing \"\(name)\": invalid syntax")
        }
        return number
    }

    /// Why a hook failed, nil when it succeeded. An HTTP hook has done its work when the server
    /// answers, whatever it says.
    static func hookFailure(_ result: Result<RuntimeResponse, RuntimeError>) -> String? {
        switch result {
        case .success(.execution(let code, let output)) where code != 0:
            "command exited with \(code): \(String(decoding: output, as: UTF8.self))"
        case .success: nil
        case .failure(let error): error.message
        }
    }
}
