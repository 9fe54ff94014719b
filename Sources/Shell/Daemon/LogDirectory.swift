import Base
import Dispatch
import NIOConcurrencyHelpers
import Raft
import Store

/// The log and the snapshot of one machine in its data folder, and the threads that write them.
final class LogDirectory: Sendable {
    typealias Completion = @Sendable (Result<Void, ShellError>) -> Void
    typealias Persisted = @Sendable (RaftPersistence, Result<Void, ShellError>) -> Void

    /// A closure that stands alone in a generic box is wrapped at each access and put back so, one
    /// wrapper more for every write; inside of a value it stays what it is.
    private struct Listener {
        var report: Persisted?
    }

    /// What the folder gives back at a start.
    struct Contents {
        var directory: LogDirectory
        var restored: RaftRestoredState
        var store: StoreCore
    }

    /// Holds the folder's lock as long as this value lives; nothing else is done with it.
    private nonisolated(unsafe) let directory: DataDirectory
    private let writer: DiskWriter
    private let snapshots: SnapshotFile
    private let listener: NIOLockedValueBox<Listener>
    private let queue = DispatchQueue(label: "podmesh.snapshots")

    private init(
        directory: sending DataDirectory, log: sending WriteAheadLog, snapshots: SnapshotFile
    ) {
        let listener = NIOLockedValueBox(Listener())
        self.directory = directory
        self.listener = listener
        self.snapshots = snapshots
        writer = DiskWriter(log: log) { sequence, result in
            let report = listener.withLockedValue { $0.report }
            report?(RaftPersistence(sequence: sequence), result)
        }
    }

    /// Makes the log of a machine that enters a cluster. The cluster's first machine starts as
    /// its only voter; any other waits for the leader to send it the log.
    static func create(
        _ path: String, clusterID: String, voter: MachineName?
    ) throws(ShellError) {
        let directory = try DataDirectory.open(path, clusterID: clusterID)
        let (log, records) = try WriteAheadLog.open(directory: directory.logPath)
        guard records.isEmpty else {
            throw ShellError(
                .wrongOwner, "make a log in \(path)",
                underlying: "the folder has one already; remove it when its data is not needed")
        }
        if let voter {
            log.append(RaftRestoredState.bootstrapRecords(voter: voter).map { $0.encoded() })
            try log.sync()
        }
    }

    /// Reads everything back and takes the folder's lock.
    static func open(_ path: String, clusterID: String) throws(ShellError) -> Contents {
        let directory = try DataDirectory.open(path, clusterID: clusterID)
        let snapshots = SnapshotFile(directory: path)
        let (log, records) = try WriteAheadLog.open(directory: directory.logPath)
        var metadata: RaftSnapshotMetadata?
        var store = StoreCore()
        do {
            if let snapshot = try snapshots.load() {
                guard case .snapshot(let found) = try RaftRecord(decoding: snapshot.metadata)
                else { throw DecodeError(expected: "a snapshot's metadata", offset: 0) }
                metadata = found
                store = try StoreCore(decoding: snapshot.body)
            }
            let restored = try RaftRestoredState.replay(records: records, snapshot: metadata)
            return Contents(
                directory: LogDirectory(directory: directory, log: log, snapshots: snapshots),
                restored: restored, store: store)
        } catch let error as ShellError {
            throw error
        } catch {
            throw ShellError(
                .corrupt, "read the log in \(path)",
                underlying: "\(error). Restore the folder from a copy, or remove it and let the "
                    + "machine join again")
        }
    }

    /// Who is told, on the disk's thread, what has become durable.
    func onPersisted(_ report: @escaping Persisted) {
        listener.withLockedValue { $0.report = report }
    }

    /// Hands records to the disk's thread and returns at once.
    func persist(_ persist: RaftPersist) {
        writer.submit(
            DiskWriter.Batch(
                sequence: persist.persistence.sequence,
                records: persist.records.map { $0.encoded() },
                replacesLog: persist.checkpoint != nil))
    }

    /// Encodes a Store off the daemon's loop and saves it.
    func save(
        _ metadata: RaftSnapshotMetadata, encoding store: StoreCore,
        completion: @escaping Completion
    ) {
        queue.async { [self] in completion(write(metadata, store.encode())) }
    }

    func save(
        _ metadata: RaftSnapshotMetadata, bytes: [UInt8], completion: @escaping Completion
    ) {
        queue.async { [self] in completion(write(metadata, bytes)) }
    }

    /// Reads a piece of the newest snapshot; nil when that is no longer the one asked for.
    func readSnapshot(
        _ metadata: RaftSnapshotMetadata, offset: UInt64, countMax: Int,
        completion: @escaping @Sendable ((bytes: [UInt8], isLast: Bool)?) -> Void
    ) {
        let wanted = RaftRecord.snapshot(metadata).encoded()
        queue.async { [self] in
            guard let offset = Int(exactly: offset),
                let read = try? snapshots.read(from: offset, countMax: countMax),
                read.metadata == wanted
            else { return completion(nil) }
            completion((read.part, offset + read.part.count >= read.bodyLength))
        }
    }

    private func write(
        _ metadata: RaftSnapshotMetadata, _ bytes: [UInt8]
    ) -> Result<Void, ShellError> {
        do throws(ShellError) {
            try snapshots.save(bytes, metadata: RaftRecord.snapshot(metadata).encoded())
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
