import Base
import NIOCore
import NIOPosix
import Services

/// Answers DNS queries over UDP and TCP from the cluster's zone and passes the rest on to the
/// upstream servers. Runs on an event loop of its own, so that queries do not wait for the log.
final class DNSServer: Sendable {
    private let eventLoop: any EventLoop
    private let zone: ZoneBox
    private let forwarder: DNSForwarder

    private static let tcpBytesMax = 65_535

    init(eventLoop: any EventLoop, zone: ZoneBox, upstream: [String]) {
        self.eventLoop = eventLoop
        self.zone = zone
        forwarder = DNSForwarder(eventLoop: eventLoop, servers: upstream)
    }

    /// Binds both transports of one address.
    func listen(address: String, port: Int) async throws {
        _ = try await DatagramBootstrap(group: eventLoop)
            .channelOption(.datagramVectorReadMessageCount, value: 16)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 * 2_048))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramResponder(self))
                }
            }
            .bind(host: address, port: port).get()
        let gauge = ConnectionGauge(limit: 256)
        _ = try await ServerBootstrap(group: eventLoop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                guard gauge.admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        IdleStateHandler(readTimeout: .seconds(10)))
                    try pipeline.addHandler(ByteToMessageHandler(DNSStreamDecoder()))
                    try pipeline.addHandler(StreamResponder(self))
                }
            }
            .bind(host: address, port: port).get()
    }

    /// Answers one query; nothing at all for bytes that are no query.
    fileprivate func answer(
        _ bytes: [UInt8], from client: String?, overStream: Bool,
        _ reply: @escaping @Sendable ([UInt8]) -> Void
    ) {
        let query: DNSQuery
        do throws(DecodeError) {
            query = try DNSCodec.decodeQuery(bytes)
        } catch {
            if let response = DNSCodec.formatError(for: bytes) { reply(response) }
            return
        }
        let limit = overStream ? Self.tcpBytesMax : query.payloadBytesMax
        guard query.opcode == 0 else {
            let refusal = DNSAnswer(code: .notImplemented, isAuthoritative: false)
            reply(DNSCodec.encode(refusal, to: query, bytesMax: limit))
            return
        }
        switch zone.zone.resolve(query.question, client: client) {
        case .answer(let answer):
            reply(DNSCodec.encode(answer, to: query, bytesMax: limit))
        case .follow(let aliases, let target):
            guard let question = DNSCodec.encodeQuery(target) else {
                let failure = DNSAnswer(code: .serverFailure, answers: aliases)
                return reply(DNSCodec.encode(failure, to: query, bytesMax: limit))
            }
            forwarder.forward(question) { response in
                let rest = DNSCodec.decodeAnswer(response ?? [])
                let answer = DNSAnswer(code: rest.code, answers: aliases + rest.answers)
                reply(DNSCodec.encode(answer, to: query, bytesMax: limit))
            }
        case .forward:
            forwarder.forward(bytes) { response in
                let failure = DNSAnswer(code: .serverFailure, isAuthoritative: false)
                reply(response ?? DNSCodec.encode(failure, to: query, bytesMax: limit))
            }
        }
    }
}

private final class DatagramResponder: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let server: DNSServer

    init(_ server: DNSServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let channel = context.channel
        let client = envelope.remoteAddress
        let query = Array(envelope.data.readableBytesView)
        server.answer(query, from: client.ipAddress, overStream: false) { response in
            let buffer = channel.allocator.buffer(bytes: response)
            channel.writeAndFlush(
                AddressedEnvelope(remoteAddress: client, data: buffer), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that is gone shows up as an ICMP refusal on the next read.
    }
}

private final class StreamResponder: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let server: DNSServer

    init(_ server: DNSServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        let query = Array(unwrapInboundIn(data).readableBytesView)
        let client = channel.remoteAddress?.ipAddress
        server.answer(query, from: client, overStream: true) { bytes in
            var buffer = channel.allocator.buffer(capacity: bytes.count + 2)
            buffer.writeInteger(UInt16(clamping: bytes.count))
            buffer.writeBytes(bytes)
            channel.writeAndFlush(buffer, promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
