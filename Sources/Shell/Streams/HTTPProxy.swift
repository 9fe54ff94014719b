import API
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Objects


/// Passes a client's request on to a server that speaks HTTP, such as a Pod, and its answer back,
/// no faster than the client reads it. A connection that the two want to upgrade is theirs.
struct HTTPProxy {
    let proxied: ProxyRequest
    let host: String
    let port: Int
    let isTLS: Bool

    private static let connectTimeout = TimeAmount.seconds(30)
    /// What belongs to one connection (RFC 9110 §7.6.1), or proves who the client is to us.
    private static let ownHeaders = [
        "connection", "proxy-connection", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "te", "trailer", "transfer-encoding", "authorization",
        "impersonate-user", "impersonate-group", "impersonate-uid", ForwardedUser.nameHeader,
        ForwardedUser.groupHeader,
    ]

    func open(for client: DaemonShell.ClientExchange) {
        client.exchange.channel.eventLoop.execute { connect(for: client) }
    }

    private func connect(for client: DaemonShell.ClientExchange) {
        let (exchange, head) = (client.exchange, head(of: client.request))
        let isUpgrade = client.request.header("upgrade") != nil
        let handler = NIOLoopBound(
            ProxiedAnswerHandler(
                exchange: exchange, host: client.request.header("host") ?? "",
                target: "\(host):\(port)", prefix: proxied.prefix,
                isHead: client.request.head.method == .HEAD),
            eventLoop: exchange.channel.eventLoop)
        bootstrap(exchange, isUpgrade ? nil : handler).whenComplete { result in
            switch result {
            case .success(let upstream) where isUpgrade:
                let bytes = Self.bytes(of: head, client.request.body)
                exchange.splice(with: upstream, sending: bytes)
            case .success(let upstream):
                exchange.onClose { upstream.close(promise: nil) }
                Self.send(head, client.request.body, to: upstream)
            case .failure(let error):
                handler.value.refuse(describing: error)
            }
        }
    }

    static func send(_ head: HTTPRequestHead, _ body: [UInt8], to upstream: any Channel) {
        upstream.write(HTTPClientRequestPart.head(head), promise: nil)
        let buffer = upstream.allocator.buffer(bytes: body)
        upstream.write(HTTPClientRequestPart.body(.byteBuffer(buffer)), promise: nil)
        upstream.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    private func bootstrap(
        _ exchange: HTTPExchange, _ handler: NIOLoopBound<ProxiedAnswerHandler>?
    ) -> EventLoopFuture<any Channel> {
        let isTLS = isTLS
        return ClientBootstrap(group: exchange.channel.eventLoop)
            .connectTimeout(Self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if isTLS {
                        // The servers behind are nobody's we could know; Kubernetes trusts all.
                        var configuration = TLSConfiguration.makeClientConfiguration()
                        configuration.certificateVerification = .none
                        let context = try NIOSSLContext(configuration: configuration)
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                    guard let handler else { return }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(handler.value)
                }
            }
            .connect(host: host, port: port)
    }

    /// The request as the server gets it (`k8s.io/apimachinery/pkg/util/proxy`).
    private func head(of request: HTTPRequest) -> HTTPRequestHead {
        let (path, query) = APIFront.split(request.head.uri)
        var head = HTTPRequestHead(
            version: .http1_1, method: request.head.method,
            uri: query.isEmpty ? proxied.path : "\(proxied.path)?\(query)")
        head.headers = request.head.headers
        let upgrade = request.header("upgrade")
        for name in Self.ownHeaders + ["host", "content-length"] { head.headers.remove(name: name) }
        head.headers.add(name: "host", value: "\(host):\(port)")
        if !request.body.isEmpty || ![.GET, .HEAD].contains(request.head.method) {
            head.headers.add(name: "content-length", value: String(request.body.count))
        }
        head.headers.add(name: "connection", value: upgrade == nil ? "close" : "Upgrade")
        head.headers.replaceOrAdd(name: "x-forwarded-uri", value: path)
        head.headers.replaceOrAdd(
            name: "x-forwarded-host", value: request.header("host") ?? "podmesh")
        head.headers.replaceOrAdd(name: "x-forwarded-proto", value: "https")
        return head
    }

    static func bytes(of head: HTTPRequestHead, _ body: [UInt8]) -> [UInt8] {
        var text = "\(head.method.rawValue) \(head.uri) HTTP/1.1\r\n"
        for (name, value) in head.headers { text += "\(name): \(value)\r\n" }
        return Array(text.utf8) + Array("\r\n".utf8) + body
    }
}

/// Hands a proxied server's answer to the client's exchange. Confined to the event loop of both.
final class ProxiedAnswerHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let exchange: HTTPExchange
    private let host: String
    private let target: String
    private let prefix: String
    private let isHead: Bool
    private var state = State.waiting
    private var isPaused = false

