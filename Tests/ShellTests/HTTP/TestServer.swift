import Base
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Shell

/// An API server on a port of this machine whose answers are simple.
///
/// `/hello` is answered with `hello` and `/count` with the number of bytes of the body; `/stream`
/// gets a first piece and stays open.
final class TestServer: Sendable {
    let port: Int
    let receiver = Receiver()
    private let server: HTTPServer
    private let channel: any Channel

    final class Receiver: HTTPRequestReceiver {
        private let state = NIOLockedValueBox(State())

        private struct State {
            var open = 0
            var requests = 0
            var streams: [HTTPExchange] = []
        }

        /// Streams whose clients are there.
        var open: Int { state.withLockedValue { $0.open } }
        var requests: Int { state.withLockedValue { $0.requests } }
        var streams: [HTTPExchange] { state.withLockedValue { $0.streams } }

        func receive(_ request: HTTPRequest, _ exchange: HTTPExchange) {
            state.withLockedValue { $0.requests += 1 }
            exchange.announce([("x-announced", "yes")])
            switch request.head.uri {
            case "/stream":
                state.withLockedValue {
                    $0.open += 1
                    $0.streams.append(exchange)
                }
                exchange.onClose { [state] in state.withLockedValue { $0.open -= 1 } }
                exchange.beginStream(code: 200, headers: [("content-type", "text/plain")])
                exchange.write(Array("first".utf8))
            case "/count":
                exchange.respond(
                    code: 200, headers: [], body: Array(String(request.body.count).utf8))
            default:
                exchange.respond(code: 200, headers: [], body: Array("hello".utf8))
            }
        }
    }

    init(_ change: (inout HTTPLimits) -> Void = { _ in }) async throws {
        var limits = HTTPLimits()
        change(&limits)
        server = HTTPServer(
            group: NIOSingletons.posixEventLoopGroup, receiver: receiver,
            trust: try MachineTrust(Self.identity()), limits: limits)
        channel = try await server.listen(address: "127.0.0.1", port: 0)
        port = channel.localAddress?.port ?? 0
    }

    func sayGoodbye() { server.sayGoodbye() }

    /// What a new cluster's first machine proves itself with.
    private static func identity() throws -> IdentityDirectory.Contents {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("podmesh-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = try MachineConfiguration(
            yaml: "name: a\naddress: 127.0.0.1\ndataDirectory: \(folder)\n", file: "config.yaml")
        _ = try ClusterCreation(configuration: configuration).create(
            at: WallTime(seconds: Int64(Date().timeIntervalSince1970)))
        return try IdentityDirectory(dataDirectory: folder).read()
    }

    /// A client's connection with these handlers above TLS.
    func connect(
        versions: [String], _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        tls.applicationProtocols = versions
        let context = try NIOSSLContext(configuration: tls)
        return try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: nil))
                    try configure(channel)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }
}

extension TestServer {
    /// A connection whose client speaks no TLS.
    func connectPlainly(
        _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try configure(channel) }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }
}

/// Collects what a connection or a stream brings, and lets a test wait for it.
final class Collector<Part: Sendable>: ChannelInboundHandler, Sendable {
    typealias InboundIn = Part

    private let state = NIOLockedValueBox(State())

    private struct State {
        var parts: [Part] = []
        var isClosed = false
        var waiters: [(condition: @Sendable ([Part], Bool) -> Bool, EventLoopPromise<Void>)] = []
    }

    var parts: [Part] { state.withLockedValue { $0.parts } }
    var isClosed: Bool { state.withLockedValue { $0.isClosed } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        change { $0.parts.append(part) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        change { $0.isClosed = true }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func change(_ body: (inout State) -> Void) {
        let ready = state.withLockedValue { state in
            body(&state)
            let (parts, isClosed) = (state.parts, state.isClosed)
            let ready = state.waiters.filter { $0.condition(parts, isClosed) }
            state.waiters.removeAll { $0.condition(parts, isClosed) }
            return ready
        }
        for waiter in ready { waiter.1.succeed() }
    }

    /// Returns when the condition holds of what came and of whether the other side has closed.
    func wait(until condition: @escaping @Sendable ([Part], Bool) -> Bool) async throws {
        let promise = NIOSingletons.posixEventLoopGroup.any().makePromise(of: Void.self)
        let deadline = promise.futureResult.eventLoop.scheduleTask(in: .seconds(30)) {
            promise.fail(ChannelError.connectTimeout(.seconds(30)))
        }
        let isReady = state.withLockedValue { state in
            if condition(state.parts, state.isClosed) { return true }
            state.waiters.append((condition, promise))
            return false
        }
        if isReady { promise.succeed() }
        try await promise.futureResult.get()
        deadline.cancel()
    }

    func waitForClose() async throws { try await wait { $1 } }
}
