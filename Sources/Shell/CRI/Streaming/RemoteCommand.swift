import GRPCCore
import NIOCore
import NIOConcurrencyHelpers
import SwiftProtobuf

/// A command in a running container (`exec`), or the container's own first process (`attach`).
package struct RemoteCommand: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        case exec(containerID: String, command: [String])
        case attach(containerID: String)
    }

    package var target: Target
    package var stdin: Bool
    package var stdout: Bool
    /// Never with a terminal, which has one output only.
    package var stderr: Bool
    package var tty: Bool

    package init(_ target: Target, stdin: Bool, stdout: Bool, stderr: Bool, tty: Bool) {
        self.target = target
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr && !tty
        self.tty = tty
    }
}

/// The channels of a session. The numbers are those of `v4.channel.k8s.io` and
/// `v5.channel.k8s.io`.
package enum RemoteCommandChannel: UInt8, Sendable, CaseIterable {
    case stdin = 0
    case stdout = 1
    case stderr = 2
    /// At the end one `Status` document: Success, or Failure with the exit code as a cause.
    case error = 3
    /// Documents such as `{"Width":80,"Height":24}`.
    case resize = 4
}

extension RuntimeClient {
    /// Runs a session until `body` returns; what is still running then is cut off.
    ///
    /// `body` reads the outputs in its own task and may write from others at the same time:
    ///
    ///     try await client.remoteCommand(command) { output, input in
    ///         while let (channel, bytes) = try await output.next() { … }
    ///     }
    ///
    /// - Throws: the runtime's error (no such container), or ``StreamingError``.
    package func remoteCommand<Result>(
        _ command: RemoteCommand,
        _ body: (inout RemoteCommandOutput, RemoteCommandInput) async throws -> Result
    ) async throws -> Result {
        let url = try await streamingURL(of: command)
        return try await StreamingConnection.open(url, protocols: ["v4.channel.k8s.io"]) {
            reader, outbound in
            let input = RemoteCommandInput(outbound, channels: command.channels)
            try await input.openStreams()
            var output = RemoteCommandOutput(reader, input)
            return try await body(&output, input)
        }
    }

    /// The address of a new session, good for one connection within a minute.
    package func streamingURL(of command: RemoteCommand) async throws -> String {
        do {
            let options = CallOptions.within(.now + .seconds(30))
            switch command.target {
            case .exec(let id, let arguments):
                return try await runtime.exec(
                    .with {
                        $0.containerID = id
                        $0.cmd = arguments
                        $0.stdin = command.stdin
                        $0.stdout = command.stdout
                        $0.stderr = command.stderr
                        $0.tty = command.tty
                    }, options: options
                ).url
            case .attach(let id):
                return try await runtime.attach(
                    .with {
                        $0.containerID = id
                        $0.stdin = command.stdin
                        $0.stdout = command.stdout
                        $0.stderr = command.stderr
                        $0.tty = command.tty
                    }, options: options
                ).url
            }
        } catch let error as RPCError {
            throw StreamingError(description: error.message)
        }
    }
}

extension RemoteCommand {
    /// In the order in which the server expects the streams.
    var channels: [RemoteCommandChannel] {
        var channels: [RemoteCommandChannel] = [.error]
        if stdin { channels.append(.stdin) }
        if stdout { channels.append(.stdout) }
        if stderr { channels.append(.stderr) }
        if tty { channels.append(.resize) }
        return channels
    }
}

/// The writing side of a session. Writes wait while the command does not read.
package final class RemoteCommandInput: Sendable {
    private struct State {
        var encoder = SPDYEncoder()
        var hasClosedStdin = false
    }

    private static let names: [RemoteCommandChannel: String] = [
        .stdin: "stdin", .stdout: "stdout", .stderr: "stderr", .error: "error",
        .resize: "resize",
    ]
    private static let frameBytes = 32 * 1024

    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let channels: [RemoteCommandChannel]
    private let state = NIOLockedValueBox(State())

    init(_ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, channels: [RemoteCommandChannel]) {
        self.outbound = outbound
        self.channels = channels
    }

    /// Client streams have odd numbers.
    private func stream(of channel: RemoteCommandChannel) -> UInt32? {
        channels.firstIndex(of: channel).map { UInt32($0 * 2 + 1) }
    }

    func channel(of stream: UInt32) -> RemoteCommandChannel? {
        guard stream % 2 == 1, Int(stream / 2) < channels.count else { return nil }
        return channels[Int(stream / 2)]
    }

    func openStreams() async throws {
        for channel in channels {
            guard let stream = stream(of: channel), let name = Self.names[channel] else { continue }
            try await send(.synStream(stream: stream, headers: [("streamtype", name)]))
        }
    }

    /// Bytes for the command's stdin, or a resize document. Ignored on a channel that the
    /// session does not have, and after ``closeStdin()``.
    package func write(_ bytes: [UInt8], to channel: RemoteCommandChannel) async throws {
        guard channel == .stdin || channel == .resize, let stream = stream(of: channel),
            channel != .stdin || !state.withLockedValue({ $0.hasClosedStdin })
        else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.frameBytes))
            rest = rest.dropFirst(Self.frameBytes)
            try await send(.data(stream: stream, bytes: part, isLast: false))
        }
    }

    /// The command reads end-of-file; its output goes on.
    package func closeStdin() async throws {
        guard let stream = stream(of: .stdin) else { return }
        let wasOpen = state.withLockedValue { state in
            defer { state.hasClosedStdin = true }
            return !state.hasClosedStdin
        }
        if wasOpen { try await send(.data(stream: stream, bytes: [], isLast: true)) }
    }

    package func resize(width: UInt16, height: UInt16) async throws {
        let document = #"{"Width":\#(width),"Height":\#(height)}"# + "\n"
        try await write(Array(document.utf8), to: .resize)
    }

    func send(_ frame: SPDYFrame) async throws {
        let bytes = state.withLockedValue { $0.encoder.encode(frame) }
        try await outbound.write(ByteBuffer(bytes: bytes))
    }
}

/// The reading side of a session. While it is not read, the command's output waits.
package struct RemoteCommandOutput {
    private var reader: StreamingReader
    private var decoder = SPDYDecoder()
    private let input: RemoteCommandInput

    init(_ reader: StreamingReader, _ input: RemoteCommandInput) {
        self.reader = reader
        self.input = input
    }

    /// The next bytes of stdout, stderr or the error channel; nil when the session is over.
    package mutating func next() async throws -> (
        channel: RemoteCommandChannel, bytes: [UInt8]
    )? {
        while true {
            guard let frame = try await frame() else { return nil }
            switch frame {
            case .data(let stream, let bytes, _):
                guard !bytes.isEmpty, let channel = input.channel(of: stream) else { continue }
                return (channel, bytes)
            case .ping(let id):
                // Even numbers are the server's; odd ones would be answers to ours.
                if id % 2 == 0 { try await input.send(.ping(id: id)) }
            case .rstStream(let stream, let status):
                if input.channel(of: stream) == .error { return nil }
                guard status == 1 else { continue }
                throw StreamingError(description: "the streaming server broke the protocol")
            case .synStream, .synReply, .goAway, .other:
                continue
            }
        }
    }

    private mutating func frame() async throws -> SPDYFrame? {
        while true {
            do {
                if let frame = try decoder.next() { return frame }
            } catch {
                throw StreamingError(description: "the streaming server sent a malformed frame")
            }
            guard let chunk = try await reader.chunk() else { return nil }
            decoder.feed(chunk.readableBytesView)
        }
    }
}