    private enum State { case waiting, streaming, done }

    /// The server is not read while so much waits for the client.
    private static let bytesWaiting = 1024 * 1024
    private static let pause = TimeAmount.milliseconds(5)

    init(exchange: HTTPExchange, host: String, target: String, prefix: String, isHead: Bool) {
        self.exchange = exchange
        self.host = host
        self.target = target
        self.prefix = prefix
        self.isHead = isHead
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(let buffer): exchange.write(Array(buffer.readableBytesView))
        case .end:
            if state == .streaming { exchange.endStream() }
            state = .done
            context.close(promise: nil)
        }
    }

    private func begin(_ head: HTTPResponseHead) {
        guard head.status.code >= 200 else { return }
        var headers: [(String, String)] = []
        for (name, value) in head.headers {
            switch name.lowercased() {
            case "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade",
                "proxy-authenticate":
                continue
            case "location": headers.append((name, location(value)))
            default: headers.append((name, value))
            }
        }
        let hasNoBody = isHead || head.status.code == 204 || head.status.code == 304
        exchange.beginStream(
            code: Int(head.status.code), headers: headers, hasBody: !hasNoBody)
        state = .streaming
    }

    /// A redirect within the server stays below the path by which the client reached it.
    private func location(_ text: String) -> String {
        var path = text[...]
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard authority == target || authority == host else { return text }
            path = rest.dropFirst(authority.count)
            if path.isEmpty { path = "/" }
        }
        guard path.hasPrefix("/"), !path.hasPrefix("//"), !path.hasPrefix(prefix) else {
            return text
        }
        return prefix + path
    }

    func read(context: ChannelHandlerContext) {
        guard exchange.outstandingBytes > Self.bytesWaiting else {
            context.read()
            return
        }
        guard !isPaused else { return }
        isPaused = true
        let loop = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            let (handler, context) = loop.value
            handler.isPaused = false
            handler.read(context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        refuse(describing: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        refuse(describing: error)
        context.close(promise: nil)
    }

    /// There will be no answer, or not the rest of it.
    func refuse(describing error: (any Error)?) {
        switch state {
        case .waiting:
            exchange.respond(
                .status(
                    StatusError(
                        .serviceUnavailable,
                        "error trying to reach service: "
                            + (error.map { Self.text(of: $0, target) } ?? "EOF"))))
        case .streaming: exchange.channel.close(promise: nil)
        case .done: break
        }
        state = .done
    }

    /// In the words of Go's dialer, which clients know.
    private static func text(of error: any Error, _ target: String) -> String {
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return text(of: first.error, target)
        }
        if let error = error as? IOError {
            let reason =
                switch error.errnoCode {
                case ECONNREFUSED: "connect: connection refused"
                case EHOSTUNREACH: "connect: no route to host"
                case ENETUNREACH: "connect: network is unreachable"
                case ECONNRESET: "read: connection reset by peer"
                default: "\(error)"
                }
            return "dial tcp \(target): \(reason)"
        }
        if case .connectTimeout? = error as? ChannelError {
            return "dial tcp \(target): i/o timeout"
        }
        return "\(error)"
    }
}
