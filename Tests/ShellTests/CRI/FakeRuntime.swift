import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A container runtime on a unix socket that answers every request with one message, and does to
/// the connection what real ones do only now and then.
final class FakeRuntime: Sendable {
    enum Manner: Sendable {
        /// Sends a ping before each answer, as gRPC servers in Go do to measure the connection.
        case pinging
        /// Takes requests and never answers.
        case silent
    }

    let path: String
    private let channel: any Channel
    private let accepted: NIOLockedValueBox<Int>

    init(at path: String, message: [UInt8], manner: Manner) async throws {
        self.path = path
        let accepted = NIOLockedValueBox(0)
        self.accepted = accepted
        channel = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .childChannelInitializer { channel in
                accepted.withLockedValue { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        FrameServer(message: message, manner: manner))
                }
            }
            .bind(unixDomainSocketPath: path).get()
    }

    /// How many connections were made so far.
    var connections: Int { accepted.withLockedValue { $0 } }

    func close() async throws { try await channel.close() }
}

/// As much of an HTTP/2 server (RFC 9113) as unary gRPC requests need.
private final class FrameServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let message: [UInt8]
    private let manner: FakeRuntime.Manner
    private var input = ByteBuffer()
    private var hasPreface = false

    init(message: [UInt8], manner: FakeRuntime.Manner) {
        self.message = message
        self.manner = manner
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        input.writeImmutableBuffer(unwrapInboundIn(data))
        if !hasPreface, input.readableBytes >= 24 {
            hasPreface = true
            input.moveReaderIndex(forwardBy: 24)
            write(Self.frame(type: 4, flags: 0, stream: 0), context)
        }
        while hasPreface, let (type, flags, stream) = nextFrame() {
            let endsStream = (type == 0 || type == 1) && flags & 1 == 1
            if type == 4, flags & 1 == 0 {
                write(Self.frame(type: 4, flags: 1, stream: 0), context)
            } else if endsStream, manner == .pinging {
                answer(stream, context)
            }
        }
        context.flush()
    }

    private func nextFrame() -> (type: UInt8, flags: UInt8, stream: UInt32)? {
        guard input.readableBytes >= 9,
            let header = input.getInteger(at: input.readerIndex, as: UInt32.self),
            let flags = input.getInteger(at: input.readerIndex + 4, as: UInt8.self),
            let stream = input.getInteger(at: input.readerIndex + 5, as: UInt32.self),
            input.readableBytes >= 9 + Int(header >> 8)
        else { return nil }
        input.moveReaderIndex(forwardBy: 9 + Int(header >> 8))
        return (UInt8(header & 0xFF), flags, stream)
    }

    private func answer(_ stream: UInt32, _ context: ChannelHandlerContext) {
        write(Self.frame(type: 6, flags: 0, stream: 0, [2, 4, 16, 16, 9, 14, 7, 7]), context)
        // HPACK: :status 200, then literals that name an entry of the table or spell the name.
        let kind = Array("application/grpc".utf8)
        let start: [UInt8] = [0x88, 0x0F, 0x10, UInt8(kind.count)] + kind
        write(Self.frame(type: 1, flags: 4, stream: stream, start), context)
        let body: [UInt8] = [0, 0, 0, 0, UInt8(message.count)] + message
        write(Self.frame(type: 0, flags: 0, stream: stream, body), context)
        let name = Array("grpc-status".utf8)
        let end: [UInt8] = [0, UInt8(name.count)] + name + [1, UInt8(ascii: "0")]
        write(Self.frame(type: 1, flags: 5, stream: stream, end), context)
    }

    private func write(_ frame: [UInt8], _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(ByteBuffer(bytes: frame)), promise: nil)
    }

    private static func frame(
        type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8] = []
    ) -> [UInt8] {
        var frame = ByteBuffer()
        frame.writeInteger(UInt32(payload.count) << 8 | UInt32(type))
        frame.writeInteger(flags)
        frame.writeInteger(stream)
        frame.writeBytes(payload)
        return Array(frame.readableBytesView)
    }
}
