import Base
import JSON
import Kubelet
import Objects

/// A kubelet core with a fake runtime, a small API and virtual time.
final class World {
    struct Faults {
        var random: Random
        var chance: Double
    }

    private enum Delivery {
        case input(KubeletInput)
        case perform(Ticket, RuntimeRequest)
        case write(Ticket, ObjectWrite)
        case exit(id: String, code: Int32)
        case kill(id: String)
    }

    var core: KubeletCore
    let configuration: KubeletConfiguration
    var runtime = FakeRuntime()
    var faults: Faults?
    var objects: [ObjectKey: JSON] = [:]
    var events: [(reason: String, message: String)] = []
    var marks: Set<String> = []
    var phases: [String: [String]] = [:]
    var illegal: [String] = []
    /// What a status did that none may do (``StatusRules``).
    var brokenRules: [String] = []
    /// What the runtime was asked to make.
    var sandboxes: [SandboxConfiguration] = []
    var created: [ContainerConfiguration] = []
    var nodeWrites = 0
    var requests = 0
    /// When containers began to run.
    var starts: [Instant] = []
    private(set) var now = Instant.zero
    private var pending: [(at: Instant, sequence: Int, delivery: Delivery)] = []
    private var sequence = 0
    private var hasAPI = true
    private var observed: [ObjectKey] = []
    private var namespaces: [String] = []

    static let start = WallTime(seconds: 1_800_000_000)
    var wall: WallTime { Self.start + (now - .zero) }

    /// Without an API nobody says which Pods there are, until ``tellPods()`` does.
    init(hasAPI: Bool = true, _ adjust: (inout KubeletConfiguration) -> Void = { _ in }) {
        var configuration = KubeletConfiguration(nodeName: "machine-1", addresses: ["10.0.0.1"])
        configuration.clusterDNS = ["10.0.0.1"]
        adjust(&configuration)
        self.configuration = configuration
        core = KubeletCore(configuration: configuration, random: Random(seed: 1))
        let service: JSON = [
            "kind": "Service", "metadata": ["name": "kubernetes", "namespace": "default"],
            "spec": [
                "clusterIP": "10.0.0.1",
                "ports": [["name": "https", "port": 443, "protocol": "TCP"]],
            ],
        ]
        objects[ObjectKey(.services, namespace: "default", name: "kubernetes")] = service
        self.hasAPI = hasAPI
        boot()
    }

    /// The API is there from now on.
    func tellPods() {
        hasAPI = true
        let node = ObjectKey(.nodes, name: configuration.nodeName)
        send(.nodeChanged(objects[node]))
        let pods = objects.keys.filter { $0.resource == .pods }.sorted()
        send(.podsChanged(pods.map { ($0, objects[$0]) }))
    }

    /// Starts the daemon: what it tells a fresh kubelet.
    private func boot() {
        var facts = MachineFacts(
            cpuMilli: 2_000, memoryBytes: 8 << 30, ephemeralStorageBytes: 100 << 30)
        facts.osImage = "Debian GNU/Linux 12 (bookworm)"
        send(.machine(facts))
        send(.runtimeReady(true, message: ""))
        if hasAPI { tellPods() }
    }

    /// The daemon dies and starts again; the containers run on.
    func restartDaemon() {
        pending.removeAll { delivery in
            switch delivery.delivery {
            case .exit, .kill: false
            default: true
            }
        }
        core = KubeletCore(configuration: configuration, random: Random(seed: 2))
        observed = []
        namespaces = []
        boot()
    }

    func cutPower() {
        runtime.loseProcesses(wall)
        pending = []
        restartDaemon()
    }

    // MARK: The API

    func apply(_ pod: JSON) {
        let key = Pod(pod).key
        var pod = pod
        pod["kind"] = "Pod"
        if pod["metadata"]?["generation"] == nil { pod["metadata"]?["generation"] = 1 }
        change(key, pod)
    }

