import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import Shell

/// Serves a ``PretendRuntime`` as gRPC over HTTP/2 on a unix socket.
struct PretendRuntimeServer: Sendable {
    let runtime: PretendRuntime
    private let channel: any Channel

    init(at path: String) async throws {
        let runtime = PretendRuntime()
        self.runtime = runtime
        channel = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                        mode: .server, connectionConfiguration: .init(),
                        streamConfiguration: .init()
                    ) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            let pipeline = stream.pipeline.syncOperations
                            try pipeline.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
                            try pipeline.addHandler(CallHandler(runtime))
                        }
                    }
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
    }

    func close() async throws { try await channel.close() }
}

/// One call: a request's message behind its five bytes of length, then the answer and its status.
private final class CallHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let runtime: PretendRuntime
    private var method = ""
    private var body: [UInt8] = []
    private static let prefixLength = 5

    init(_ runtime: PretendRuntime) { self.runtime = runtime }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): method = head.uri.split(separator: "/").last.map(String.init) ?? ""
        case .body(let buffer):
            body += buffer.readableBytesView
            // The client of a stream of answers may keep its own side open.
            if method == "Subscribe" { listen(context) }
        case .end: if method != "Subscribe" { answer(context) }
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(
            version: .http2, status: .ok, headers: ["content-type": "application/grpc"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        begin(context)
        let request = WireMessage(Array(body.dropFirst(Self.prefixLength)))
        let message = Self.framed(runtime.answer(method, request), context.channel.allocator)
        context.write(wrapOutboundOut(.body(.byteBuffer(message))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(["grpc-status": "0"])), promise: nil)
    }

    private func listen(_ context: ChannelHandlerContext) {
        begin(context)
        context.flush()
        let channel = context.channel
        runtime.subscribe { message in
            let part = HTTPServerResponsePart.body(
                .byteBuffer(Self.framed(message, channel.allocator)))
            channel.writeAndFlush(part, promise: nil)
        }
    }

    private static func framed(
        _ message: WireMessage, _ allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: prefixLength + message.bytes.count)
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(UInt32(message.bytes.count))
        buffer.writeBytes(message.bytes)
        return buffer
    }
}
