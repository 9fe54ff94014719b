import Base
import Kubelet

/// A request that no runtime would be sent by a correct kubelet.
struct IllegalUse: Error, CustomStringConvertible {
    let description: String
}

/// A container runtime and a disk that keep the rules strictly and remember every request.
struct FakeRuntime {
    /// How the processes of a container behave, by container name.
    struct Behaviour {
        /// Nil runs until it is stopped.
        var runsFor: Span?
        var exitCode: Int32 = 0
        var ignoresTerm = false
        /// The runtime's message when the command cannot be run.
        var startError: String?
        var termination = ""
    }

    struct Container {
        var state: ContainerState
        var podUID: String
    }

    var sandboxes: [String: SandboxState] = [:]
    var containers: [String: Container] = [:]
    var images: Set<String> = ["busybox"]
    var registry: Set<String> = []
    var behaviours: [String: Behaviour] = [:]
    var execExitCodes: [String: Int32] = [:]
    var httpStatus = 200
    var health = "SERVING"
    /// What commands print, when it is not their exit code.
    var execOutput: String?
    /// What the groups of Pods were changed to.
    var cgroups: [CgroupSettings] = []
    /// The runtime's refusal of other resources.
    var updateError: String?
    var statistics = MachineStatistics(time: WallTime(seconds: 0))
    var imageSize: UInt64 = 1_000
    /// The runtime's message when a container cannot be made, by its name.
    var createErrors: [String: String] = [:]
    /// The failure of commands that the runtime cannot run, by their first word.
    var execErrors: [String: RuntimeError] = [:]
    var files: [String: [UInt8]] = [:]
    var directories: Set<String> = []
    var rotations: [[RunningLog]] = []
    var logins: [[RegistryCredential]] = []
    var removed: [String] = []
    var preparations: [PreparationStep] = []
    var trace: [String] = []
    var nextID = 0
    var nextAddress = 5

    mutating func makeID(_ prefix: String) -> String {
        nextID += 1
        return "\(prefix)\(nextID)"
    }

    /// Performs the request; the second value is a container that began to run.
    mutating func perform(
        _ request: RuntimeRequest, wall: WallTime
    ) throws(IllegalUse) -> (Result<RuntimeResponse, RuntimeError>, started: String?) {
        switch request {
        case .runSandbox(let config): return (try runSandbox(config, wall), nil)
        case .stopSandbox(let id):
            trace.append("stopSandbox")
            sandboxes[id]?.isReady = false
            for (container, entry) in containers where entry.state.sandboxID == id {
                end(container, exitCode: 137, wall)
            }
            return (.success(.done), nil)
        case .removeSandbox(let id): return (try removeSandbox(id), nil)
        case .createContainer(let sandbox, let config, _):
            return (try create(sandbox, config, wall), nil)
        case .startContainer(let id): return try start(id, wall)
        case .stopContainer(let id, let grace):
            guard let entry = containers[id] else {
                return (.failure(RuntimeError(.notFound, "no container \(id)")), nil)
            }
            trace.append("stop \(entry.state.name) \(grace)")
            return (.success(.done), nil)
        case .removeContainer(let id, _):
            guard let entry = containers[id] else { return (.success(.done), nil) }
            guard entry.state.phase != .running else {
                throw IllegalUse(description: "removed running \(entry.state.name)")
            }
            trace.append("remove \(entry.state.name) \(entry.state.attempt)")
            containers[id] = nil
            return (.success(.done), nil)
        case .containerStatus(let id):
            return (.success(.containerState(containers[id]?.state)), nil)
        case .listState:
            return (
                .success(
                    .state(
                        RuntimeState(
                            sandboxes: sandboxes.keys.sorted().compactMap { sandboxes[$0] },
                            containers: containers.keys.sorted().compactMap {
                                containers[$0]?.state
                            }))), nil
            )
        default: return (performOnMachine(request), nil)
        }
    }

