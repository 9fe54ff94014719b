package import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL

/// What a request is answered by; the daemon's shell implements it.
package protocol HTTPRequestReceiver: Sendable {
    /// Called on the connection's event loop with a complete request. The receiver answers
    /// through the exchange, from any thread, now or later.
    func receive(_ request: HTTPRequest, _ exchange: HTTPExchange)
}

/// A complete request as it came off one connection.
package struct HTTPRequest: Sendable {
    package var head: HTTPRequestHead
    package var body: [UInt8]
    package var connection: ConnectionIdentity

    func header(_ name: String) -> String? { head.headers.first(name: name) }

    var isFromMachine: Bool {
        guard case .certificate(let subject) = connection else { return false }
        return subject.machine != nil
    }

    /// Whether another machine passes the request of a client on.
    var isForwarded: Bool { isFromMachine && ForwardedUser(head.headers) != nil }
}

/// How the client proved who it is, before any header is looked at.
package enum ConnectionIdentity: Sendable, Equatable {
    /// A client certificate of the cluster's authority.
    case certificate(CertificateSubject)
    /// A certificate that proves nothing: of a machine that was removed, of an authority that is
    /// not trusted, expired, or not for clients.
    case refused
    /// TLS without a client certificate.
    case anonymous
    /// The administration socket, which only the machine's root can open.
    case administrator
}

/// Limits against clients that send too much, too slowly or too often.
package struct HTTPLimits: Sendable {
    /// Kubernetes' own limit of a request body.
    package var bodyBytes = 3 * 1024 * 1024
    /// What bodies that are coming in may hold, all connections together.
    package var bodiesBytes = 512 * 1024 * 1024
    /// A client that sends so much of a body that is refused is not listened to any longer.
    package var refusedBytes = 32 * 1024 * 1024
    package var headerBytes = 64 * 1024
    /// Shorter answers are not compressed; Kubernetes' own bound.
    package var gzipBytesMin = 128 * 1024
    /// What may wait in memory for one slow reader before its connection is closed.
    package var outstandingBytes = 8 * 1024 * 1024
    /// How long a connection may sit between requests, or inside one.
    package var readTimeout = TimeAmount.seconds(90)
    package var handshakeTimeout = TimeAmount.seconds(30)
    package var connections = 16_384

    // Of HTTP/2.
    /// Requests at a time on one connection, watches among them; as Kubernetes has it.
    package var streams = 250
    /// What a client may send ahead on one stream, and on all of a connection.
    package var streamWindowBytes = 256 * 1024
    package var connectionWindowBytes = 1024 * 1024
    /// Pings and settings that are answered in a period; a client that sends more is disconnected.
    package var controlFrames = 1_000
    /// Streams that a client may open and reset in a period (CVE-2023-44487). A client that ends
    /// all its watches resets as many.
    package var streamResets = 1_000
    package var controlPeriod = TimeAmount.seconds(30)
    /// A client that says nothing for so long is asked whether it is still there.
    package var pingInterval = TimeAmount.seconds(30)
    package var pingTimeout = TimeAmount.seconds(15)
    /// How long requests may go on after the goodbye (GOAWAY).
    package var goodbyeTimeout = TimeAmount.seconds(2)

    package init() {}
}

/// Accepts connections and turns their bytes into requests; it decides nothing.
package struct HTTPServer: Sendable {
    private let group: any EventLoopGroup
    private let trust: MachineTrust
    private let gauge: ConnectionGauge
    private let pipeline: HTTPPipeline

    package init(
        group: any EventLoopGroup, receiver: any HTTPRequestReceiver, trust: MachineTrust,
        limits: HTTPLimits = HTTPLimits()
    ) {
        self.group = group
        self.trust = trust
        pipeline = HTTPPipeline(receiver: receiver, limits: limits)
        gauge = ConnectionGauge(limit: limits.connections)
    }

    /// Tells every client that this server goes: no connection takes a new request, and what is
    /// under way may end.
    package func sayGoodbye() { gauge.sayGoodbye() }

    /// Serves HTTPS; a client may present a certificate of a trusted authority.
    package func listen(address: String, port: Int) async throws -> any Channel {
        try await bootstrap(identity: nil).bind(host: address, port: port).get()
    }

    /// Serves plain HTTP on a unix socket whose callers are administrators.
    func listen(socket path: String) async throws -> any Channel {
        try await bootstrap(identity: .administrator)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }

    private func bootstrap(identity: ConnectionIdentity?) -> ServerBootstrap {
        let gauge = gauge
        let trust = trust
        let pipeline = pipeline
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard gauge.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let connection = HTTPConnection(channel, trust: trust, identity: identity)
                    guard identity == nil else {
                        return try pipeline.addVersion1(to: channel, connection)
                    }
                    let handlers = channel.pipeline.syncOperations
                    // Certificates are judged with the first request, which is then answered.
                    try handlers.addHandler(
                        NIOSSLServerHandler(
                            context: trust.apiServer,
                            customVerificationCallback: { _, promise in
                                promise.succeed(.certificateVerified)
                            }))
                    try handlers.addHandler(HTTPVersionHandler(pipeline, connection))
                }
            }
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
    }
}

/// The handlers of HTTP/1.1 on one connection, kept so that an upgrade can remove them.
struct HTTPHandlers {
    let encoder = HTTPAnswerEncoder()
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
