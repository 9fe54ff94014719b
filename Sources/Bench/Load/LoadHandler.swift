import Base
import NIOCore
import Shell

/// One connection of the load client: each answer leads to the next question of the same client.
/// All questions that one read of the socket leads to leave with one write.
final class LoadHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var wire: any LoadProtocol
    private let meter: LoadMeter
    /// When each client asked.
    private var asked: [Instant]
    private var input = ByteBuffer()
    private var output = ByteBuffer()
    private var answers: [LoadAnswer] = []
    private var context: ChannelHandlerContext?
    private var isStopped = false

    init(wire: any LoadProtocol, clients: Int, meter: LoadMeter) {
        self.wire = wire
        self.meter = meter
        asked = Array(repeating: .zero, count: clients)
        meter.add(self)
    }

    func start() {
        wire.greet(into: &output)
        let now = Instant.now
        for client in asked.indices { ask(client, at: now) }
        flush()
    }

    func stop() { isStopped = true }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        if input.readableBytes == 0 { input = part } else { input.writeBuffer(&part) }
        do throws(BenchError) {
            try wire.take(&input, answers: &answers, into: &output)
        } catch {
            meter.fail(error)
            context.close(promise: nil)
            return
        }
        guard !answers.isEmpty else { return }
        let now = Instant.now
        for answer in answers where asked.indices.contains(answer.client) {
            meter.note(from: asked[answer.client], to: now, isGood: answer.isGood)
            if !isStopped { ask(answer.client, at: now) }
        }
        answers.removeAll(keepingCapacity: true)
    }

    func channelReadComplete(context: ChannelHandlerContext) { flush() }

    func channelInactive(context: ChannelHandlerContext) {
        if !isStopped { meter.fail(BenchError("the server closed a connection")) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isStopped { meter.fail(error) }
        context.close(promise: nil)
    }

    private func ask(_ client: Int, at now: Instant) {
        asked[client] = now
        wire.ask(client: client, into: &output)
    }

    private func flush() {
        guard output.readableBytes > 0, let context else { return }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        output.clear()
    }
}
