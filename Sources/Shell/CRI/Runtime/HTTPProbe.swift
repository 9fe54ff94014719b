import Base
package import Kubelet
import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL

/// The requests that probes and hooks make from the machine's own network namespace.
package enum HTTPProbe {
    /// As the kubelet's client does.
    private static let redirectsMax = 10

    /// - Parameter bytesMax: as much of the body is kept.
    static func get(
        _ action: HTTPAction, bytesMax: Int = RuntimeClient.outputBytesMax
    ) async throws -> RuntimeResponse {
        let deadline = NIODeadline.now() + .nanoseconds(action.timeout.nanoseconds)
        var target = action
        for _ in 0...redirectsMax {
            let answer = try await request(target, by: deadline, bytesMax)
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
            throw RuntimeError(.connectionFailed, dialFailure(host, port, error))
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
        _ action: HTTPAction, by deadline: NIODeadline, _ bytesMax: Int
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
                        try pipeline.addHandler(
                            ProbeAnswerCollector(promise: promise, bytesMax: bytesMax))
                    }
                }
                .connect(host: action.host, port: Int(action.port)).get()
        } catch {
            promise.fail(error)
            let reason = reason(error)
            throw failure(
                action,
                reason == timeoutReason ? reason : dialFailure(action.host, action.port, error))
        }
        let overdue = channel.eventLoop.scheduleTask(deadline: deadline) {
            promise.fail(ChannelError.connectTimeout(.nanoseconds(action.timeout.nanoseconds)))
        }
        defer {
            overdue.cancel()
            channel.close(promise: nil)
        }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: action.path)
        head.headers = headers(of: action)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        do {
            return try await promise.futureResult.get()
        } catch {
            throw failure(action, reason(error))
        }
    }

    /// The Pod's own headers replace those that every probe has; a repeated one stays repeated,
    /// and an empty User-Agent or Accept leaves it out.
    package static func headers(of action: HTTPAction) -> HTTPHeaders {
        var headers = HTTPHeaders(action.headers.map { ($0.name, $0.value) })
        for (name, value) in [
            ("Host", "\(action.host):\(action.port)"), ("User-Agent", "kube-probe/1.36"),
            ("Accept", "*/*"),
        ] where !headers.contains(name: name) {
            headers.add(name: name, value: value)
        }
        for name in ["User-Agent", "Accept"] where headers[name] == [""] {
            headers.remove(name: name)
        }
        headers.replaceOrAdd(name: "Connection", value: "close")
        return headers
    }

    private static func failure(_ action: HTTPAction, _ reason: String) -> RuntimeError {
        let url = "\(action.scheme)://\(action.host):\(action.port)\(action.path)"
        let isTimeout = reason == timeoutReason
        let stage = isTimeout ? " (Client.Timeout exceeded while awaiting headers)" : ""
        return RuntimeError(
            isTimeout ? .deadline : .connectionFailed, "Get \"\(url)\": \(reason)\(stage)")
    }

    /// In the words of Go's dialer, which users search for.
    private static func dialFailure(_ host: String, _ port: UInt16, _ error: any Error) -> String {
        let reason = reason(error)
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return "dial tcp \(address): \(reason == timeoutReason ? "i/o timeout" : reason)"
    }

    private static let timeoutReason = "context deadline exceeded"

    private static func reason(_ error: any Error) -> String {
        switch error {
        case ChannelError.connectTimeout: return timeoutReason
        case ChannelError.eof: return "EOF"
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { reason($0.error) } ?? "\(error)"
        case let error as IOError: return reason(error)
        default: return "\(error)"
        }
    }

    private static func reason(_ error: IOError) -> String {
        let text = String(cString: strerror(error.errnoCode)).lowercased()
        let connecting = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
        return connecting ? "connect: \(text)" : text
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

    private let bytesMax: Int

    init(promise: EventLoopPromise<ProbeAnswer>, bytesMax: Int) {
        self.promise = promise
        self.bytesMax = bytesMax
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer.code = Int(head.status.code)
            answer.location = head.headers.first(name: "location")
        case .body(let buffer):
            answer.body.append(contentsOf: buffer.readableBytesView)
            // More is not kept, so it need not be waited for.
            guard answer.body.count >= bytesMax else { return }
            answer.body.removeLast(answer.body.count - bytesMax)
            promise.succeed(answer)
        case .end:
            promise.succeed(answer)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}
