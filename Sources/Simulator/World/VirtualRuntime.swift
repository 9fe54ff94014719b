package import Base
import Kubelet

/// How container runtimes behave. Times are near those that containerd was measured with.
package struct RuntimeKnobs: Sendable {
    package var sandboxMin = Span.milliseconds(60)
    package var sandboxMax = Span.milliseconds(110)
    package var startMin = Span.milliseconds(35)
    package var startMax = Span.milliseconds(70)
    package var callMin = Span.milliseconds(2)
    package var callMax = Span.milliseconds(12)
    package var pullMin = Span.milliseconds(300)
    package var pullMax = Span.seconds(2)
    /// The chance for each request to fail, also for one that only looks.
    package var failure = 0.0
    /// The chance for each request to take effect and be answered that its time ran out.
    package var lostAnswer = 0.0
    /// The chance for each probe and hook to find the container in a bad way.
    package var probeFailure = 0.0
    /// The chance for a container to pass over TERM, so that it ends only by KILL.
    package var ignoresTerm = 0.1
    /// After a boot the runtime answers only after this.
    package var bootMax = Span.milliseconds(400)
    /// Images that are there without a pull.
    package var presentImages: Set<String> = ["busybox"]
    /// Images that a pull brings.
    package var registryImages: Set<String> = ["httpd"]

    package init() {}
}

/// The container runtime of one machine. A request takes effect when its time is over, also when
/// the daemon that asked is gone by then.
struct VirtualRuntime {
    struct Container {
        var state: ContainerState
        var podName: String
        var podUID: String
        var program: ContainerProgram
        var ignoresTerm: Bool

        var isLive: Bool { state.phase == .running }
    }

    private(set) var sandboxes: [String: SandboxState] = [:] { didSet { listed = nil } }
    private(set) var containers: [String: Container] = [:] { didSet { listed = nil } }
    /// The last answer to a request for everything, as long as nothing changes.
    private var listed: RuntimeState?
    /// Containers that ended since somebody took these.
    private var ended: [(podUID: String, name: String, exitCode: Int32)] = []
    private(set) var coverage = FaultCoverage()
    /// The range that Pods get their addresses from.
    var podCIDR: IPv4Network?
    private var images: Set<String> = []
    private var lastID = 0
    private var lastAddress: UInt64 = 1
    private let number: Int

    init(number: Int) { self.number = number }

    var sandboxesInOrder: [SandboxState] {
        sandboxes.keys.sorted().compactMap { sandboxes[$0] }
    }
    var containersInOrder: [Container] {
        containers.keys.sorted().compactMap { containers[$0] }
    }

    /// The machine loses its power: nothing runs any more, and everything is remembered.
    mutating func cutPower(at wall: WallTime) {
        for id in sandboxes.keys { sandboxes[id]?.isReady = false }
        for id in containers.keys.sorted() { end(id, exitCode: 255, reason: "Unknown", wall) }
    }

    /// The process of a container ends; false when it did not run.
    @discardableResult
    mutating func end(
        _ id: String, exitCode: Int32, reason: String = "", _ wall: WallTime
    ) -> Bool {
        guard var container = containers[id], container.isLive else { return false }
        container.state.phase = .exited
        container.state.exitCode = exitCode
        container.state.finishedAt = wall
        container.state.reason = reason.isEmpty ? (exitCode == 0 ? "Completed" : "Error") : reason
        containers[id] = container
        ended.append((container.podUID, container.state.name, exitCode))
        return true
    }

    /// Containers that ended since the last time, in order.
    mutating func takeEnded() -> [(podUID: String, name: String, exitCode: Int32)] {
        defer { ended = [] }
        return ended
    }

    /// Performs a request whose time is over. It may fail; or take effect, and fail all the same.
    mutating func perform(
        _ request: RuntimeRequest, at wall: WallTime, _ knobs: RuntimeKnobs,
        _ random: inout Random
    ) -> Result<RuntimeResponse, RuntimeError> {
        if knobs.failure > 0, random.chance(knobs.failure) {
            coverage.note(Self.changes(request) ? .runtimeFailure : .runtimeLookFailure)
            let code: RuntimeError.Code = [.other, .unavailable, .deadline][random.below(3)]
            return .failure(RuntimeError(code, "rpc error: code = Unknown desc = no luck"))
        }
        if knobs.probeFailure > 0, let failure = Self.badProbe(request),
            random.chance(knobs.probeFailure)
        {
            coverage.note(.probeFailure)
            return failure
        }
        let result = carryOut(request, at: wall, knobs, &random)
        if knobs.lostAnswer > 0, Self.changes(request), random.chance(knobs.lostAnswer) {
            coverage.note(.runtimeAnswerLost)
            return .failure(RuntimeError(.deadline, "context deadline exceeded"))
        }
        return result
    }

