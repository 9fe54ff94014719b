import JSON
import NIOCore
import NIOHTTP1

/// Sends requests over one connection, each when the one before is answered.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    struct Request: Sendable {
        var method: HTTPMethod
        var path: String
        var body: [UInt8] = []

        static func get(_ path: String) -> Request { Request(method: .GET, path: path) }
        static func delete(_ path: String) -> Request { Request(method: .DELETE, path: path) }
        static func post(_ path: String, _ body: JSON) -> Request {
            Request(method: .POST, path: path, body: body.bytes)
        }
    }

    struct Answer: Sendable {
        var code: Int
        var body: [UInt8] = []
    }

    private let requests: [Request]
    private let onBytes: (@Sendable ([UInt8]) -> Void)?
    private let onSent: @Sendable (Int) -> Void
    private let promise: EventLoopPromise<[Answer]>?
    private var answers: [Answer] = []
    private var isDone = false

    /// - Parameters:
    ///   - onBytes: takes the bodies piece by piece, which are not kept then.
    ///   - onSent: is told the number of each request before it is sent.
    init(
        _ requests: [Request], onBytes: (@Sendable ([UInt8]) -> Void)? = nil,
        onSent: @escaping @Sendable (Int) -> Void = { _ in },
        promise: EventLoopPromise<[Answer]>? = nil
    ) {
        self.requests = requests
        self.onBytes = onBytes
        self.onSent = onSent
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        send(context)
    }

    private func send(_ context: ChannelHandlerContext) {
        guard answers.count < requests.count else {
            isDone = true
            promise?.succeed(answers)
            return
        }
        onSent(answers.count)
        let request = requests[answers.count]
        var head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path)
        head.headers.add(name: "host", value: "podmesh")
        head.headers.add(name: "accept", value: "application/json")
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: String(request.body.count))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.body.isEmpty {
            let buffer = context.channel.allocator.buffer(bytes: request.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): answers.append(Answer(code: Int(head.status.code)))
        case .body(let buffer):
            if let onBytes {
                onBytes(Array(buffer.readableBytesView))
            } else if !answers.isEmpty {
                answers[answers.count - 1].body += buffer.readableBytesView
            }
        case .end: send(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { promise?.fail(ChannelError.eof) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isDone { promise?.fail(error) }
        isDone = true
        context.close(promise: nil)
    }
}
