import Base
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import Kubelet
import NIOConcurrencyHelpers
import NIOCore
import SwiftProtobuf

/// Performs what the kubelet asks of the container runtime and of the machine's file system.
///
/// It decides nothing and retries nothing: one request, one answer, at the latest when the
/// request's time has run out. ``run()`` keeps the connection to the runtime and has to run as
/// long as the client is used; while the runtime is away, requests fail as `unavailable`.
package final class RuntimeClient: Sendable {
    typealias Transport = HTTP2ClientTransport.Posix

    let runtime: Runtime_V1_RuntimeService.Client<Transport>
    let images: Runtime_V1_ImageService.Client<Transport>
    let events: Containerd_Services_Events_V1_Events.Client<Transport>
    let known = NIOLockedValueBox(KnownStates())
    /// The path of the runtime's socket.
    let endpoint: String
    let connection: GRPCClient<Transport>
    private let lanes = Lane.allCases.map { TaskSemaphore(width: $0.width) }

    /// - Parameter endpoint: the path of the runtime's socket; `unix://` before it is allowed.
    package init(endpoint: String) throws {
        let path = endpoint.hasPrefix("unix://") ? String(endpoint.dropFirst(7)) : endpoint
        self.endpoint = path
        let transport = try HTTP2ClientTransport.Posix(
            target: .unixDomainSocket(path: path, authority: "localhost"),
            transportSecurity: .plaintext,
            config: .defaults { config in
                config.backoff.initial = .milliseconds(100)
                config.backoff.max = .seconds(2)
                config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            PingResponder(), position: .first)
                    }
                }
            })
        connection = GRPCClient(transport: transport)
        runtime = Runtime_V1_RuntimeService.Client(wrapping: connection)
        images = Runtime_V1_ImageService.Client(wrapping: connection)
        events = Containerd_Services_Events_V1_Events.Client(wrapping: connection)
    }

    /// Keeps the connection until the task is cancelled or ``shutDown()`` is called.
    package func run() async throws { try await connection.runConnections() }

    package func shutDown() { connection.beginGracefulShutdown() }

    package func perform(
        _ request: RuntimeRequest
    ) async -> Result<RuntimeResponse, Kubelet.RuntimeError> {
        let deadline = ContinuousClock.now + .nanoseconds(request.timeout.nanoseconds)
        let lane = lanes[Self.lane(of: request).rawValue]
        return await lane.within {
            do {
                return .success(try await self.answer(request, by: deadline))
            } catch {
                return .failure(Kubelet.RuntimeError(describing: error, of: request))
            }
        }
    }

    private static func lane(of request: RuntimeRequest) -> Lane {
        switch request {
        case .imageStatus, .containerStatus, .listState, .readTail, .listImages, .statistics,
            .rotateLogs, .readVolumeFile:
            .look
        case .runSandbox, .removeSandbox, .createContainer, .startContainer, .removeContainer,
            .prepare, .removePodDirectory, .removeImage, .updateResources, .mountImage:
            .build
        case .stopSandbox, .stopContainer, .signalContainer: .stop
        case .pullImage: .pull
        case .execSync, .httpGet, .tcpConnect, .grpcHealth: .probe
        }
    }

    private func answer(
        _ request: RuntimeRequest, by deadline: ContinuousClock.Instant
    ) async throws -> RuntimeResponse {
        let options = CallOptions.within(deadline)
        switch request {
        case .runSandbox(let sandbox):
            return .sandbox(try await runSandbox(sandbox, options))
        case .stopSandbox(let id):
            try await stopSandbox(id, options)
        case .removeSandbox(let id):
            try await removeSandbox(id, options)
        case .imageStatus(let image):
            return .image(try await imageStatus(image, options))
        case .pullImage(let image, let credentials):
            return .image(try await pullImage(image, credentials, options))
        case .createContainer(let id, let container, let sandbox):
            return .container(id: try await createContainer(container, in: id, sandbox, options))
        case .startContainer(let id):
            _ = try await runtime.startContainer(.with { $0.containerID = id }, options: options)
        case .stopContainer(let id, let grace):
            try await stopContainer(id, graceSeconds: grace, options)
        case .signalContainer(let id, let signal):
            try await self.signal(id, signal, options)
        case .updateResources(let id, let resources):
            try await updateResources(id, resources, options)
        case .removeContainer(let id, let logPath):
            try await removeContainer(id, logPath: logPath, options)
        case .containerStatus(let id):
            return .containerState(try await containerState(id, sandboxID: nil, options))
        case .listState:
            return .state(try await listState(options))
        case .execSync(let id, let command, let timeout):
            return try await execSync(id, command, timeout, options)
        case .httpGet(let action):
            return try await HTTPProbe.get(action)
        case .tcpConnect(let host, let port, let timeout):
            try await HTTPProbe.connect(host: host, port: port, timeout: timeout)
        case .grpcHealth(let host, let port, let service, let timeout):
            return try await HealthProbe.check(
                host: host, port: port, service: service, timeout: timeout)
        case .listImages:
            return .images(try await listImages(options))
        case .removeImage(let id):
            try await removeImage(id, options)
        case .statistics(let podRoot, let folders):
            return try await statistics(podRoot: podRoot, folders: folders, options)
        case .prepare(let steps):
            try await onBlockingThread { try PodFiles.prepare(steps) }
        case .removePodDirectory(let path, let logDirectory):
            let endpoint = endpoint
            try await onBlockingThread {
                ImageMounts(endpoint: endpoint).removeAll(of: path)
                try PodFiles.removePodDirectory(path, logDirectory: logDirectory)
            }
        case .rotateLogs(let logs, let bytesMax, let filesMax):
            try await rotate(logs, bytesMax: bytesMax, filesMax: filesMax, options)
        case .readVolumeFile(let volume, let path, let limit):
            return .bytes(
                try await onBlockingThread {
                    try SubPath.read(path, of: volume, limit: limit)
                })
        case .mountImage(let reference, let path):
            let endpoint = endpoint
            try await onBlockingThread {
                try ImageMounts(endpoint: endpoint).mount(reference, at: path)
            }
        case .readTail(let path, let limit):
            return .bytes(try await onBlockingThread { try PodFiles.tail(of: path, limit: limit) })
        }
        return .done
    }

    private func execSync(
        _ id: String, _ command: [String], _ timeout: Span, _ options: CallOptions
    ) async throws -> RuntimeResponse {
        // CRI counts whole seconds, and zero would be for ever.
        let seconds = max(1, (timeout + .milliseconds(999)).nanoseconds / 1_000_000_000)
        let answer = try await runtime.execSync(
            .with {
                $0.containerID = id
                $0.cmd = command
                $0.timeout = seconds
            }, options: options)
        let output = [UInt8]((answer.stdout + answer.stderr).prefix(Self.outputBytesMax))
        return .execution(exitCode: answer.exitCode, output: output)
    }

    /// As much of a probe's output as Kubernetes keeps.
    static let outputBytesMax = 10 * 1024
}

extension CallOptions {
    /// Fails at `deadline`, and at once while the runtime cannot be reached.
    static func within(_ deadline: ContinuousClock.Instant) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = max(.milliseconds(1), deadline - .now)
        options.waitForReady = false
        return options
    }
}