    func put(_ resource: Resource, _ name: String, _ data: JSON, kind: String) {
        change(
            ObjectKey(resource, namespace: "default", name: name),
            ["kind": .string(kind), "metadata": ["name": .string(name)], "data": data])
    }

    func put(_ key: ObjectKey, _ json: JSON) { change(key, json) }

    func delete(_ name: String, grace: Int64 = 30) {
        let key = ObjectKey(.pods, namespace: "default", name: name)
        guard var pod = objects[key] else { return }
        pod["metadata"]?["deletionTimestamp"] = .string((wall + .seconds(grace)).rfc3339)
        pod["metadata"]?["deletionGracePeriodSeconds"] = .integer(grace)
        change(key, pod)
    }

    func forceDelete(_ name: String) {
        change(ObjectKey(.pods, namespace: "default", name: name), nil)
    }

    func replaceNode(_ json: JSON) {
        change(ObjectKey(.nodes, name: configuration.nodeName), json)
    }

    /// The Events as the API has them, in the order of their names.
    var eventDocuments: [JSON] {
        objects.keys.filter { $0.resource == .events }.sorted().compactMap { objects[$0] }
    }

    func pod(_ name: String) -> Pod? {
        objects[ObjectKey(.pods, namespace: "default", name: name)].map(Pod.init)
    }

    func status(of container: String, in pod: String, initial: Bool = false) -> JSON? {
        let list = initial ? "initContainerStatuses" : "containerStatuses"
        return self.pod(pod)?.status[list]?.array?.first { $0["name"]?.string == container }
    }

    private func change(_ key: ObjectKey, _ json: JSON?) {
        if key.resource == .pods, let old = objects[key], let json {
            brokenRules += StatusRules.broken(from: Pod(old), to: Pod(json))
        }
        objects[key] = json
        switch key.resource {
        case .pods:
            if let json {
                let pod = Pod(json)
                if phases[pod.name]?.last != pod.phase {
                    phases[pod.name, default: []].append(pod.phase)
                }
            }
            send(.podsChanged([(key, json)]))
        case .nodes: send(.nodeChanged(json))
        case .services: tellServices([key.namespace])
        default: if observed.contains(key) { send(.documentsChanged([(key, json)])) }
        }
    }

    private func tellServices(_ namespaces: [String]) {
        for namespace in namespaces {
            let services = objects.keys.filter {
                $0.resource == .services && $0.namespace == namespace
            }.sorted().compactMap { objects[$0] }
            send(.servicesChanged(namespace: namespace, services))
        }
    }

    // MARK: Time

    func run(for span: Span) {
        let end = now + span
        while true {
            let next = pending.min { ($0.at, $0.sequence) < ($1.at, $1.sequence) }
            let wake = core.deadline
            if let next, next.at <= end, wake.map({ next.at <= $0 }) ?? true {
                now = max(now, next.at)
                pending.removeAll { $0.sequence == next.sequence }
                deliver(next.delivery)
            } else if let wake, wake <= end {
                precondition(wake > now || sequence < 2_000_000, "the core spins")
                now = max(now, wake)
                sequence += 1
                step(.wake)
            } else {
                now = end
                return
            }
        }
    }

    private func later(_ span: Span, _ delivery: Delivery) {
        sequence += 1
        pending.append((now + span, sequence, delivery))
    }

    func send(_ input: KubeletInput) { step(input) }

    private func step(_ input: KubeletInput) {
        var out = Outbox<KubeletEffect>()
        core.step(.wallTime(wall), at: now, into: &out)
        core.step(input, at: now, into: &out)
        core.checkInvariants()
        for effect in out.take() { perform(effect) }
    }

    private func deliver(_ delivery: Delivery) {
        switch delivery {
        case .input(let input): step(input)
        case .perform(let ticket, let request): perform(ticket, request)
        case .write(let ticket, let write): step(.written(ticket, self.write(write)))
        case .exit(let id, let code): end(id, code)
        case .kill(let id): end(id, 137)
        }
    }

