import API
import Base
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import Objects

/// Passes a client's request on to the machine that runs its Pod, and every byte after it in
/// both directions, so that logs, WebSocket and SPDY need no understanding here.
struct MachineTunnel {
    let trust: MachineTrust

    private static let connectTimeout = TimeAmount.seconds(3)
    /// Headers that prove who the client is to this machine and mean nothing to the other.
    private static let ownHeaders = ["authorization", "host"]

    func open(
        to machine: MachineName, host: String, port: UInt16, for client: DaemonShell.ClientExchange
    ) {
        let exchange = client.exchange
        guard exchange.isStream else {
            let request = HTTPProxy.bytes(of: Self.head(of: client), client.request.body)
            connect(to: machine, host, port, exchange) { _ in }.whenComplete { result in
                switch result {
                case .success(let upstream): exchange.splice(with: upstream, sending: request)
                case .failure(let error): exchange.respond(Self.unreachable(machine, error))
                }
            }
            return
        }
        relay(to: machine, host, port, for: client)
    }

    /// A stream of HTTP/2 is no byte stream: the answer goes over part by part.
    private func relay(
        to machine: MachineName, _ host: String, _ port: UInt16,
        for client: DaemonShell.ClientExchange
    ) {
        let exchange = client.exchange
        let (head, body) = (Self.head(of: client), client.request.body)
        connect(to: machine, host, port, exchange) { channel in
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(
                ProxiedAnswerHandler(
                    exchange: exchange, host: host, target: host, prefix: "",
                    isHead: head.method == .HEAD))
        }.whenComplete { result in
            switch result {
            case .success(let upstream):
                exchange.onClose { upstream.close(promise: nil) }
                HTTPProxy.send(head, body, to: upstream)
            case .failure(let error): exchange.respond(Self.unreachable(machine, error))
            }
        }
    }

    private func connect(
        to machine: MachineName, _ host: String, _ port: UInt16, _ exchange: HTTPExchange,
        _ configure: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        let trust = trust
        return ClientBootstrap(group: exchange.channel.eventLoop)
            .connectTimeout(Self.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        NIOSSLClientHandler(context: trust.peerClient, serverHostname: nil))
                    try pipeline.addHandler(PeerIdentityHandler(expected: machine, trust: trust))
                    try configure(channel)
                }
            }
            .connect(host: host, port: Int(port))
    }

    private static func unreachable(_ machine: MachineName, _ error: any Error) -> APIResponse {
        .status(
            StatusError(
                .serviceUnavailable,
                "the machine \"\(machine)\" that runs the pod cannot be reached: \(error)"))
    }

    /// The request as HTTP/1.1, in the name of the user whom this machine authenticated.
    private static func head(of client: DaemonShell.ClientExchange) -> HTTPRequestHead {
        let request = client.request
        var headers = request.head.headers
        for name in ownHeaders { headers.remove(name: name) }
        headers.replaceOrAdd(name: "host", value: "podmesh")
        headers.replaceOrAdd(name: "content-length", value: String(request.body.count))
        headers.remove(name: "transfer-encoding")
        if request.header("upgrade") == nil {
            headers.replaceOrAdd(name: "connection", value: "close")
        }
        headers.replaceOrAdd(name: "audit-id", value: client.exchange.auditID)
        ForwardedUser.write(client.user, to: &headers)
        return HTTPRequestHead(
            version: .http1_1, method: request.head.method, uri: request.head.uri,
            headers: headers)
    }
}

extension HTTPExchange {
    /// Sends a request on and leaves both connections to each other.
    func splice(with upstream: any Channel, sending request: [UInt8]) {
        tunnel { downstream in
            let (near, far) = GlueHandler.pair()
            far.onCode = { self.reportBeginning($0) }
            try downstream.pipeline.syncOperations.addHandler(near)
            try upstream.pipeline.syncOperations.addHandler(far)
            upstream.writeAndFlush(upstream.allocator.buffer(bytes: request), promise: nil)
        }
    }
}

/// One end of a pair that hands what it reads to its partner to write, no faster than that one
/// can, and closes with it. Both channels are on one event loop.
private final class GlueHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = NIOAny
    typealias OutboundOut = NIOAny

    private weak var partner: GlueHandler?
    private var context: ChannelHandlerContext?
    private var wantsRead = false
    /// Told the status code of the answer that is read first.
    var onCode: ((Int) -> Void)?

    static func pair() -> (GlueHandler, GlueHandler) {
        let first = GlueHandler()
        let second = GlueHandler()
        first.partner = second
        second.partner = first
        return (first, second)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let onCode {
            // "HTTP/1.1 101 ..."; a part of that alone comes from nobody.
            let line = unwrapInboundIn(data).readableBytesView.prefix(12).dropFirst(9)
            onCode(Int(String(decoding: line, as: UTF8.self)) ?? 0)
            self.onCode = nil
        }
        partner?.context?.write(data, promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        partner?.context?.flush()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        partner?.context?.close(promise: nil)
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.resumeReading() }
        context.fireChannelWritabilityChanged()
    }

    func read(context: ChannelHandlerContext) {
        if partner?.context?.channel.isWritable ?? true {
            context.read()
        } else {
            wantsRead = true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func resumeReading() {
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
    }
}