    /// What a probe finds when the container is in a bad way; nil for other requests.
    private static func badProbe(
        _ request: RuntimeRequest
    ) -> Result<RuntimeResponse, RuntimeError>? {
        switch request {
        case .execSync: .success(.execution(exitCode: 1, output: []))
        case .httpGet: .success(.http(statusCode: 500, body: []))
        case .tcpConnect: .failure(RuntimeError(.connectionFailed, "connection refused"))
        case .grpcHealth: .success(.health(status: "NOT_SERVING"))
        default: nil
        }
    }

    private mutating func carryOut(
        _ request: RuntimeRequest, at wall: WallTime, _ knobs: RuntimeKnobs,
        _ random: inout Random
    ) -> Result<RuntimeResponse, RuntimeError> {
        switch request {
        case .runSandbox(let wanted): return runSandbox(wanted, wall)
        case .stopSandbox(let id):
            sandboxes[id]?.isReady = false
            for container in containersInOrder where container.state.sandboxID == id {
                end(container.state.id, exitCode: 137, wall)
            }
            return .success(.done)
        case .removeSandbox(let id):
            sandboxes[id] = nil
            for container in containersInOrder where container.state.sandboxID == id {
                containers[container.state.id] = nil
            }
            return .success(.done)
        case .imageStatus(let image):
            let isPresent = knobs.presentImages.contains(image) || images.contains(image)
            return .success(.image(isPresent ? Self.image(image) : nil))
        case .pullImage(let image, _):
            guard knobs.registryImages.contains(image) else {
                return .failure(
                    RuntimeError(.imageNotFound, "rpc error: code = NotFound desc = \(image)"))
            }
            images.insert(image)
            return .success(.image(Self.image(image)))
        case .createContainer(let sandbox, let wanted, _):
            return create(wanted, in: sandbox, wall, knobs, &random)
        case .startContainer(let id): return start(id, wall)
        case .stopContainer(let id, _):
            end(id, exitCode: containers[id]?.ignoresTerm == true ? 137 : 143, wall)
            return .success(.done)
        case .signalContainer(let id, _):
            if containers[id]?.ignoresTerm == false { end(id, exitCode: 143, wall) }
            return .success(.done)
        case .updateResources: return .success(.done)
        case .removeContainer(let id, _):
            containers[id] = nil
            return .success(.done)
        case .containerStatus(let id): return .success(.containerState(containers[id]?.state))
        case .listState:
            let state =
                listed
                ?? RuntimeState(
                    sandboxes: sandboxesInOrder, containers: containersInOrder.map(\.state))
            listed = state
            return .success(.state(state))
        case .execSync: return .success(.execution(exitCode: 0, output: []))
        case .httpGet: return .success(.http(statusCode: 200, body: []))
        case .listImages:
            let present = knobs.presentImages.union(images).sorted()
            return .success(.images(present.map(Self.image)))
        case .removeImage(let id):
            images = images.filter { Self.image($0).id != id }
            return .success(.done)
        case .statistics: return .success(.statistics(MachineStatistics(time: wall)))
        case .grpcHealth: return .success(.health(status: "SERVING"))
        case .tcpConnect, .prepare, .removePodDirectory, .rotateLogs, .mountImage:
            return .success(.done)
        case .readTail, .readVolumeFile: return .failure(RuntimeError(.notFound, "no such file"))
        }
    }

    /// How long a request takes.
    func duration(
        of request: RuntimeRequest, _ knobs: RuntimeKnobs, _ random: inout Random
    ) -> Span {
        switch request {
        case .runSandbox, .stopSandbox:
            return random.span(from: knobs.sandboxMin, to: knobs.sandboxMax)
        case .startContainer: return random.span(from: knobs.startMin, to: knobs.startMax)
        case .pullImage: return random.span(from: knobs.pullMin, to: knobs.pullMax)
        case .stopContainer(let id, let grace):
            guard let container = containers[id], container.isLive else { return knobs.callMin }
            if container.ignoresTerm { return .seconds(max(0, grace)) + knobs.startMin }
            return random.span(from: knobs.callMax, to: knobs.startMax)
        default: return random.span(from: knobs.callMin, to: knobs.callMax)
        }
    }

