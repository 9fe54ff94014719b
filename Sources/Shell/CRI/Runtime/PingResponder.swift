package import NIOCore

/// Answers the pings of an HTTP/2 server itself, so that nothing behind it sees them.
///
/// A gRPC server in Go measures its connections: it sends a ping with nearly every request that
/// it reads. To swift-nio-http2 more than 200 pings within 30 seconds are an attack, upon which
/// it closes the connection with all requests that are under way. The gRPC library has no
/// setting for this, and the runtime is no stranger: its socket is the machine's own.
final class PingResponder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var sieve = PingSieve()
    private var hasAnswered = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let (passed, pings) = sieve.sift(unwrapInboundIn(data))
        for ping in pings {
            context.write(wrapOutboundOut(PingSieve.answer(to: ping)), promise: nil)
            hasAnswered = true
        }
        for piece in passed { context.fireChannelRead(wrapInboundOut(piece)) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if hasAnswered {
            hasAnswered = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }
}

/// Takes the pings out of a stream of HTTP/2 frames (RFC 9113 §4.1, §6.7). It holds back at most
/// the 16 bytes that do not tell yet whether they are one.
package struct PingSieve {
    private static let headerBytes = 9
    private static let pingBytes = 8
    private static let pingType: UInt8 = 6

    /// How much of the frame under way is still to be passed on.
    private var passing = 0
    private var held = ByteBuffer()

    package init() {}

    /// - Returns: what is no ping, in order, and the eight bytes of each ping.
    package mutating func sift(_ input: ByteBuffer) -> (passed: [ByteBuffer], pings: [ByteBuffer]) {
        var bytes = input
        if held.readableBytes > 0 {
            held.writeImmutableBuffer(input)
            bytes = held
        }
        var passed: [ByteBuffer] = []
        var pings: [ByteBuffer] = []
        func pass(_ start: Int, _ end: Int) {
            guard start < end, let piece = bytes.getSlice(at: start, length: end - start) else {
                return
            }
            passed.append(piece)
        }
        var (start, next) = (bytes.readerIndex, bytes.readerIndex)
        while next < bytes.writerIndex {
            let left = bytes.writerIndex - next
            if passing > 0 {
                let step = min(passing, left)
                passing -= step
                next += step
            } else if let length = Self.lengthOfFrame(at: next, in: bytes) {
                next += Self.headerBytes
                passing = length
            } else if left >= Self.headerBytes + Self.pingBytes,
                let ping = bytes.getSlice(at: next + Self.headerBytes, length: Self.pingBytes)
            {
                pass(start, next)
                pings.append(ping)
                next += Self.headerBytes + Self.pingBytes
                start = next
            } else {
                break
            }
        }
        pass(start, next)
        held = bytes.getSlice(at: next, length: bytes.writerIndex - next) ?? ByteBuffer()
        return (passed, pings)
    }

    package static func answer(to ping: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer(bytes: [0, 0, UInt8(pingBytes), pingType, 1, 0, 0, 0, 0])
        frame.writeImmutableBuffer(ping)
        return frame
    }

    /// How many bytes follow the header of a frame that is to be passed on; nil when it is a ping
    /// to be answered, or when too little is there to tell. A malformed ping is passed on, for
    /// the handlers behind to refuse.
    private static func lengthOfFrame(at index: Int, in bytes: ByteBuffer) -> Int? {
        guard bytes.writerIndex - index >= headerBytes,
            let header = bytes.getInteger(at: index, as: UInt32.self),
            let flags = bytes.getInteger(at: index + 4, as: UInt8.self),
            let stream = bytes.getInteger(at: index + 5, as: UInt32.self)
        else { return nil }
        let length = Int(header >> 8)
        let isPing = header & 0xFF == UInt32(pingType) && flags & 1 == 0
        return isPing && length == pingBytes && stream & 0x7FFF_FFFF == 0 ? nil : length
    }
}
