import API
import Base
import JSON
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Services
import Shell

/// Streams whose messages must not depend on how their bytes arrive, and tokens.
extension FuzzDecoder {
    static let dnsStream = FuzzDecoder(
        "dns-stream", "DNS queries over TCP, behind their lengths",
        seeds: {
            let names = ["web.default.svc.cluster.local", "a.example"]
            let queries = names.compactMap { name in
                DNSCodec.encodeQuery(DNSQuestion(name: name, type: .a))
            }
            let framed = queries.map { [0, UInt8($0.count)] + $0 }
            return framed + [framed.flatMap { $0 }, [0, 0, 0, 1, 7], [255, 255, 1]]
        },
        check: { bytes in
            let messages = read(bytes, DNSStreamDecoder()) { Array($0.readableBytesView) }
            let total = messages.whole.reduce(0) { $0 + 2 + $1.count }
            guard total <= bytes.count else { return .broken("\(total) bytes came out") }
            for message in messages.whole { _ = try? DNSCodec.decodeQuery(message) }
            return messages.outcome
        })

    static let webSocket = FuzzDecoder(
        "websocket", "frames of WebSocket clients",
        seeds: { WebSocketSamples.connections },
        check: { bytes in
            let frames = read(
                bytes, WebSocketFrameDecoder(maxFrameSize: WebSocketSamples.bytesMax)
            ) { (frame: WebSocketFrame) in frame }
            let whole = WebSocketSamples.outcomes(of: frames.whole)
            guard
                frames.pieces.map({ WebSocketSamples.outcomes(of: $0) == whole }) ?? true
            else { return .broken("messages depend on how their bytes arrive") }
            var total = 0
            for case .message(let message) in whole {
                guard message.count <= WebSocketSamples.bytesMax else {
                    return .broken("a message of \(message.count) bytes")
                }
                total += message.count
            }
            guard total <= bytes.count else { return .broken("\(total) bytes came out") }
            return whole.isEmpty ? .refused : .accepted
        })

    /// - Parameter decoder: makes a new one for each stream; some are classes that keep their
    ///   place.
    private static func read<Decoder: ByteToMessageDecoder, Message>(
        _ bytes: [UInt8], _ decoder: @autoclosure () -> Decoder,
        _ message: (Decoder.InboundOut) -> Message
    ) -> Arrivals<Message> {
        let isLong = bytes.count > 1_024
        return Arrivals(
            whole: messages(of: [bytes], decoder(), message),
            pieces: isLong ? nil : messages(of: bytes.map { [$0] }, decoder(), message))
    }

    private static func messages<Decoder: ByteToMessageDecoder, Message>(
        of pieces: [[UInt8]], _ decoder: Decoder, _ message: (Decoder.InboundOut) -> Message
    ) -> [Message] {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(decoder))
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        for piece in pieces
        where (try? channel.writeInbound(ByteBuffer(bytes: piece))) == nil { break }
        var found: [Message] = []
        while let next = try? channel.readInbound(as: Decoder.InboundOut.self) {
            found.append(message(next))
        }
        return found
    }

    /// Claims of service account tokens: what is signed is verified, and whom it stands for.
    static let claims = FuzzDecoder(
        "claims", "tokens of service accounts and their claims", isText: true,
        tokens: [
            "\"iss\":", "\"sub\":", "\"aud\":", "\"exp\":", "\"nbf\":", "\"kubernetes.io\":",
            "\"uid\":", "{", "}", "[", "]", ",", ".", "null", "-1", "9223372036854775807", "1e308",
            "\"pod\":",
            "system:serviceaccount:default:robot", "https://kubernetes.default.svc.cluster.local",
        ],
        seeds: {
            let account = #"{"name":"robot","uid":"\#(RequestSamples.accountUID)"}"#
            let claims =
                #"{"iss":"https://kubernetes.default.svc.cluster.local","#
                + #""sub":"system:serviceaccount:default:robot","exp":1795241200,"nbf":1,"#
                + #""aud":["https://kubernetes.default.svc.cluster.local"],"jti":"j","#
                + #""kubernetes.io":{"namespace":"default","serviceaccount":\#(account)}}"#
            return [claims, "{}", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "..", "a.b.c"].map {
                Array($0.utf8)
            }
        },
        check: { bytes in
            guard let issuer else { return .broken("there is no issuer") }
            if let text = String(validating: bytes, as: UTF8.self), issuer.verify(text) != nil {
                return .broken("a token that nobody signed is good")
            }
            guard let token = try? issuer.sign(claims: bytes) else { return .refused }
            // Longer ones than anybody is given are not looked at.
            guard token.utf8.count > 16_384 || issuer.verify(token) == bytes else {
                return .broken("other claims are verified than were signed")
            }
            return RequestSamples.outcome(
                of: APIRequest(
                    .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                    contentType: "application/json", body: Array("{}".utf8),
                    credential: .token(claims: bytes)))
        })

    private static let issuer = try? ServiceAccountTokens(
        privateKeyPEM: ServiceAccountTokens.makeKeyPEM())
}

/// What came out of a stream that arrived at once, and of one that arrived byte by byte; the
/// latter nil for long ones.
private struct Arrivals<Message> {
    var whole: [Message]
    var pieces: [Message]?
}

extension Arrivals where Message: Equatable {
    fileprivate var outcome: FuzzDecoder.Outcome {
        guard pieces.map({ $0 == whole }) ?? true else {
            return .broken("messages depend on how their bytes arrive")
        }
        return whole.isEmpty ? .refused : .accepted
    }
}

private enum WebSocketSamples {
    static let bytesMax = 4_096

    static func outcomes(of frames: [WebSocketFrame]) -> [WebSocketMessages.Outcome] {
        var messages = WebSocketMessages(bytesMax: bytesMax)
        return frames.map { messages.take($0) }
    }

    /// A message in one frame, one in three with a ping between them, and a goodbye.
    static let connections: [[UInt8]] = [
        frame(.binary, [0, 1, 2]) + frame(.connectionClose, [3, 232]),
        frame(.text, [65], fin: false) + frame(.ping, [9]) + frame(.continuation, [66], fin: false)
            + frame(.continuation, [67]),
        frame(.binary, [UInt8](repeating: 7, count: 200)), frame(.continuation, [1]),
    ]

    /// As a client sends it, masked (RFC 6455 §5.2).
    private static func frame(
        _ opcode: WebSocketOpcode, _ bytes: [UInt8], fin: Bool = true
    ) -> [UInt8] {
        let key: [UInt8] = [1, 2, 3, 4]
        let codes: [WebSocketOpcode: UInt8] = [
            .continuation: 0, .text: 1, .binary: 2, .connectionClose: 8, .ping: 9, .pong: 10,
        ]
        let length: [UInt8] =
            bytes.count < 126
            ? [0x80 | UInt8(bytes.count)]
            : [0x80 | 126, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)]
        return [(fin ? 0x80 : 0) | (codes[opcode] ?? 0)] + length + key
            + bytes.enumerated().map { $1 ^ key[$0 % 4] }
    }
}