    private func end(_ id: String, _ code: Int32) {
        guard let entry = runtime.containers[id], entry.state.phase == .running else { return }
        runtime.end(id, exitCode: code, wall)
        step(.containerExited(id: id))
    }

    private func perform(_ effect: KubeletEffect) {
        switch effect {
        case .runtime(let ticket, let request):
            later(latency(of: request), .perform(ticket, request))
        case .write(let ticket, let write): later(.milliseconds(5), .write(ticket, write))
        case .observe(let documents, let namespaces):
            let fresh = documents.filter { !observed.contains($0) }
            let freshNamespaces = namespaces.filter { !self.namespaces.contains($0) }
            observed = documents
            self.namespaces = namespaces
            if !fresh.isEmpty { send(.documentsChanged(fresh.map { ($0, objects[$0]) })) }
            tellServices(freshNamespaces)
        case .requestToken(let ticket, let request):
            let token = ServiceAccountToken(
                text: "token of \(request.serviceAccount)",
                expiresAt: wall + .seconds(request.expirationSeconds))
            later(.milliseconds(1), .input(.token(ticket, .success(token))))
        case .configureNetwork(let ticket, _):
            later(.milliseconds(1), .input(.finished(ticket, .success(.done))))
        case .mark(let text): marks.insert(text)
        }
    }

    private func latency(of request: RuntimeRequest) -> Span {
        if faults != nil, faults?.random.chance(0.1) ?? false {
            return .milliseconds(Int64(faults?.random.below(20_000) ?? 0))
        }
        switch request {
        case .runSandbox: return .milliseconds(70)
        case .createContainer: return .milliseconds(6)
        case .startContainer: return .milliseconds(48)
        default: return .milliseconds(1)
        }
    }

    private func perform(_ ticket: Ticket, _ request: RuntimeRequest) {
        requests += 1
        // A fault may come before or after the request took effect.
        var failure: RuntimeError?
        if let chance = faults?.chance, faults?.random.chance(chance) ?? false {
            let error = [
                RuntimeError(.other, "fault"), RuntimeError(.unavailable, "fault"),
                RuntimeError(.noSpace, "fault"),
            ][faults?.random.below(3) ?? 0]
            if faults?.random.chance(0.5) ?? false {
                return step(.finished(ticket, .failure(error)))
            }
            failure = RuntimeError(.deadline, "fault after the effect")
        }
        switch request {
        case .runSandbox(let config): sandboxes.append(config)
        case .createContainer(_, let config, _): created.append(config)
        default: break
        }
        do throws(IllegalUse) {
            let (result, started) = try runtime.perform(request, wall: wall)
            if let started {
                starts.append(now)
                schedule(started)
            }
            if case .stopContainer(let id, let grace) = request, case .success = result {
                return stop(ticket, id, grace, failure)
            }
            step(.finished(ticket, failure.map { .failure($0) } ?? result))
        } catch {
            illegal.append(error.description)
            step(.finished(ticket, .failure(RuntimeError(.other, error.description))))
        }
    }

    private func schedule(_ id: String) {
        guard let name = runtime.containers[id]?.state.name,
            let behaviour = runtime.behaviours[name]
        else { return }
        if !behaviour.termination.isEmpty, let entry = runtime.containers[id] {
            let path = "\(configuration.podRoot)/\(entry.podUID)/containers/\(name)/"
                + "\(entry.state.attempt)"
            runtime.files[path] = Array(behaviour.termination.utf8)
        }
        if let span = behaviour.runsFor { later(span, .exit(id: id, code: behaviour.exitCode)) }
    }

