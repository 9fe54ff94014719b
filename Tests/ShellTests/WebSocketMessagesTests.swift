import NIOCore
import NIOWebSocket
import Shell
import Testing

@Suite struct WebSocketMessagesTests {
    private static func frame(
        _ opcode: WebSocketOpcode, _ bytes: [UInt8] = [], fin: Bool = true, isMasked: Bool = true
    ) -> WebSocketFrame {
        let key = WebSocketMaskingKey([5, 6, 7, 8])
        var data = ByteBuffer(bytes: bytes)
        if let key, isMasked { data.webSocketMask(key) }
        return WebSocketFrame(
            fin: fin, opcode: opcode, maskKey: isMasked ? key : nil, data: data)
    }

    private static func outcomes(
        _ frames: [WebSocketFrame], bytesMax: Int = 8
    ) -> [WebSocketMessages.Outcome] {
        var messages = WebSocketMessages(bytesMax: bytesMax)
        return frames.map { messages.take($0) }
    }

    @Test func `a message comes in one frame or in several, with pings between them`() {
        let outcomes = Self.outcomes([
            Self.frame(.binary, [1, 2]), Self.frame(.text, [3], fin: false),
            Self.frame(.ping, [9]), Self.frame(.continuation, [4], fin: false), Self.frame(.pong),
            Self.frame(.continuation, [5]), Self.frame(.binary),
        ])
        #expect(
            outcomes == [
                .message([1, 2]), .none, .pong(ByteBuffer(bytes: [9])), .none, .none,
                .message([3, 4, 5]), .message([]),
            ])
    }

    @Test func `what breaks the protocol ends the connection, and nothing counts behind it`() {
        let broken: [[WebSocketFrame]] = [
            [Self.frame(.continuation, [1])],
            [Self.frame(.binary, [1], fin: false), Self.frame(.binary, [2])],
            [Self.frame(.binary, [1], isMasked: false)],
            [Self.frame(WebSocketOpcode(encodedWebSocketOpcode: 3) ?? .pong, [1])],
        ]
        for frames in broken {
            let outcomes = Self.outcomes(frames + [Self.frame(.binary, [7])])
            #expect(outcomes.suffix(2) == [.refuse(.protocolError), .none])
        }
    }

    @Test func `a message longer than the bound is refused, of however many frames`() {
        #expect(Self.outcomes([Self.frame(.binary, [UInt8](repeating: 0, count: 8))]).count == 1)
        let nine = Self.outcomes([
            Self.frame(.binary, [UInt8](repeating: 0, count: 8), fin: false),
            Self.frame(.continuation, [0], fin: false),
        ])
        #expect(nine == [.none, .refuse(.messageTooLarge)])
    }

    @Test func `a goodbye is answered once`() {
        let code: [UInt8] = [3, 232]
        let outcomes = Self.outcomes([
            Self.frame(.connectionClose, code), Self.frame(.connectionClose, code),
        ])
        #expect(outcomes == [.close(ByteBuffer(bytes: code)), .none])
    }
}
