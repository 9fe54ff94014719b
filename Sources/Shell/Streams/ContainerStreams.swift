import API
import Base
import Daemon
import JSON
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Objects

/// Connects clients to containers: logs, exec, attach and port-forward; for containers of this
/// machine through the runtime, for others through the machine that runs them.
final class ContainerStreams: Sendable {
    private let runtime: RuntimeClient
    private let tunnel: MachineTunnel
    private let jobs: AsyncStream<@Sendable () async -> Void>
    private let queue: AsyncStream<@Sendable () async -> Void>.Continuation

    /// The protocols of exec and attach over SPDY, in the order of preference. The runtime's
    /// streaming server knows them all.
    private static let spdyProtocols = [
        "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io",
    ]
    /// Port-forward carries SPDY inside WebSocket messages (KEP-4006).
    private static let portForwardProtocol = "SPDY/3.1+portforward.k8s.io"
    /// Its older form, which names the ports in the query.
    private static let portChannelsProtocol = "v4.channel.k8s.io"
    /// A log stops being read while so much of it waits for its client.
    private static let logBytesWaiting = 1024 * 1024

    init(runtime: RuntimeClient, tunnel: MachineTunnel) {
        self.runtime = runtime
        self.tunnel = tunnel
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// Serves the streams until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { await job() }
            }
        }
    }

    func open(_ target: StreamTarget, for client: DaemonShell.ClientExchange) {
        switch target {
        case .remote(let machine, let host, let port):
            tunnel.open(to: machine, host: host, port: port, for: client)
        case .address(let proxied, let host, let port, let isTLS):
            HTTPProxy(proxied: proxied, host: host, port: port, isTLS: isTLS).open(for: client)
        case .local(let stream, let containerID, let logPath, let sandboxID):
            switch stream.kind {
            case .log(let options):
                queue.yield { [self] in
                    await sendLog(logPath, options, containerID, to: client.exchange)
                }
            case .exec(let options):
                let target = RemoteCommand.Target.exec(
                    containerID: containerID, command: options.command)
                run(Self.command(target, options), for: client)
            case .attach(let options):
                run(Self.command(.attach(containerID: containerID), options), for: client)
            case .portForward(let ports):
                forward(ports, of: sandboxID, for: client)
            }
        }
    }

    // MARK: Logs

    private func sendLog(
        _ path: String, _ options: API.LogOptions, _ containerID: String,
        to exchange: HTTPExchange
    ) async {
        let log = ContainerLog(path: path, options: LogOptions(options, at: .now))
        var hasBegun = false
        func begin() {
            guard !hasBegun else { return }
            hasBegun = true
            exchange.beginStream(code: 200, headers: [("content-type", "text/plain")])
        }
        do {
            if options.follow { begin() }
            try await log.read(while: { await self.runtime.isRunning(containerID: containerID) }) {
                begin()
                exchange.write($0)
                while exchange.outstandingBytes > Self.logBytesWaiting {
                    try await Task.sleep(for: .milliseconds(5))
                }
                guard exchange.channel.isActive else { throw CancellationError() }
            }
            begin()
            exchange.endStream()
        } catch {
            guard !hasBegun else {
                exchange.channel.close(promise: nil)
                return
            }
            exchange.respond(
                .status(
                    StatusError(
                        .internalError, "unable to read the container's log: \(error)")))
        }
    }

    // MARK: Exec and attach

    private static func command(
        _ target: RemoteCommand.Target, _ options: ExecOptions
    ) -> RemoteCommand {
        RemoteCommand(
            target, stdin: options.stdin, stdout: options.stdout, stderr: options.stderr,
            tty: options.tty)
    }

    private func run(_ command: RemoteCommand, for client: DaemonShell.ClientExchange) {
        if Self.wantsSPDY(client) {
            spliceSPDY(client, protocols: Self.spdyProtocols) { [runtime] name, body in
                try await runtime.tunnel(
                    to: try await runtime.streamingURL(of: command), protocols: [name], body)
            }
            return
        }
        let agreement = WebSocketConnection.agree(
            on: client.request, protocols: CommandProtocol.all.map(\.name),
            unnamed: CommandProtocol.oldest.name)
        guard let agreement else { return refuseUpgrade(client.exchange) }
        let form = CommandProtocol.named(agreement.name)
        serve(client.exchange) { [runtime] exchange in
            let socket = try await WebSocketConnection.upgrade(
                exchange, by: agreement, isText: form.isBase64)
            await CommandSession(command, form, socket).run(in: runtime)
        }
    }

    /// Does the work of one session, as long as the client is there. What fails before the answer
    /// has begun is the answer.
    private func serve(
        _ exchange: HTTPExchange,
        _ work: @escaping @Sendable (HTTPExchange) async throws -> Void
    ) {
        queue.yield {
            await StreamSession.whileOpen(exchange.channel) {
                do {
                    try await work(exchange)
                } catch {
                    guard !exchange.hasBegun else {
                        exchange.channel.close(promise: nil)
                        return
                    }
                    exchange.respond(
                        .status(
                            StatusError(
                                .internalError, "unable to upgrade connection: \(error)")))
                }
            }
        }
    }

    // MARK: Port-forward

    private func forward(
        _ ports: [Int], of sandboxID: String, for client: DaemonShell.ClientExchange
    ) {
        if Self.wantsSPDY(client) {
            spliceSPDY(client, protocols: ["portforward.k8s.io"]) { [runtime] _, body in
                try await runtime.portForward(sandboxID: sandboxID, body)
            }
            return
        }
        var protocols = [Self.portForwardProtocol]
        var unnamed: String?
        if (1...PortForwardChannels.portsMax).contains(ports.count) {
            protocols.append(Self.portChannelsProtocol)
            unnamed = Self.portChannelsProtocol
        }
        let agreement = WebSocketConnection.agree(
            on: client.request, protocols: protocols, unnamed: unnamed)
        guard let agreement else { return refuseUpgrade(client.exchange) }
        serve(client.exchange) { [runtime] exchange in
            try await runtime.portForward(sandboxID: sandboxID) { reader, writer in
                let socket = try await WebSocketConnection.upgrade(exchange, by: agreement)
                if agreement.name == Self.portChannelsProtocol {
                    let channels = PortForwardChannels(ports: ports)
                    try? await Self.carry(channels, socket, &reader, writer)
                } else {
                    try? await StreamSession.splice(socket.source, &reader, writer) {
                        try await socket.send($0)
                    }
                }
                await socket.close()
            }
        }
    }

    /// Carries both directions of a session of channels until either side ends.
    private static func carry(
        _ channels: PortForwardChannels, _ socket: WebSocketConnection,
        _ reader: inout TunnelReader, _ writer: TunnelWriter
    ) async throws {
        let shared = NIOLockedValueBox(channels)
        for greeting in channels.greetings { try await socket.send(greeting) }
        try await writer.write(shared.withLockedValue { $0.open() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await message in socket.source.stream {
                    socket.source.didTake()
                    let frames = shared.withLockedValue { $0.toRuntime(message) }
                    if !frames.isEmpty { try await writer.write(frames) }
                }
                throw CancellationError()
            }
            reading: while let bytes = try await reader.next() {
                for output in try shared.withLockedValue({ try $0.toClient(bytes) }) {
                    switch output {
                    case .message(let message): try await socket.send(message)
                    case .answer(let frame): try await writer.write(frame)
                    case .close: break reading
                    }
                }
            }
            group.cancelAll()
        }
    }

    // MARK: SPDY

    private static func wantsSPDY(_ client: DaemonShell.ClientExchange) -> Bool {
        client.request.header("upgrade")?.lowercased() == "spdy/3.1"
    }

    typealias TunnelBody = @Sendable (inout TunnelReader, TunnelWriter) async throws -> Void

    /// The runtime's streaming server speaks SPDY itself: the client's bytes go there as they are.
    /// The client is answered when the session with the runtime is open, so that its streams are
    /// accepted at once, and it learns what stood in the way.
    private func spliceSPDY(
        _ client: DaemonShell.ClientExchange, protocols: [String],
        _ open: @escaping @Sendable (_ protocol: String, @escaping TunnelBody) async throws -> Void
    ) {
        let offered = client.request.head.headers[canonicalForm: "x-stream-protocol-version"]
            .map(String.init)
        // A client that names none speaks the oldest, as with Kubernetes.
        guard let chosen = protocols.first(where: offered.contains)
            ?? (offered.isEmpty ? protocols.last : nil)
        else { return refuseUpgrade(client.exchange) }
        serve(client.exchange) { exchange in
            try await open(chosen) { reader, writer in
                let source = try await exchange.upgraded(headers: [
                    ("upgrade", "SPDY/3.1"), ("x-stream-protocol-version", chosen),
                ]) { channel in
                    let source = ByteSource(channel: channel)
                    try channel.pipeline.syncOperations.addHandler(
                        ByteStreamHandler(source: source))
                    return source
                }
                let channel = exchange.channel
                try? await StreamSession.splice(source, &reader, writer) {
                    try await channel.writeAndFlush(channel.allocator.buffer(bytes: $0)).get()
                }
                await StreamSession.close(channel, source)
            }
        }
    }

    private func refuseUpgrade(_ exchange: HTTPExchange) {
        let names = CommandProtocol.all.map(\.name).joined(separator: ", ")
        exchange.respond(
            .status(
                StatusError(
                    .badRequest,
                    "you must specify a supported streaming protocol: WebSocket with one of "
                        + "\(names), or SPDY/3.1")))
    }
}