    private mutating func performOnMachine(
        _ request: RuntimeRequest
    ) -> Result<RuntimeResponse, RuntimeError> {
        switch request {
        case .imageStatus(let image):
            trace.append("imageStatus \(image)")
            return .success(.image(images.contains(image) ? Self.image(image) : nil))
        case .pullImage(let image, let credentials):
            logins.append(credentials)
            trace.append("pull \(image)")
            guard registry.contains(image) else {
                return .failure(
                    RuntimeError(.imageNotFound, "rpc error: code = NotFound desc = \(image)"))
            }
            images.insert(image)
            return .success(.image(Self.image(image)))
        case .execSync(let id, let command, _):
            let name = containers[id]?.state.name ?? "?"
            trace.append("exec \(name) \(command.joined(separator: " "))")
            if let error = execErrors[command.first ?? ""] { return .failure(error) }
            let code = execExitCodes[command.first ?? ""] ?? 0
            let output = execOutput ?? "said \(code)"
            return .success(.execution(exitCode: code, output: Array(output.utf8)))
        case .httpGet(let action):
            trace.append("http \(action.host):\(action.port)\(action.path)")
            return .success(.http(statusCode: httpStatus, body: []))
        case .statistics:
            return .success(.statistics(statistics))
        case .listImages:
            return .success(
                .images(
                    images.sorted().map { name in
                        var image = Self.image(name)
                        image.tags = [name]
                        image.sizeBytes = imageSize
                        return image
                    }))
        case .removeImage(let id):
            trace.append("removeImage \(id)")
            images = images.filter { Self.image($0).id != id }
            return .success(.done)
        case .signalContainer(let id, let signal):
            trace.append("signal \(containers[id]?.state.name ?? "?") \(signal)")
            return .success(.done)
        case .updateResources(let id, let resources):
            if let message = updateError { return .failure(RuntimeError(.other, message)) }
            let name = containers[id]?.state.name ?? "?"
            cgroups += [resources.ofPod].compactMap { $0 }
            trace.append("update \(name) \(resources.cpuShares) \(resources.memoryLimitBytes)")
            return .success(.done)
        case .grpcHealth(let host, let port, let service, _):
            trace.append("grpc \(host):\(port) \(service)")
            return .success(.health(status: health))
        case .prepare(let steps):
            trace.append("prepare")
            record(steps)
            return .success(.done)
        case .removePodDirectory(let path, _):
            trace.append("removeDirectory")
            removed.append(path)
            directories = directories.filter { !$0.hasPrefix(path) }
            return .success(.done)
        case .readVolumeFile(let volume, let path, _):
            guard let bytes = files["\(volume)/\(path)"] else {
                return .failure(RuntimeError(.notFound, "no file"))
            }
            return .success(.bytes(bytes))
        case .mountImage(let reference, let path):
            trace.append("mount \(reference)")
            directories.insert(path)
            return .success(.done)
        case .rotateLogs(let logs, _, _):
            rotations.append(logs)
            return .success(.done)
        case .readTail(let path, let limit):
            guard let bytes = files[path] else {
                return .failure(RuntimeError(.notFound, "no file"))
            }
            return .success(.bytes(Array(bytes.suffix(limit))))
        default: return .success(.done)
        }
    }

    static func image(_ name: String) -> ImageState {
        ImageState(
            id: "sha256:\(name)", repoDigests: ["docker.io/library/\(name)@sha256:1"],
            sizeBytes: 1_000)
    }

    private mutating func record(_ steps: [PreparationStep]) {
        preparations += steps
        for step in steps {
            switch step {
            case .directory(let path, _, _), .memoryDirectory(let path, _, _),
                .emptyDirectory(let path, _):
                directories.insert(path)
            case .file(let path, let content, _): files[path] = content
            case .touch(let path, _): files[path] = files[path] ?? []
            case .fileSet(let path, let entries, _):
                directories.insert(path)
                for entry in entries { files["\(path)/\(entry.path)"] = entry.content }
            case .hostPath, .subPath, .group: break
            }
        }
    }