    // MARK: Requests

    private mutating func runSandbox(
        _ wanted: SandboxConfiguration, _ wall: WallTime
    ) -> Result<RuntimeResponse, RuntimeError> {
        let holder = sandboxesInOrder.first {
            $0.podUID == wanted.podUID && $0.attempt == wanted.attempt
        }
        if let holder {
            return .failure(
                RuntimeError(
                    .alreadyExists,
                    "failed to reserve sandbox name: it is reserved for \"\(holder.id)\""))
        }
        var sandbox = SandboxState(
            id: makeID("sandbox"), podName: wanted.podName, podNamespace: wanted.podNamespace,
            podUID: wanted.podUID, attempt: wanted.attempt, isReady: true, createdAt: wall,
            labels: wanted.labels, annotations: wanted.annotations)
        if wanted.namespaces.network == .pod {
            guard let address = nextAddress() else {
                return .failure(RuntimeError(.other, "failed to set up network: no address"))
            }
            sandbox.addresses = [address]
        }
        sandboxes[sandbox.id] = sandbox
        return .success(.sandbox(sandbox))
    }

    private mutating func create(
        _ wanted: ContainerConfiguration, in sandboxID: String, _ wall: WallTime,
        _ knobs: RuntimeKnobs, _ random: inout Random
    ) -> Result<RuntimeResponse, RuntimeError> {
        guard let sandbox = sandboxes[sandboxID], sandbox.isReady else {
            return .failure(RuntimeError(.notFound, "sandbox \"\(sandboxID)\" is not running"))
        }
        let holder = containersInOrder.first {
            $0.state.sandboxID == sandboxID && $0.state.name == wanted.name
                && $0.state.attempt == wanted.attempt
        }
        if let holder {
            return .failure(
                RuntimeError(
                    .alreadyExists, "the container's name is reserved for \"\(holder.state.id)\""))
        }
        let id = makeID("container")
        let state = ContainerState(
            id: id, sandboxID: sandboxID, name: wanted.name, attempt: wanted.attempt,
            phase: .created, createdAt: wall, image: wanted.userImage, imageID: wanted.image,
            labels: wanted.labels, annotations: wanted.annotations)
        containers[id] = Container(
            state: state, podName: sandbox.podName, podUID: sandbox.podUID,
            program: ContainerProgram(command: wanted.command),
            ignoresTerm: random.chance(knobs.ignoresTerm))
        return .success(.container(id: id))
    }

    private mutating func start(
        _ id: String, _ wall: WallTime
    ) -> Result<RuntimeResponse, RuntimeError> {
        guard var container = containers[id] else {
            return .failure(RuntimeError(.notFound, "container \"\(id)\": not found"))
        }
        guard container.state.phase == .created,
            sandboxes[container.state.sandboxID]?.isReady == true
        else {
            return .failure(RuntimeError(.other, "container \"\(id)\" cannot be started"))
        }
        container.state.phase = .running
        container.state.startedAt = wall
        containers[id] = container
        return .success(.done)
    }

    private mutating func nextAddress() -> String? {
        guard let podCIDR else { return nil }
        lastAddress = lastAddress + 1 < podCIDR.size - 1 ? lastAddress + 1 : 2
        return podCIDR.address(at: lastAddress)?.description
    }

    private mutating func makeID(_ kind: String) -> String {
        lastID += 1
        let digits = "\(lastID)"
        let padding = String(repeating: "0", count: max(0, 6 - digits.count))
        return "\(kind)-\(number)-\(padding)\(digits)"
    }

    private static func image(_ name: String) -> ImageState {
        ImageState(
            id: "sha256:\(name)", repoDigests: ["docker.io/library/\(name)@sha256:1"],
            sizeBytes: 1_000_000)
    }

    private static func changes(_ request: RuntimeRequest) -> Bool {
        switch request {
        case .runSandbox, .stopSandbox, .removeSandbox, .pullImage, .createContainer,
            .startContainer, .stopContainer, .signalContainer, .updateResources,
            .removeContainer, .prepare, .removePodDirectory, .mountImage:
            true
        case .imageStatus, .containerStatus, .listState, .execSync, .httpGet, .tcpConnect,
            .grpcHealth, .readTail, .listImages, .removeImage, .statistics,
            .rotateLogs, .readVolumeFile:
            false
        }
    }
}