    /// The runtime answers a stop when the container has ended.
    private func stop(_ ticket: Ticket, _ id: String, _ grace: Int64, _ failure: RuntimeError?) {
        let name = runtime.containers[id]?.state.name ?? ""
        let ignores = runtime.behaviours[name]?.ignoresTerm ?? false
        let span = ignores ? Span.seconds(grace) : .milliseconds(20)
        later(span, ignores || grace == 0 ? .kill(id: id) : .exit(id: id, code: 143))
        let answer: Result<RuntimeResponse, RuntimeError> =
            failure.map { .failure($0) } ?? .success(.done)
        later(span + .milliseconds(1), .input(.finished(ticket, answer)))
    }

    // MARK: Writes

    private func write(_ write: ObjectWrite) -> WriteResult {
        guard hasAPI else { return .failure(StatusError(.serverTimeout, "no quorum")) }
        switch write {
        case .create(let resource, let json):
            if resource == .events {
                events.append((json["reason"]?.string ?? "", json["message"]?.string ?? ""))
                let event = Pod(json)
                objects[ObjectKey(.events, namespace: event.namespace, name: event.name)] = json
                return .success(json)
            }
            let name = json["metadata"]?["name"]?.string ?? ""
            var stored = json
            if resource == .nodes {
                stored["metadata"]?["uid"] = "node-uid"
                stored["spec"] = ["podCIDR": "10.244.1.0/24"]
            }
            var key = ObjectKey(resource, name: name)
            if resource == .pods {
                key = Pod(json).key
                guard objects[key] == nil else {
                    return .failure(.conflict(.pods, name))
                }
                stored["metadata"]?["uid"] = .string("api-\(sequence)")
            }
            change(key, stored)
            return .success(stored)
        case .patch(let key, let patch, _):
            guard let current = objects[key] else {
                return .failure(.notFound(key.resource, key.name))
            }
            let uid = patch["metadata"]?["uid"]
            if let uid, uid != current["metadata"]?["uid"] {
                return .failure(.conflict(key.resource, key.name))
            }
            if key.resource == .nodes { nodeWrites += 1 }
            let result = Self.merge(current, patch)
            change(key, result)
            return .success(result)
        case .delete(let key, let uid, _, _):
            guard let current = objects[key] else {
                return .failure(.notFound(key.resource, key.name))
            }
            guard uid == current["metadata"]?["uid"]?.string else {
                return .failure(.conflict(key.resource, key.name))
            }
            change(key, nil)
            return .success(current)
        case .update, .bind: return .failure(StatusError(.badRequest, "unexpected write"))
        }
    }

    /// As much of a strategic merge as the kubelet's patches need.
    private static func merge(_ base: JSON, _ patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var result = base
        for (name, value) in changes {
            if value.isNull {
                result[name] = nil
            } else if name == "conditions", let list = value.array {
                var merged = base[name]?.array ?? []
                for condition in list {
                    let index = merged.firstIndex { $0["type"] == condition["type"] }
                    if condition["$patch"] == "delete" {
                        if let index { merged.remove(at: index) }
                        continue
                    }
                    if let index {
                        merged[index] = merge(merged[index], condition)
                    } else {
                        merged.append(merge([:], condition))
                    }
                }
                result[name] = .array(merged)
            } else if let list = value.array {
                result[name] = .array(list.filter { $0["$patch"] == nil })
            } else if value.object != nil {
                result[name] = merge(base[name] ?? [:], value)
            } else {
                result[name] = value
            }
        }
        return result
    }
}

/// A Pod with one container `web` of image `busybox`; the changes come on top.
func makePod(_ name: String = "web", uid: String? = nil, spec: JSON = [:]) -> JSON {
    var full: JSON = [
        "nodeName": "machine-1", "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
        "containers": [["name": "web", "image": "busybox", "imagePullPolicy": "IfNotPresent"]],
    ]
    for (field, value) in spec.object ?? [:] { full[field] = value }
    return [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": [
            "name": .string(name), "namespace": "default", "uid": .string(uid ?? "uid-\(name)"),
        ],
        "spec": full,
    ]
}
