import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One WebSocket connection after its upgrade: whole messages come in, messages go out.
final class WebSocketConnection: Sendable {
    /// Messages of the client, in order; ends when it closes or goes away.
    let source: ByteSource
    let channel: any Channel
    private let isText: Bool

    private static let messageBytesMax = 4 * 1024 * 1024
    /// How a browser, which cannot set headers, sends its bearer token: as a protocol that nobody
    /// chooses.
    static let bearerPrefix = "base64url.bearer.authorization.k8s.io."

    private init(channel: any Channel, isText: Bool) {
        self.isText = isText
        self.channel = channel
        source = ByteSource(channel: channel)
    }

    /// What a client's request for a WebSocket and the server agree on.
    struct Agreement: Sendable {
        /// The protocol to speak.
        let name: String
        /// Whether the client named it, and is told.
        let isNamed: Bool
        let key: String
    }

    /// The first of the protocols that the request's `sec-websocket-protocol` names, or `unnamed`
    /// for one that names none; nil when there is no protocol for it.
    static func agree(
        on request: HTTPRequest, protocols: [String], unnamed: String? = nil
    ) -> Agreement? {
        let offered = request.head.headers[canonicalForm: "sec-websocket-protocol"]
            .map(String.init).filter { !$0.hasPrefix(bearerPrefix) }
        let named = protocols.first(where: offered.contains)
        guard let key = request.header("sec-websocket-key"),
            let name = named ?? (offered.isEmpty ? unnamed : nil)
        else { return nil }
        return Agreement(name: name, isNamed: named != nil, key: key)
    }

    /// Answers 101, and gives the connection. `isText`: messages to the client are text.
    static func upgrade(
        _ exchange: HTTPExchange, by agreement: Agreement, isText: Bool = false
    ) async throws -> WebSocketConnection {
        let accept = Insecure.SHA1.hash(
            data: Data((agreement.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        var headers = [
            ("upgrade", "websocket"),
            ("sec-websocket-accept", Data(accept).base64EncodedString()),
        ]
        if agreement.isNamed { headers.append(("sec-websocket-protocol", agreement.name)) }
        return try await exchange.upgraded(headers: headers) { channel in
            let connection = WebSocketConnection(channel: channel, isText: isText)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(WebSocketFrameEncoder())
            try pipeline.addHandler(
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.messageBytesMax)))
            try pipeline.addHandler(MessageHandler(connection, bytesMax: Self.messageBytesMax))
            return connection
        }
    }

    /// Sends one message; suspends while the client does not read.
    func send(_ message: [UInt8]) async throws {
        let frame = WebSocketFrame(
            fin: true, opcode: isText ? .text : .binary,
            data: channel.allocator.buffer(bytes: message))
        try await channel.writeAndFlush(frame).get()
    }

    /// Says goodbye with code 1000 and closes.
    func close() async {
        var data = channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: .normalClosure)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
        try? await channel.writeAndFlush(frame).get()
        await StreamSession.close(channel, source)
    }
}

/// Hands on the messages of a client, and answers its pings and its goodbye.
private final class MessageHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let connection: WebSocketConnection
    private var messages: WebSocketMessages

    init(_ connection: WebSocketConnection, bytesMax: Int) {
        self.connection = connection
        messages = WebSocketMessages(bytesMax: bytesMax)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch messages.take(unwrapInboundIn(data)) {
        case .none: break
        case .message(let bytes): connection.source.give(bytes)
        case .pong(let bytes): send(.pong, bytes, context)
        case .close(let bytes):
            connection.source.finish()
            send(.connectionClose, bytes, context)
        case .refuse(let code):
            connection.source.finish()
            var bytes = context.channel.allocator.buffer(capacity: 2)
            bytes.write(webSocketErrorCode: code)
            send(.connectionClose, bytes, context)
            context.close(promise: nil)
        }
    }

    private func send(
        _ opcode: WebSocketOpcode, _ bytes: ByteBuffer, _ context: ChannelHandlerContext
    ) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, data: bytes)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.source.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