    private mutating func runSandbox(
        _ config: SandboxConfiguration, _ wall: WallTime
    ) throws(IllegalUse) -> Result<RuntimeResponse, RuntimeError> {
        trace.append("runSandbox \(config.attempt)")
        if sandboxes.values.contains(where: { $0.podUID == config.podUID && $0.isReady }) {
            throw IllegalUse(description: "second ready sandbox for \(config.podName)")
        }
        let state = SandboxState(
            id: makeID("s"), podName: config.podName, podNamespace: config.podNamespace,
            podUID: config.podUID, attempt: config.attempt, isReady: true, createdAt: wall,
            addresses: config.namespaces.network == .machine ? [] : ["10.244.1.\(nextAddress)"],
            labels: config.labels, annotations: config.annotations)
        nextAddress += 1
        sandboxes[state.id] = state
        return .success(.sandbox(state))
    }

    private mutating func removeSandbox(
        _ id: String
    ) throws(IllegalUse) -> Result<RuntimeResponse, RuntimeError> {
        trace.append("removeSandbox")
        if sandboxes[id]?.isReady == true {
            throw IllegalUse(description: "removed a ready sandbox")
        }
        sandboxes[id] = nil
        containers = containers.filter { $0.value.state.sandboxID != id }
        return .success(.done)
    }

    private mutating func create(
        _ sandbox: String, _ config: ContainerConfiguration, _ wall: WallTime
    ) throws(IllegalUse) -> Result<RuntimeResponse, RuntimeError> {
        trace.append("create \(config.name) \(config.attempt)")
        guard let owner = sandboxes[sandbox], owner.isReady else {
            return .failure(RuntimeError(.notFound, "sandbox \(sandbox) not found"))
        }
        let siblings = containers.values.filter {
            $0.podUID == owner.podUID && $0.state.name == config.name
        }
        if siblings.contains(where: { $0.state.phase == .running }) {
            throw IllegalUse(description: "second live container \(config.name)")
        }
        if siblings.contains(where: { $0.state.attempt == config.attempt }) {
            return .failure(RuntimeError(.alreadyExists, "name is reserved"))
        }
        if let message = createErrors[config.name] {
            return .failure(RuntimeError(.other, message))
        }
        record(config.preparation)
        let id = makeID("c")
        containers[id] = Container(
            state: ContainerState(
                id: id, sandboxID: sandbox, name: config.name, attempt: config.attempt,
                phase: .created, createdAt: wall, image: config.userImage,
                imageID: "docker.io/library/\(config.userImage)@sha256:1",
                labels: config.labels, annotations: config.annotations),
            podUID: owner.podUID)
        return .success(.container(id: id))
    }

    private mutating func start(
        _ id: String, _ wall: WallTime
    ) throws(IllegalUse) -> (Result<RuntimeResponse, RuntimeError>, started: String?) {
        guard let entry = containers[id] else {
            return (.failure(RuntimeError(.notFound, "no container \(id)")), nil)
        }
        trace.append("start \(entry.state.name) \(entry.state.attempt)")
        guard entry.state.phase == .created else {
            throw IllegalUse(description: "started \(entry.state.name) twice")
        }
        if let message = behaviours[entry.state.name]?.startError {
            containers[id]?.state.startedAt = WallTime(seconds: 0)
            end(id, exitCode: 128, wall, reason: "StartError", message: message)
            return (.failure(RuntimeError(.other, message)), nil)
        }
        containers[id]?.state.phase = .running
        containers[id]?.state.startedAt = wall
        return (.success(.done), id)
    }

    mutating func end(
        _ id: String, exitCode: Int32, _ wall: WallTime, reason: String? = nil,
        message: String = ""
    ) {
        guard var entry = containers[id], entry.state.phase != .exited else { return }
        if entry.state.phase == .created, reason == nil { return }
        entry.state.phase = .exited
        entry.state.exitCode = exitCode
        entry.state.finishedAt = wall
        entry.state.reason = reason ?? (exitCode == 0 ? "Completed" : "Error")
        entry.state.message = message
        containers[id] = entry
        trace.append("exit \(entry.state.name) \(exitCode)")
    }

    /// The whole machine lost power: nothing runs, the runtime's records remain.
    mutating func loseProcesses(_ wall: WallTime) {
        for id in sandboxes.keys { sandboxes[id]?.isReady = false }
        for id in containers.keys.sorted() { end(id, exitCode: 255, wall, reason: "Unknown") }
    }
}
