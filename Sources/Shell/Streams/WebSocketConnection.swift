import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One WebSocket connection after its upgrade: whole messages come in, messages go out.
final class WebSocketConnection: Sendable {
    /// Messages of the client, in order; ends when it closes or goes away.
    let source: ByteSource
    private let channel: any Channel

    private static let messageBytesMax = 4 * 1024 * 1024

    private init(channel: any Channel) {
        self.channel = channel
        source = ByteSource(channel: channel)
    }

    /// Upgrades a request whose `sec-websocket-protocol` names a protocol that is supported, and
    /// hands on the connection with the protocol; one that names none gets `unnamed`. False when
    /// there is no protocol for it.
    static func upgrade(
        _ request: HTTPRequest, _ exchange: HTTPExchange, protocols: [String],
        unnamed: String? = nil,
        _ start: @escaping @Sendable (WebSocketConnection, _ protocol: String) -> Void
    ) -> Bool {
        let offered = request.head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        let named = protocols.first(where: offered.contains)
        guard let key = request.header("sec-websocket-key"),
            let chosen = named ?? (offered.isEmpty ? unnamed : nil)
        else { return false }
        let accept = Insecure.SHA1.hash(
            data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        var headers = [
            ("upgrade", "websocket"),
            ("sec-websocket-accept", Data(accept).base64EncodedString()),
        ]
        if let named { headers.append(("sec-websocket-protocol", named)) }
        exchange.upgrade(headers: headers) { channel in
            let connection = WebSocketConnection(channel: channel)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(WebSocketFrameEncoder())
            try pipeline.addHandler(
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.messageBytesMax)))
            try pipeline.addHandler(MessageHandler(connection, bytesMax: Self.messageBytesMax))
            start(connection, chosen)
        }
        return true
    }

    /// Sends one binary message; suspends while the client does not read.
    func send(_ message: [UInt8]) async throws {
        let frame = WebSocketFrame(
            fin: true, opcode: .binary, data: channel.allocator.buffer(bytes: message))
        try await channel.writeAndFlush(frame).get()
    }

    /// Says goodbye with code 1000 and closes.
    func close() async {
        var data = channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: .normalClosure)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
        try? await channel.writeAndFlush(frame).get()
        try? await channel.close().get()
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
