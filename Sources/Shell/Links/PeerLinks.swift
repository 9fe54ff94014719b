import Base
import Daemon
import Gossip
package import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// Carries the frames of the replicated log and of the mesh's exchange between machines over
/// mutually authenticated TLS 1.3: an outgoing connection per peer for each, and whatever peers
/// open to this machine.
///
/// Frames may be lost when a connection breaks or its queue is full; Raft repeats what matters, and
/// the next exchange finds what differs. Confined to its event loop.
final class PeerLinks {
    /// `channel` is the link on which the frame came, for what is answered on it.
    typealias Receive = @Sendable (
        _ sender: MachineName, _ frame: [UInt8], _ channel: any Channel
    ) -> Void

    private struct LinkKey: Hashable {
        let peer: MachineName
        let kind: PeerFrame.Kind
    }

    private let eventLoop: any EventLoop
    private let trust: MachineTrust
    private var links: [LinkKey: PeerLink] = [:]
    /// Exchanges go to a random peer each, so a connection for one is seldom used again soon.
    private static let stateIdleMax = TimeAmount.seconds(30)
    /// Links with frames that are written and not sent.
    private var unsent: [PeerLink] = []

    /// Answers that a caller has not read; beyond it the link is closed.
    private static let answersWaterMark = ChannelOptions.Types.WriteBufferWaterMark(
        low: 8 * 1024 * 1024, high: 16 * 1024 * 1024)

    init(eventLoop: any EventLoop, trust: MachineTrust) {
        self.eventLoop = eventLoop
        self.trust = trust
    }

    /// Accepts peers' connections; a certificate that names no machine is hung up on.
    static func listen(
        address: String, port: Int, on eventLoop: any EventLoop, trust: MachineTrust,
        receive: @escaping Receive
    ) async throws {
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: Self.answersWaterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: trust.peerServer))
                    try pipeline.addHandler(ByteToMessageHandler(FrameDecoder()))
                    try pipeline.addHandler(InboundFrameHandler(trust: trust, receive: receive))
                }
            }
        _ = try await bootstrap.bind(host: address, port: port).get()
    }

    /// Sends a frame to the peer at that address with the next ``flush()``, connecting first if
    /// need be.
    func send(
        _ frame: [UInt8], of kind: PeerFrame.Kind = .log, to peer: MachineName,
        at address: PeerAddress
    ) {
        eventLoop.preconditionInEventLoop()
        let key = LinkKey(peer: peer, kind: kind)
        if let link = links[key], link.address == address {
            send(frame, over: link)
            return
        }
        links[key]?.close()
        if kind == .state { closeIdle() }
        let link = PeerLink(
            peer: peer, address: address, eventLoop: eventLoop, trust: trust)
        links[key] = link
        send(frame, over: link)
    }

    private func closeIdle() {
        let oldest = NIODeadline.now() - Self.stateIdleMax
        for (key, link) in links where key.kind == .state && link.usedAt < oldest {
            link.close()
            links[key] = nil
        }
    }

    private func send(_ frame: [UInt8], over link: PeerLink) {
        if !link.isUnsent { unsent.append(link) }
        link.send(frame)
    }

    /// Sends what has gathered on each link.
    func flush() {
        for link in unsent { link.flush() }
        unsent.removeAll(keepingCapacity: true)
    }

    /// Closes the connections to a peer that is gone.
    func disconnect(_ peer: MachineName) {
        for kind in PeerFrame.Kind.allCases {
            links.removeValue(forKey: LinkKey(peer: peer, kind: kind))?.close()
        }
    }
}

/// One outgoing connection and the frames that wait for it. Confined to its event loop.
private final class PeerLink {
    let address: PeerAddress
    private let peer: MachineName
    private let eventLoop: any EventLoop
    private let trust: MachineTrust
    private var channel: (any Channel)?
    private var isConnecting = false
    private var isClosed = false
    private var retryAt = NIODeadline.uptimeNanoseconds(0)
    private var queue: [[UInt8]] = []
    private var queuedBytes = 0
    private var output = ByteBuffer()
    private(set) var isUnsent = false
    private(set) var usedAt = NIODeadline.now()
    /// Bytes handed to the channel that its socket has not taken.
    private var unwrittenBytes = 0

    /// What may wait for a connection, or for its socket; beyond, frames are dropped. Raft bounds
    /// what it has in flight well below this, and so does an exchange.
    private static let queuedBytesMax = 16 * 1024 * 1024
    private static let connectTimeout = TimeAmount.milliseconds(500)
    private static let retryDelay = TimeAmount.milliseconds(100)

    init(peer: MachineName, address: PeerAddress, eventLoop: any EventLoop, trust: MachineTrust) {
        self.peer = peer
        self.address = address
        self.eventLoop = eventLoop
        self.trust = trust
    }

