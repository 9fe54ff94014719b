import NIOConcurrencyHelpers
import NIOCore

/// Pieces that a client sent, for a task to take. While too many wait, the socket is not read.
final class ByteSource: Sendable {
    let stream: AsyncStream<[UInt8]>
    private let channel: any Channel
    private let input: AsyncStream<[UInt8]>.Continuation
    private let waiting = NIOLockedValueBox(0)
    private let isDiscarding = NIOLockedValueBox(false)

    /// Pieces that may wait; then the socket is not read any further until half are taken.
    private static let waitingMax = 64

    init(channel: any Channel) {
        self.channel = channel
        (stream, input) = AsyncStream.makeStream()
    }

    func give(_ piece: [UInt8]) {
        if isDiscarding.withLockedValue({ $0 }) { return }
        let isFull = waiting.withLockedValue { count in
            count += 1
            return count == Self.waitingMax
        }
        if isFull { channel.setOption(.autoRead, value: false).whenComplete { _ in } }
        input.yield(piece)
    }

    /// The taker says so of each piece.
    func didTake() {
        let isBelow = waiting.withLockedValue { count in
            count -= 1
            return count == Self.waitingMax / 2
        }
        if isBelow { channel.setOption(.autoRead, value: true).whenComplete { _ in } }
    }

    func finish() { input.finish() }

    /// From now on what comes is read and forgotten.
    func discard() {
        isDiscarding.withLockedValue { $0 = true }
        input.finish()
        channel.setOption(.autoRead, value: true).whenComplete { _ in }
    }
}

/// Hands the bare bytes of a connection to a ``ByteSource``.
final class ByteStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let source: ByteSource

    init(source: ByteSource) { self.source = source }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        source.give(Array(unwrapInboundIn(data).readableBytesView))
    }

    func channelInactive(context: ChannelHandlerContext) {
        source.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
