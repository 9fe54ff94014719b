import NIOCore
import NIOHTTP1

/// Writes the answers of HTTP/1.1. What there is of an answer when it is flushed leaves in one
/// piece, so that head and body of most answers share one record of TLS.
///
/// An answer's own headers say how its body ends: `content-length`, or chunks.
///
/// Confined to its channel's event loop.
final class HTTPAnswerEncoder: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = ByteBuffer

    private var output = ByteBuffer()
    private var promise: EventLoopPromise<Void>?
    private var isChunked = false

    /// A longer piece of a body leaves by itself, which spares its copy.
    private static let copiedBytesMax = 16 * 1024

    func handlerRemoved(context: ChannelHandlerContext) {
        promise?.fail(ChannelError.ioOnClosedChannel)
        promise = nil
    }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        self.promise.setOrCascade(to: promise)
        switch unwrapOutboundIn(data) {
        case .head(let head): write(head, context)
        case .body(.byteBuffer(let bytes)): write(bytes, context)
        case .body(.fileRegion): preconditionFailure("no answer is made of a file")
        case .end:
            if isChunked { output.writeStaticString("0\r\n\r\n") }
        }
    }

    func flush(context: ChannelHandlerContext) {
        release(context)
        context.flush()
    }

    private func release(_ context: ChannelHandlerContext) {
        guard output.readableBytes > 0 || promise != nil else { return }
        let (written, promise) = (output, promise)
        (output, self.promise) = (ByteBuffer(), nil)
        context.write(wrapOutboundOut(written), promise: promise)
    }

    private func write(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        isChunked = false
        if output.capacity == 0 { output = context.channel.allocator.buffer(capacity: 1_024) }
        output.writeStaticString("HTTP/1.1 ")
        output.writeString(String(head.status.code))
        output.writeStaticString(" ")
        output.writeString(head.status.reasonPhrase)
        output.writeStaticString("\r\n")
        for (name, value) in head.headers {
            if name.isHeader("transfer-encoding") { isChunked = value == "chunked" }
            output.writeString(name)
            output.writeStaticString(": ")
            output.writeString(Self.oneLine(value))
            output.writeStaticString("\r\n")
        }
        output.writeStaticString("\r\n")
    }

    /// A header cannot hold the end of a line, which would begin another header.
    private static func oneLine(_ value: String) -> String {
        let isOneLine = value.utf8.allSatisfy { $0 != 0x0D && $0 != 0x0A && $0 != 0 }
        guard !isOneLine else { return value }
        let bytes = value.utf8.map { $0 == 0x0D || $0 == 0x0A || $0 == 0 ? 0x20 : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        // An empty chunk would end the body.
        guard bytes.readableBytes > 0 else { return }
        if isChunked {
            output.writeString(String(bytes.readableBytes, radix: 16))
            output.writeStaticString("\r\n")
        }
        if bytes.readableBytes > Self.copiedBytesMax {
            let promise = promise
            self.promise = nil
            release(context)
            context.write(wrapOutboundOut(bytes), promise: promise)
        } else {
            output.writeImmutableBuffer(bytes)
        }
        if isChunked { output.writeStaticString("\r\n") }
    }
}

extension String {
    /// Whether this is the header of a name, which is given in lower case.
    func isHeader(_ name: String) -> Bool {
        utf8.count == name.utf8.count && (self == name || lowercased() == name)
    }
}
