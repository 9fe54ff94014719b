import Base
import Dispatch
import NIOConcurrencyHelpers
import Raft
import Store

/// The log and the snapshot of one machine in its data folder, and the threads that write them.
final class LogDirectory: Sendable {
    typealias Completion<Value> = @Sendable (Result<Value, ShellError>) -> Void
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
    /// Used on `queue` only.
    private nonisolated(unsafe) let snapshots: SnapshotFile
    private let listener: NIOLockedValueBox<Listener>
    private let queue = DispatchQueue(label: "podmesh.snapshots")

    private init(
        directory: sending DataDirectory, log: sending WriteAheadLog,
        snapshots: sending SnapshotFile
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
        _ path: String, clusterID: String, voter: MachineName?, keys: StorageKeys
    ) throws(ShellError) {
        let directory = try DataDirectory.open(path, clusterID: clusterID)
        let (log, records) = try WriteAheadLog.open(directory: directory.logPath, keys: keys)
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

    /// Makes the log of a cluster's only machine, whose Store is that of a backup.
    static func create(
        _ path: String, clusterID: String, keys: StorageKeys, restoring store: StoreCore,
        _ metadata: RaftSnapshotMetadata, at now: WallTime
    ) throws(ShellError) {
        let directory = try DataDirectory.open(path, clusterID: clusterID)
        try SnapshotFile(directory: path, keys: keys).save(
            metadata: RaftRecord.snapshot(metadata).encoded(), savedAt: now.seconds
        ) { writer in
            try store.encodeBlocks { try writer.append($0) }
        }
        let (log, _) = try WriteAheadLog.open(directory: directory.logPath, keys: keys)
        let records: [RaftRecord] = [
            .snapshot(metadata), .hardState(RaftHardState(term: metadata.term)),
        ]
        try log.replace(with: records.map { $0.encoded() })
    }

    /// Reads everything back and takes the folder's lock. What another key than the newest sealed,
    /// or none, is written anew.
    static func open(
        _ path: String, clusterID: String, keys: StorageKeys
    ) throws(ShellError) -> Contents {
        let directory = try DataDirectory.open(path, clusterID: clusterID)
        let snapshots = SnapshotFile(directory: path, keys: keys)
        try snapshots.removeLeftovers()
        let (log, records) = try WriteAheadLog.open(
            directory: directory.logPath, mayCreate: false, keys: keys)
        var metadata: RaftSnapshotMetadata?
        var store = StoreCore()
        if let snapshot = try snapshots.open() {
            metadata = try snapshot.raftMetadata()
            store = try snapshot.loadStore()
            try snapshots.reseal()
        }
        do {
            let restored = try RaftRestoredState.replay(records: records, snapshot: metadata)
            return Contents(
                directory: LogDirectory(directory: directory, log: log, snapshots: snapshots),
                restored: restored, store: store)
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

    /// Seals with the newest of these keys from now on, and writes the log and the snapshot anew
    /// with it. After success the older ones open nothing any more.
    func reseal(with keys: StorageKeys, completion: @escaping Completion<Void>) {
        writer.reseal(with: keys) { [self] result in
            if case .failure(let error) = result { return completion(.failure(error)) }
            onQueue(completion) { snapshots throws(ShellError) in
                snapshots.keys = keys
                try snapshots.reseal()
            }
        }
    }

    // MARK: Snapshots

    /// Encodes a Store off the daemon's loop, block by block, and saves it.
    func save(
        _ metadata: RaftSnapshotMetadata, encoding store: StoreCore,
        completion: @escaping Completion<Void>
    ) {
        onQueue(completion) { snapshots throws(ShellError) in
            try snapshots.save(
                metadata: RaftRecord.snapshot(metadata).encoded(), savedAt: WallTime.now.seconds
            ) { writer in
                try store.encodeBlocks { try writer.append($0) }
            }
        }
    }

    /// Puts a piece of the leader's snapshot into the file at the side.
    func write(
        _ bytes: [UInt8], at offset: UInt64, completion: @escaping Completion<Void>
    ) {
        onQueue(completion) { snapshots throws(ShellError) in
            try snapshots.writeIncoming(bytes, at: Int(clamping: offset))
        }
    }

    /// Checks what was received, reads the Store from it, and makes it the newest snapshot.
    func install(
        _ metadata: RaftSnapshotMetadata, completion: @escaping Completion<StoreCore>
    ) {
        onQueue(completion) { snapshots throws(ShellError) in
            let received = try snapshots.finishIncoming()
            guard try received.raftMetadata() == metadata else {
                throw ShellError(
                    .corrupt, "install a snapshot",
                    underlying: "the leader sent another one than it announced")
            }
            let store = try received.loadStore()
            try snapshots.installIncoming()
            return store
        }
    }

    /// Reads a piece of a snapshot for another machine; nil when it is not there any more.
    func readSnapshot(
        _ metadata: RaftSnapshotMetadata, offset: UInt64, countMax: Int,
        completion: @escaping Completion<(bytes: [UInt8], isLast: Bool)?>
    ) {
        onQueue(completion) { snapshots throws(ShellError) in
            try snapshots.read(
                RaftRecord.snapshot(metadata).encoded(), from: Int(clamping: offset),
                countMax: countMax)
        }
    }

    /// Work on snapshots takes turns on a thread of its own, apart from the log's.
    private func onQueue<Value>(
        _ completion: @escaping Completion<Value>,
        _ work: @escaping @Sendable (SnapshotFile) throws(ShellError) -> Value
    ) {
        queue.async { [self] in
            do throws(ShellError) {
                completion(.success(try work(snapshots)))
            } catch {
                completion(.failure(error))
            }
        }
    }
}
