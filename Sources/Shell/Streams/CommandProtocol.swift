import Base
import JSON

/// How the messages of a WebSocket session of exec or attach name their channels: in a first byte,
/// or in a first digit with the rest in Base64, for clients that have text only (`remotecommand`,
/// KEP-4006). The numbers are those of ``RemoteCommandChannel``.
package struct CommandProtocol: Sendable, Equatable {
    package let name: String
    /// Messages are text.
    package let isBase64: Bool
    /// The last message is a `Status`; before version 4 it was a text, and nothing for success.
    let endsWithStatus: Bool
    /// A client can end a channel with `[255, channel]`.
    let closesChannels: Bool

    /// In the order of preference.
    package static let all = [
        CommandProtocol("v5.channel.k8s.io", closesChannels: true),
        CommandProtocol("v4.channel.k8s.io"),
        CommandProtocol("v4.base64.channel.k8s.io", isBase64: true),
        oldest,
        CommandProtocol("base64.channel.k8s.io", isBase64: true, endsWithStatus: false),
    ]

    /// What a client speaks that names none.
    package static let oldest = CommandProtocol("channel.k8s.io", endsWithStatus: false)

    private init(
        _ name: String, isBase64: Bool = false, endsWithStatus: Bool = true,
        closesChannels: Bool = false
    ) {
        self.name = name
        self.isBase64 = isBase64
        self.endsWithStatus = endsWithStatus
        self.closesChannels = closesChannels
    }

    package static func named(_ name: String) -> CommandProtocol {
        all.first { $0.name == name } ?? oldest
    }

    /// What a client's message means.
    package enum Input: Sendable, Equatable {
        case bytes(RemoteCommandChannel, [UInt8])
        case end(RemoteCommandChannel)
    }

    /// Nil for what means nothing.
    package func decode(_ message: [UInt8]) -> Input? {
        guard let first = message.first else { return nil }
        let rest = message.dropFirst()
        if closesChannels, first == 255 {
            return rest.first.flatMap(RemoteCommandChannel.init(rawValue:)).map(Input.end)
        }
        guard isBase64 else {
            return RemoteCommandChannel(rawValue: first).map { .bytes($0, Array(rest)) }
        }
        guard first >= UInt8(ascii: "0"),
            let channel = RemoteCommandChannel(rawValue: first - UInt8(ascii: "0")),
            let bytes = Base64.decode(String(decoding: rest, as: UTF8.self))
        else { return nil }
        return .bytes(channel, bytes)
    }

    /// A message to the client; nil when there is nothing to tell.
    package func encode(_ channel: RemoteCommandChannel, _ bytes: [UInt8]) -> [UInt8]? {
        var bytes = bytes
        if channel == .error, !endsWithStatus {
            guard let status = try? JSON(parsing: bytes), status["status"]?.string == "Failure"
            else { return nil }
            bytes = Array((status["message"]?.string ?? "").utf8)
        }
        guard isBase64 else { return [channel.rawValue] + bytes }
        return [channel.rawValue + UInt8(ascii: "0")] + Array(Base64.encode(bytes).utf8)
    }
}