    /// Frames of one turn gather, so that they leave with one write and few TLS records.
    func send(_ frame: [UInt8]) {
        isUnsent = true
        usedAt = .now()
        if let channel, channel.isActive {
            let waiting = unwrittenBytes + output.readableBytes
            if waiting + frame.count <= Self.queuedBytesMax { write(frame) }
            return
        }
        guard queuedBytes + frame.count <= Self.queuedBytesMax else { return }
        queue.append(frame)
        queuedBytes += frame.count
        connect()
    }

    func flush() {
        isUnsent = false
        guard output.readableBytes > 0, let channel else { return }
        let count = output.readableBytes
        unwrittenBytes += count
        let isWritten = eventLoop.makePromise(of: Void.self)
        isWritten.futureResult.assumeIsolated().whenComplete { _ in
            self.unwrittenBytes -= count
        }
        channel.writeAndFlush(output, promise: isWritten)
        output.clear()
    }

    func close() {
        isClosed = true
        channel?.close(promise: nil)
        queue.removeAll()
    }

    private func connect() {
        guard !isConnecting, !isClosed else { return }
        guard NIODeadline.now() >= retryAt else {
            // A peer that cannot be reached is not worth remembering old messages for.
            queue.removeAll()
            queuedBytes = 0
            return
        }
        isConnecting = true
        let trust = trust
        let peer = peer
        ClientBootstrap(group: eventLoop)
            .connectTimeout(Self.connectTimeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let tls = try NIOSSLClientHandler(
                        context: trust.peerClient, serverHostname: nil)
                    try pipeline.addHandler(tls)
                    try pipeline.addHandler(PeerIdentityHandler(expected: peer, trust: trust))
                }
            }
            .connect(host: address.ip, port: Int(address.port))
            .assumeIsolated()
            .whenComplete { self.didConnect($0) }
    }

    private func didConnect(_ result: Result<any Channel, any Error>) {
        isConnecting = false
        guard case .success(let channel) = result, !isClosed else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            retryAt = .now() + Self.retryDelay
            queue.removeAll()
            queuedBytes = 0
            return
        }
        self.channel = channel
        for frame in queue { write(frame) }
        queue.removeAll()
        queuedBytes = 0
        flush()
    }

    private func write(_ frame: [UInt8]) {
        output.writeInteger(UInt32(frame.count))
        output.writeBytes(frame)
    }
}

/// Hangs up when the server's certificate names another machine than the one that was meant.
final class PeerIdentityHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let expected: MachineName
    private let trust: MachineTrust

    init(expected: MachineName, trust: MachineTrust) {
        self.expected = expected
        self.trust = trust
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            let subject = peerSubject(of: context)
            if subject?.machine != expected
                || subject.map({ trust.enter($0, on: context.channel) }) != true
            {
                context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Hands a peer's frames on under the name that its certificate proves.
private final class InboundFrameHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let trust: MachineTrust
    private let receive: PeerLinks.Receive
    private var sender: MachineName?

    init(trust: MachineTrust, receive: @escaping PeerLinks.Receive) {
        self.trust = trust
        self.receive = receive
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if sender == nil, let subject = peerSubject(of: context),
            trust.enter(subject, on: context.channel)
        {
            sender = subject.machine
        }
        guard let sender else {
            context.close(promise: nil)
            return
        }
        receive(sender, Array(unwrapInboundIn(data).readableBytesView), context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

private func peerSubject(of context: ChannelHandlerContext) -> CertificateSubject? {
    let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
    guard let bytes = certificate.flatMap({ try? $0.toDERBytes() }) else { return nil }
    return CertificateSubject(der: bytes)
}

/// Splits the stream into frames: a length of four bytes, big-endian, then that many bytes.
package struct FrameDecoder: ByteToMessageDecoder {
    package typealias InboundOut = ByteBuffer

    /// A frame holds one Raft message: a batch of entries or a chunk of a snapshot.
    static let frameBytesMax = 8 * 1024 * 1024

    struct FrameTooLarge: Error {
        let bytes: UInt32
    }

    package init() {}

    package mutating func decode(
        context: ChannelHandlerContext, buffer: inout ByteBuffer
    ) throws -> DecodingState {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else {
            return .needMoreData
        }
        guard length <= Self.frameBytesMax else { throw FrameTooLarge(bytes: length) }
        guard buffer.readableBytes >= 4 + Int(length) else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: 4)
        if let frame = buffer.readSlice(length: Int(length)) {
            context.fireChannelRead(NIOAny(frame))
        }
        return .continue
    }

    package mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        try decode(context: context, buffer: &buffer)
    }
}
