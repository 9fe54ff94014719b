import Base
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// Collects one request at a time from a connection, or the one of an HTTP/2 stream, and hands it
/// on with an exchange.
///
/// Confined to its channel's event loop.
final class HTTPExchangeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let receiver: any HTTPRequestReceiver
    private let limits: HTTPLimits
    private let connection: HTTPConnection
    /// Nil on a stream, which cannot be upgraded.
    private let handlers: HTTPHandlers?
    private var head: HTTPRequestHead?
    private var body: IncomingBody
    private var isHeadTooLarge = false
    private var context: ChannelHandlerContext?
    /// When the client has said nothing for too long; nil while it waits for an answer.
    private var deadline: NIODeadline?
    private var timeout: Scheduled<Void>?
    private var exchange: HTTPExchange?
    /// Where chunks of the answer go that have their frame already; nil when there are none.
    private var chunks: ChannelHandlerContext?

    init(
        receiver: any HTTPRequestReceiver, limits: HTTPLimits, connection: HTTPConnection,
        budget: BodyBudget, handlers: HTTPHandlers?
    ) {
        body = IncomingBody(limits, budget)
        self.receiver = receiver
        self.limits = limits
        self.connection = connection
        self.handlers = handlers
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        armTimeout()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        timeout?.cancel()
        chunks = nil
        body.discard()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.discard()
            isHeadTooLarge = Self.length(of: head.headers) > limits.headerBytes
            // A client that asks first sends its body on that word alone (RFC 9110 §10.1.1).
            if !isHeadTooLarge, head.headers[canonicalForm: "expect"].contains("100-continue") {
                let answer = HTTPResponseHead(version: head.version, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(answer)), promise: nil)
            }
        case .body(let buffer):
            // The client learns what was wrong when it has sent all, if that ever ends.
            if !body.append(buffer) { context.close(promise: nil) }
        case .end:
            finish(context)
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard let head else { return }
        self.head = nil
        deadline = nil
        let exchange = HTTPExchange(
            channel: context.channel, limits: limits,
            keepsAlive: handlers == nil || head.isKeepAlive, isStream: handlers == nil,
            isHead: head.method == .HEAD, acceptsGzip: Self.acceptsGzip(head.headers),
            auditID: Self.auditID(head.headers),
            handler: NIOLoopBound(self, eventLoop: context.eventLoop))
        self.exchange = exchange
        guard !isHeadTooLarge else {
            exchange.refuseHead()
            return
        }
        if let fault = body.fault {
            exchange.refuse(fault)
            return
        }
        let request = HTTPRequest(
            head: head, body: body.take(), connection: connection.identity)
        receiver.receive(request, exchange)
    }

    /// Called by the exchange when it has begun an answer in chunks of HTTP/1.1. Its pieces go past
    /// the encoder, which would frame each anew for each connection.
    func beginChunks(on channel: any Channel) {
        guard handlers != nil else { return }
        chunks = try? channel.pipeline.syncOperations.context(
            handlerType: HTTPAnswerEncoder.self)
    }

    func write(_ piece: StreamPiece, to channel: any Channel, promise: EventLoopPromise<Void>?) {
        if let chunks {
            chunks.writeAndFlush(NIOAny(piece.chunk), promise: promise)
        } else {
            let part = HTTPServerResponsePart.body(.byteBuffer(piece.body))
            channel.writeAndFlush(part, promise: promise)
        }
    }

    /// Called by the exchange when its answer is complete: the next request may come.
    func exchangeDidEnd() {
        exchange = nil
        chunks = nil
        if handlers != nil { armTimeout() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        body.discard()
        chunks = nil
        exchange?.connectionDidClose()
        exchange = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A broken handshake or broken HTTP concerns this connection only.
        context.close(promise: nil)
    }

    /// Turns the connection into a bare byte stream for the handlers that `configure` adds. The
    /// decoder goes last, because it passes on what it has read beyond the request.
    func becomeByteStream(on channel: any Channel, _ configure: (any Channel) throws -> Void) {
        timeout?.cancel()
        exchange = nil
        chunks = nil
        do {
            try configure(channel)
        } catch {
            channel.close(promise: nil)
            return
        }
        guard let handlers else {
            channel.close(promise: nil)
            return
        }
        let pipeline = channel.pipeline.syncOperations
        let removals = handlers.removalsBeforeDecoder(pipeline) + [pipeline.removeHandler(self)]
        let decoder = NIOLoopBound(handlers.decoder, eventLoop: channel.eventLoop)
        EventLoopFuture.andAllSucceed(removals, on: channel.eventLoop).whenComplete { _ in
            _ = channel.pipeline.syncOperations.removeHandler(decoder.value)
        }
    }

    /// The timer is set once for many requests; it looks at the deadline when it fires.
    private func armTimeout() {
        deadline = NIODeadline.now() + limits.readTimeout
        if timeout == nil { schedule(in: limits.readTimeout) }
    }

    private func schedule(in span: TimeAmount) {
        guard let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: span) { handler.value.timeoutDidFire() }
    }

    private func timeoutDidFire() {
        timeout = nil
        guard let deadline else { return }
        let rest = deadline - NIODeadline.now()
        if rest > .zero { schedule(in: rest) } else { context?.close(promise: nil) }
    }

    private static let auditIDBytesMax = 64
    /// Names need be different, not secret.
    private static let identifiers = NIOLockedValueBox(
        Random(seed: UInt64.random(in: .min ... .max)))

    /// The client's own name for the request, or a new one.
    private static func auditID(_ headers: HTTPHeaders) -> String {
        guard let given = headers.first(name: "audit-id"), !given.isEmpty else {
            return identifiers.withLockedValue { $0.uuid() }
        }
        return String(given.prefix(auditIDBytesMax))
    }

    /// Whether the client lists gzip and does not give it the weight 0 (RFC 9110 §12.5.3).
    private static func acceptsGzip(_ headers: HTTPHeaders) -> Bool {
        headers[canonicalForm: "accept-encoding"].contains { coding in
            let parts = coding.lowercased().split { $0 == ";" || $0 == " " }
            return parts.first == "gzip" && !parts.dropFirst().contains("q=0")
        }
    }

    private static func length(of headers: HTTPHeaders) -> Int {
        headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }
}
