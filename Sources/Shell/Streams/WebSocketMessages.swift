package import NIOCore
package import NIOWebSocket

/// Puts the frames of a WebSocket client together to messages (RFC 6455 §5): framing and no policy.
///
///     idle ──first fragment──► inMessage ──last fragment──► idle
///       └─────────close, or a frame that breaks the protocol─────────► closed
package struct WebSocketMessages {
    /// What a frame comes to.
    package enum Outcome: Equatable {
        /// More is needed, or nothing follows.
        case none
        case message([UInt8])
        /// Answer a ping with these bytes.
        case pong(ByteBuffer)
        /// The client says goodbye: say the same, and close.
        case close(ByteBuffer)
        /// Close and say why.
        case refuse(WebSocketErrorCode)
    }

    private enum State { case idle, inMessage, closed }

    private var state = State.idle
    /// What has come of the message under way. Appended to where it stands: a client may send a
    /// message byte by byte.
    private var bytes: [UInt8] = []
    private let bytesMax: Int

    /// - Parameter bytesMax: the longest message, of however many frames.
    package init(bytesMax: Int) { self.bytesMax = bytesMax }

    package mutating func take(_ frame: WebSocketFrame) -> Outcome {
        if case .closed = state { return .none }
        // A client masks what it sends, so that no proxy on the way takes it for something else.
        guard frame.maskKey != nil, frame.reservedBitsAreClear else {
            return refuse(.protocolError)
        }
        switch frame.opcode {
        case .binary, .text:
            guard case .idle = state else { return refuse(.protocolError) }
            return extend(frame)
        case .continuation:
            guard case .inMessage = state else { return refuse(.protocolError) }
            return extend(frame)
        case .ping: return .pong(frame.unmaskedData)
        case .pong: return .none
        case .connectionClose:
            state = .closed
            return .close(frame.unmaskedData)
        default: return refuse(.protocolError)
        }
    }

    private mutating func extend(_ frame: WebSocketFrame) -> Outcome {
        bytes.append(contentsOf: frame.unmaskedData.readableBytesView)
        guard bytes.count <= bytesMax else { return refuse(.messageTooLarge) }
        guard frame.fin else {
            state = .inMessage
            return .none
        }
        state = .idle
        defer { bytes = [] }
        return .message(bytes)
    }

    private mutating func refuse(_ code: WebSocketErrorCode) -> Outcome {
        state = .closed
        bytes = []
        return .refuse(code)
    }
}

extension WebSocketFrame {
    /// No extension was agreed that would use them.
    fileprivate var reservedBitsAreClear: Bool { !rsv1 && !rsv2 && !rsv3 }
}
