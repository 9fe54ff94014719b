import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What a request is answered by; the daemon's shell implements it.
protocol HTTPRequestReceiver: Sendable {
    /// Called on the connection's event loop with a complete request. The receiver answers
    /// through the exchange, from any thread, now or later.
    func receive(_ request: HTTPRequest, _ exchange: HTTPExchange)
}

/// A complete request as it came off one connection.
struct HTTPRequest: Sendable {
    var head: HTTPRequestHead
    var body: [UInt8]
    var connection: ConnectionIdentity

    func header(_ name: String) -> String? { head.headers.first(name: name) }

    var isFromMachine: Bool {
        guard case .certificate(let subject) = connection else { return false }
        return subject.machine != nil
    }
}

/// How the client proved who it is, before any header is looked at.
enum ConnectionIdentity: Sendable, Equatable {
    /// A client certificate of the cluster's authority.
    case certificate(CertificateSubject)
    /// A certificate of a machine that was removed, or of an authority that is trusted no more.
    case refused
    /// TLS without a client certificate.
    case anonymous
    /// The administration socket, which only the machine's root can open.
    case administrator
}

/// Limits against clients that send too much, too slowly or too often.
struct HTTPLimits: Sendable {
    /// Kubernetes' own limit of a request body.
    var bodyBytes = 3 * 1024 * 1024
    var headerBytes = 64 * 1024
    /// Shorter answers are not compressed; Kubernetes' own bound.
    var gzipBytesMin = 128 * 1024
    /// What may wait in memory for one slow reader before its connection is closed.
    var outstandingBytes = 8 * 1024 * 1024
    /// How long a connection may sit between requests, or inside one.
    var readTimeout = TimeAmount.seconds(90)
    var connections = 16_384
}

/// Accepts connections and turns their bytes into requests; it decides nothing.
struct HTTPServer {
    let group: any EventLoopGroup
    let receiver: any HTTPRequestReceiver
    let trust: MachineTrust
    var limits = HTTPLimits()

    /// Serves HTTPS; a client may present a certificate of a trusted authority.
    func listen(address: String, port: Int) async throws -> any Channel {
        try await bootstrap(identity: nil).bind(host: address, port: port).get()
    }

    /// Serves plain HTTP on a unix socket whose callers are administrators.
    func listen(socket path: String) async throws -> any Channel {
        try await bootstrap(identity: .administrator)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }

    private func bootstrap(identity: ConnectionIdentity?) -> ServerBootstrap {
        let receiver = receiver
        let limits = limits
        let trust = trust
        let gauge = ConnectionGauge(limit: limits.connections)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard gauge.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if identity == nil {
                        try pipeline.addHandler(NIOSSLServerHandler(context: trust.apiServer))
                    }
                    let handlers = HTTPHandlers()
                    for handler in handlers.all { try pipeline.addHandler(handler) }
                    try pipeline.addHandler(
                        HTTPExchangeHandler(
                            receiver: receiver, limits: limits, identity: identity,
                            trust: trust, handlers: handlers))
                }
            }
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
    }
}

/// The handlers of HTTP/1.1 on one connection, kept so that an upgrade can remove them.
struct HTTPHandlers {
    let encoder = HTTPResponseEncoder()
    let decoder = ByteToMessageHandler(
        HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
    let pipelining = HTTPServerPipelineHandler()
    let errors = HTTPServerProtocolErrorHandler()

    var all: [any ChannelHandler] { [encoder, decoder, pipelining, errors] }

    /// Removes all but the decoder.
    func removalsBeforeDecoder(
        _ pipeline: ChannelPipeline.SynchronousOperations
    ) -> [EventLoopFuture<Void>] {
        [
            pipeline.removeHandler(errors), pipeline.removeHandler(pipelining),
            pipeline.removeHandler(encoder),
        ]
    }
}
