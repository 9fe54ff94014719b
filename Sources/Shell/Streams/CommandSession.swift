import JSON
import Objects

/// One session of exec or attach over a WebSocket.
struct CommandSession: Sendable {
    private let command: RemoteCommand
    private let form: CommandProtocol
    private let socket: WebSocketConnection

    init(_ command: RemoteCommand, _ form: CommandProtocol, _ socket: WebSocketConnection) {
        self.command = command
        self.form = form
        self.socket = socket
    }

    /// Runs until the command has ended, or the client has gone away, which cancels the task.
    func run(in runtime: RuntimeClient) async {
        do {
            try await runtime.remoteCommand(command) { output, input in
                // An empty message tells the client that the session is open.
                try await send(command.stdout ? .stdout : .error, [])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await carryInput(to: input) }
                    while let (channel, bytes) = try await output.next() {
                        try await send(channel, bytes)
                    }
                    group.cancelAll()
                }
            }
        } catch is CancellationError {
        } catch {
            try? await send(.error, StatusError(.internalError, "\(error)").json.bytes)
        }
        await socket.close()
    }

    private func send(_ channel: RemoteCommandChannel, _ bytes: [UInt8]) async throws {
        guard let message = form.encode(channel, bytes) else { return }
        try await socket.send(message)
    }

    private func carryInput(to input: RemoteCommandInput) async {
        for await message in socket.source.stream {
            socket.source.didTake()
            do {
                switch form.decode(message) {
                case .bytes(let channel, let bytes): try await input.write(bytes, to: channel)
                case .end(.stdin): try await input.closeStdin()
                case .end, nil: break
                }
            } catch {
                // The command reads no more; its output and its end are still to come.
                socket.source.discard()
                return
            }
        }
        // A client that said goodbye reads nothing more, and its session ends.
        if !Task.isCancelled { await StreamSession.close(socket.channel, socket.source) }
    }
}
