import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A client for one request and its complete answer: what the command line and a newcomer need.
struct HTTPClient {
    enum Target {
        case socket(String)
        case tls(host: String, port: Int, context: NIOSSLContext)
    }

    typealias Method = HTTPMethod

    struct Response: Sendable {
        var code: Int
        var body: [UInt8]
    }

    private static let answerBytesMax = 64 * 1024 * 1024

    let target: Target
    var timeout = TimeAmount.seconds(10)

    func request(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> Response {
        let group = NIOSingletons.posixEventLoopGroup
        let promise = group.any().makePromise(of: Response.self)
        let channel: any Channel
        do {
            channel = try await connect(group, promise)
        } catch {
            promise.fail(error)
            throw error
        }
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        head.headers = HTTPHeaders(headers)
        head.headers.replaceOrAdd(name: "host", value: "podmesh")
        head.headers.replaceOrAdd(name: "connection", value: "close")
        head.headers.replaceOrAdd(name: "content-length", value: String(body.count))
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        let buffer = channel.allocator.buffer(bytes: body)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(buffer)), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        let deadline = channel.eventLoop.scheduleTask(in: timeout) {
            promise.fail(ChannelError.connectTimeout(timeout))
        }
        defer {
            deadline.cancel()
            channel.close(promise: nil)
        }
        return try await promise.futureResult.get()
    }

    private func connect(
        _ group: any EventLoopGroup, _ promise: EventLoopPromise<Response>
    ) async throws -> any Channel {
        let target = target
        let bootstrap = ClientBootstrap(group: group).connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if case .tls(_, _, let context) = target {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(
                        ResponseCollector(promise: promise, bytesMax: Self.answerBytesMax))
                }
            }
        switch target {
        case .socket(let path):
            return try await bootstrap.connect(unixDomainSocketPath: path).get()
        case .tls(let host, let port, _):
            return try await bootstrap.connect(host: host, port: port).get()
        }
    }
}

private final class ResponseCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<HTTPClient.Response>
    private let bytesMax: Int
    private var response = HTTPClient.Response(code: 0, body: [])

    struct AnswerTooLarge: Error {}

    init(promise: EventLoopPromise<HTTPClient.Response>, bytesMax: Int) {
        self.promise = promise
        self.bytesMax = bytesMax
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            response.code = Int(head.status.code)
        case .body(let buffer):
            response.body.append(contentsOf: buffer.readableBytesView)
            if response.body.count > bytesMax { promise.fail(AnswerTooLarge()) }
        case .end:
            promise.succeed(response)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}
