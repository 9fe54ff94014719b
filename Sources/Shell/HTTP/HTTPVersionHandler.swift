import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOTLS

/// Waits for the end of the TLS handshake and gives the connection the handlers of the version of
/// HTTP that the two sides agreed on. A client that does not finish its handshake is disconnected.
///
/// Confined to its channel's event loop.
final class HTTPVersionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private let pipeline: HTTPPipeline
    private let connection: HTTPConnection
    private var timeout: Scheduled<Void>?
    /// What came in before the handlers of the version were there.
    private var waiting: [NIOAny] = []

    init(_ pipeline: HTTPPipeline, _ connection: HTTPConnection) {
        self.pipeline = pipeline
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timeout = context.eventLoop.scheduleTask(in: pipeline.limits.handshakeTimeout) {
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { waiting.append(data) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let version)? = event as? TLSUserEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        do {
            if version == HTTPPipeline.version2 {
                try pipeline.addVersion2(to: context.channel, connection)
            } else {
                try pipeline.addVersion1(to: context.channel, connection)
            }
            context.fireUserInboundEventTriggered(event)
            for data in waiting { context.fireChannelRead(data) }
            if !waiting.isEmpty { context.fireChannelReadComplete() }
            waiting = []
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The handlers of a connection: those of HTTP/1.1, or those of HTTP/2, under which each stream
/// carries one request.
struct HTTPPipeline: Sendable {
    let receiver: any HTTPRequestReceiver
    let limits: HTTPLimits
    let budget: BodyBudget

    init(receiver: any HTTPRequestReceiver, limits: HTTPLimits) {
        self.receiver = receiver
        self.limits = limits
        budget = BodyBudget(limit: limits.bodiesBytes)
    }

    static let version2 = "h2"
    /// In the order of preference.
    static let versions = [version2, "http/1.1"]

    func addVersion1(to channel: any Channel, _ connection: HTTPConnection) throws {
        let handlers = HTTPHandlers()
        let pipeline = channel.pipeline.syncOperations
        for handler in handlers.all { try pipeline.addHandler(handler) }
        try pipeline.addHandler(
            HTTPExchangeHandler(
                receiver: receiver, limits: limits, connection: connection, budget: budget,
                handlers: handlers))
    }

    /// Upgrades need a connection of their own, so they stay with HTTP/1.1.
    func addVersion2(to channel: any Channel, _ connection: HTTPConnection) throws {
        let manager = NIOHTTP2ServerConnectionManagementHandler(
            eventLoop: channel.eventLoop,
            configuration: .init(
                maxIdleTime: limits.readTimeout, maxAge: nil,
                maxGraceTime: limits.goodbyeTimeout,
                keepalive: .init(
                    pingInterval: limits.pingInterval, ackTimeout: limits.pingTimeout)))
        let shared = NIOLoopBound(connection, eventLoop: channel.eventLoop)
        let pipeline = channel.pipeline.syncOperations
        let (receiver, limits, budget) = (receiver, limits, budget)
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: limits.version2Connection,
            streamConfiguration: limits.version2Stream, streamDelegate: manager.http2StreamDelegate
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let pipeline = stream.pipeline.syncOperations
                try pipeline.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
                try pipeline.addHandler(
                    HTTPExchangeHandler(
                        receiver: receiver, limits: limits, connection: shared.value,
                        budget: budget, handlers: nil))
            }
        }
        try pipeline.addHandler(manager)
    }
}

extension HTTPLimits {
    var version2Connection: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: headerBytes),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindowBytes),
        ]
        configuration.targetWindowSize = connectionWindowBytes
        configuration.controlFrameRateLimit.maximumCount = controlFrames
        configuration.controlFrameRateLimit.windowLength = controlPeriod
        return configuration
    }

    var version2Stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = streamWindowBytes
        configuration.streamResetFrameRateLimit.maximumCount = streamResets
        configuration.streamResetFrameRateLimit.windowLength = controlPeriod
        configuration.streamErrorRateLimit.maximumCount = streamResets
        configuration.streamErrorRateLimit.windowLength = controlPeriod
        return configuration
    }
}
