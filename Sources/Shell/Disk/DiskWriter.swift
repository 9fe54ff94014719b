import Dispatch
import Synchronization

/// The thread that writes the log. Batches that wait while it syncs are made durable together by
/// the next single sync (group commit), and are answered in order.
///
/// After the first failure every batch is answered with that failure, until a new writer is made
/// from a log opened again.
package final class DiskWriter: Sendable {
    /// What one `persist` asks for.
    package struct Batch: Sendable {
        /// Names the batch in its answer.
        package var sequence: UInt64
        package var records: [[UInt8]]
        /// The records are the whole log from now on, and everything before may be deleted.
        package var replacesLog: Bool

        package init(sequence: UInt64, records: [[UInt8]], replacesLog: Bool = false) {
            self.sequence = sequence
            self.records = records
            self.replacesLog = replacesLog
        }
    }

    /// Called on the writer's thread, in the order of submission. After `.success` everything up to
    /// and with that batch is durable.
    package typealias Completion = @Sendable (UInt64, Result<Void, ShellError>) -> Void

    private struct Queue {
        var batches: [Batch] = []
        var bytes = 0
        var isDraining = false
        var failure: ShellError?
    }

    /// The default of `waitingBytesMax`.
    package static let waitingBytesMax = 268_435_456

    private let thread = DispatchQueue(label: "podmesh.disk", qos: .userInitiated)
    private let queue = Mutex(Queue())
    /// Locked only by the writer's thread, so nobody ever waits for it.
    private let log: Mutex<WriteAheadLog>
    private let waitingBytesMax: Int
    private let completed: Completion

    /// Batches over `waitingBytesMax` in all are a failure of the disk: it does not keep up, and
    /// what is refused leaves a hole that nothing may be written behind.
    package init(
        log: sending WriteAheadLog, waitingBytesMax: Int = DiskWriter.waitingBytesMax,
        completed: @escaping Completion
    ) {
        self.log = Mutex(log)
        self.waitingBytesMax = waitingBytesMax
        self.completed = completed
    }

    /// Hands a batch over and returns at once.
    package func submit(_ batch: Batch) {
        let mustStart = queue.withLock { queue in
            for record in batch.records { queue.bytes += record.count }
            if queue.bytes > waitingBytesMax, queue.failure == nil {
                queue.failure = ShellError(
                    .other, "write the log",
                    underlying: "more than \(waitingBytesMax) bytes wait; the device is too slow"
                        + " or hangs. See the kernel log, then start the daemon again.")
            }
            queue.batches.append(batch)
            defer { queue.isDraining = true }
            return !queue.isDraining
        }
        if mustStart { thread.async { self.drain() } }
    }

    /// Seals with the newest of these keys from now on, and writes the whole log anew with it. What
    /// comes meanwhile waits.
    func reseal(
        with keys: StorageKeys, completed: @escaping @Sendable (Result<Void, ShellError>) -> Void
    ) {
        thread.async { [self] in
            let result = log.withLock { log -> Result<Void, ShellError> in
                do throws(ShellError) {
                    return .success(try log.reseal(with: keys))
                } catch {
                    return .failure(error)
                }
            }
            if case .failure(let error) = result {
                queue.withLock { $0.failure = $0.failure ?? error }
            }
            completed(result)
        }
    }

    private func drain() {
        while let (batches, failure) = takeWaiting() {
            let failure = failure ?? write(batches)
            if let failure {
                queue.withLock { $0.failure = failure }
                for batch in batches { completed(batch.sequence, .failure(failure)) }
            } else {
                for batch in batches { completed(batch.sequence, .success(())) }
            }
        }
    }

    private func takeWaiting() -> ([Batch], ShellError?)? {
        queue.withLock { queue in
            guard !queue.batches.isEmpty else {
                queue.isDraining = false
                return nil
            }
            defer {
                queue.batches = []
                queue.bytes = 0
            }
            return (queue.batches, queue.failure)
        }
    }

    /// Everything at once, or nothing is acknowledged. What waits before a batch that replaces the
    /// log is made durable with it, or by being needless.
    private func write(_ batches: [Batch]) -> ShellError? {
        log.withLock { log in
            do throws(ShellError) {
                for batch in batches {
                    if batch.replacesLog {
                        try log.replace(with: batch.records)
                    } else {
                        log.append(batch.records)
                    }
                }
                try log.sync()
                return nil
            } catch {
                return error
            }
        }
    }
}
