import API
import Base
import Dispatch
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Objects
import Raft
import Store

/// Sends the Store as a snapshot file to `podmesh snapshot save`, block by block on a thread of its
/// own. What it sends is the Store at one revision, however long the client takes; writes go on.
final class SnapshotExport: Sendable {
    /// Bytes that may wait for the client; then the encoding pauses.
    private static let waitingBytesMax = 4 * 1_024 * 1_024
    /// After so long without taking anything the client is given up.
    private static let patience = Span.seconds(60)
    private static let pauseMicroseconds: UInt32 = 1_000

    private let isBusy = NIOLockedValueBox(false)
    private let queue = DispatchQueue(label: "podmesh.export")

    private struct ClientIsGone: Error {}

    /// Answers the exchange; 429 while another client is served.
    func send(
        _ store: StoreCore, _ metadata: RaftSnapshotMetadata, to exchange: HTTPExchange
    ) {
        let mayBegin = isBusy.withLockedValue { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard mayBegin else {
            exchange.respond(
                .status(
                    StatusError(
                        .tooManyRequests, "another snapshot is being saved from this machine",
                        retryAfterSeconds: 5)))
            return
        }
        let isGone = NIOLockedValueBox(false)
        exchange.onClose { isGone.withLockedValue { $0 = true } }
        queue.async { [self] in
            defer { isBusy.withLockedValue { $0 = false } }
            exchange.beginStream(
                code: 200,
                headers: [
                    ("content-type", "application/octet-stream"),
                    ("x-podmesh-objects", String(store.snapshot.count)),
                ])
            do {
                var frames = SnapshotFrames()
                exchange.write(
                    frames.beginning(
                        metadata: RaftRecord.snapshot(metadata).encoded(),
                        savedAt: WallTime.now.seconds))
                try store.encodeBlocks { block in
                    try Self.waitForRoom(exchange, isGone)
                    exchange.write(frames.block(block))
                }
                exchange.write(frames.end())
                exchange.endStream()
            } catch {
                // The client is gone, or sees a file without its end.
                exchange.channel.close(promise: nil)
            }
        }
    }

    private static func waitForRoom(
        _ exchange: HTTPExchange, _ isGone: NIOLockedValueBox<Bool>
    ) throws {
        let deadline = Instant.now + patience
        while exchange.outstandingBytes > waitingBytesMax {
            guard !isGone.withLockedValue({ $0 }), Instant.now < deadline else {
                throw ClientIsGone()
            }
            usleep(pauseMicroseconds)
        }
    }
}
