import NIOCore

/// What sessions of clients with containers have in common: they end when either side does, and
/// the client gets all that was sent to it.
enum StreamSession {
    private static let lingerTime = TimeAmount.seconds(2)

    /// Does the work, which closes the connection at its end; a client that goes away ends it, also
    /// while the other side is silent.
    static func whileOpen(
        _ channel: any Channel, _ work: @escaping @Sendable () async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await channel.closeFuture.get() }
            group.addTask { await work() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Closes a connection when the client has, or after a while. What it still sends goes nowhere:
    /// a connection that is closed with bytes unread is reset, and the client loses what it has not
    /// read itself.
    static func close(_ channel: any Channel, _ source: ByteSource) async {
        source.discard()
        let deadline = channel.eventLoop.scheduleTask(in: lingerTime) {
            channel.close(promise: nil)
        }
        try? await channel.closeFuture.get()
        deadline.cancel()
    }

    /// Carries bytes both ways until either side ends.
    static func splice(
        _ source: ByteSource, _ reader: inout TunnelReader, _ writer: TunnelWriter,
        _ send: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await bytes in source.stream {
                    source.didTake()
                    try await writer.write(bytes)
                }
            }
            while let bytes = try await reader.next() { try await send(bytes) }
            group.cancelAll()
        }
    }
}
