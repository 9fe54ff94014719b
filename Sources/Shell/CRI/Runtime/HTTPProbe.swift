import Base
import Kubelet
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The requests that probes and hooks make from the machine's own network namespace.
enum HTTPProbe {
    /// As the kubelet's client does.
    private static let redirectsMax = 10

    static func get(_ action: HTTPAction) async throws -> RuntimeResponse {
        let deadline = NIODeadline.now() + .nanoseconds(action.timeout.nanoseconds)
        var target = action
        for _ in 0...redirectsMax {
            let answer = try await request(target, by: deadline)
            guard (300..<400).contains(answer.code), let location = answer.location,
                let next = redirect(target, to: location)
            else { return .http(statusCode: answer.code, body: answer.body) }
            target = next
        }
        throw RuntimeError(.connectionFailed, "stopped after \(redirectsMax) redirects")
    }

    static func connect(host: String, port: UInt16, timeout: Span) async throws {
        do {
            let channel = try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
                .connectTimeout(.nanoseconds(timeout.nanoseconds))
                .connect(host: host, port: Int(port)).get()
            try? await channel.close()
        } catch {
            throw RuntimeError(.connectionFailed, "dial tcp \(host):\(port): \(reason(error))")
        }
    }

    /// Nil when the redirect leads to another host, which a probe takes for a success.
    private static func redirect(_ action: HTTPAction, to location: String) -> HTTPAction? {
        var next = action
        if location.hasPrefix("/") {
            next.path = location
            return next
        }
        let origin = "\(action.scheme)://\(action.host):\(action.port)"
        guard location.hasPrefix(origin) else { return nil }
        let path = location.dropFirst(origin.count)
        guard path.isEmpty || path.hasPrefix("/") else { return nil }
        next.path = path.isEmpty ? "/" : String(path)
        return next
    }

    private static func request(
        _ action: HTTPAction, by deadline: NIODeadline
    ) async throws -> ProbeAnswer {
        let group = NIOSingletons.posixEventLoopGroup
        let promise = group.any().makePromise(of: ProbeAnswer.self)
        let isTLS = action.scheme.lowercased() == "https"
        let remaining = deadline - .now()
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: group)
                .connectTimeout(max(.milliseconds(1), remaining))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if isTLS {
                            try pipeline.addHandler(
                                NIOSSLClientHandler(context: Self.trusting(), serverHostname: nil))
                        }
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(ProbeAnswerCollector(promise: promise))
                    }
                }
                .connect(host: action.host, port: Int(action.port)).get()
        } catch {
            promise.fail(error)
            throw failure(action, reason(error))
        }
        let overdue = channel.eventLoop.scheduleTask(deadline: deadline) {
            promise.fail(ChannelError.connectTimeout(.nanoseconds(action.timeout.nanoseconds)))
        }
        defer {
            overdue.cancel()
            channel.close(promise: nil)
        }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: action.path)
        head.headers.add(name: "Host", value: "\(action.host):\(action.port)")
        head.headers.add(name: "User-Agent", value: "kube-probe/1.36")
        head.headers.add(name: "Accept", value: "*/*")
        head.headers.add(name: "Connection", value: "close")
        for header in action.headers {
            head.headers.replaceOrAdd(name: header.name, value: header.value)
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        do {
            return try await promise.futureResult.get()
        } catch {
            throw failure(action, reason(error))
        }
    }

    private static func failure(_ action: HTTPAction, _ reason: String) -> RuntimeError {
        let url = "\(action.scheme)://\(action.host):\(action.port)\(action.path)"
        let isTimeout = reason == timeoutReason
        return RuntimeError(
            isTimeout ? .deadline : .connectionFailed, "Get \"\(url)\": \(reason)")
    }

    private static let timeoutReason = "context deadline exceeded"

    private static func reason(_ error: any Error) -> String {
        switch error {
        case ChannelError.connectTimeout: return timeoutReason
        case ChannelError.eof: return "EOF"
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { reason($0.error) } ?? "\(error)"
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            return "connect: connection refused"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        default: return "\(error)"
        }
    }

    /// Probes do not verify certificates.
    private static func trusting() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }
}

private struct ProbeAnswer: Sendable {
    var code = 0
    var location: String?
    var body: [UInt8] = []
}

private final class ProbeAnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<ProbeAnswer>
    private var answer = ProbeAnswer()

    init(promise: EventLoopPromise<ProbeAnswer>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer.code = Int(head.status.code)
            answer.location = head.headers.first(name: "location")
        case .body(let buffer):
            answer.body.append(contentsOf: buffer.readableBytesView)
            // More is not kept, so it need not be waited for.
            guard answer.body.count >= RuntimeClient.outputBytesMax else { return }
            answer.body.removeLast(answer.body.count - RuntimeClient.outputBytesMax)
            promise.succeed(answer)
        case .end:
            promise.succeed(answer)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}
