import Base
import Glibc

/// The newest snapshot of a folder: one file, replaced as a whole. Saving and receiving write to
/// the side, sync, rename and sync the folder, so a crash leaves the old snapshot or the new one,
/// never a part of one. ``SnapshotReader`` tells the format.
///
/// Not `Sendable`: it belongs to one thread.
package final class SnapshotFile {
    private static let name = "snapshot"
    private static let incomingName = "snapshot.incoming"
    /// Transfers that go on reading a snapshot while a newer one takes its place.
    private static let readersMax = 4

    private let directory: String
    private let calls: DiskCalls
    /// What files are sealed with and opened with.
    package var keys: StorageKeys
    private var readers: [SnapshotReader] = []
    private var incoming: (file: SealedFileWriter, size: Int)?

    /// The folder must exist.
    package init(
        directory: String, keys: StorageKeys = .none, calls: DiskCalls = DiskCalls()
    ) {
        self.directory = directory
        self.keys = keys
        self.calls = calls
    }

    package var path: String { "\(directory)/\(Self.name)" }
    private var incomingPath: String { "\(directory)/\(Self.incomingName)" }

    /// The newest snapshot, its bytes not checked yet; nil when none was ever saved.
    package func open() throws(ShellError) -> SnapshotReader? {
        guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
        return try SnapshotReader(opening: path, opener)
    }

    private var opener: KeyEnvelope.Opener { KeyEnvelope.Opener(storage: keys) }

    /// Removes what an interrupted save or transfer left.
    package func removeLeftovers() throws(ShellError) {
        try Folder.remove("\(path).tmp")
        try Folder.remove(incomingPath)
    }

    /// Makes what `write` appends the newest snapshot, durably. When it throws, the one before is
    /// still there.
    package func save(
        metadata: [UInt8], savedAt: Int64,
        _ write: (SnapshotWriter) throws -> Void
    ) throws(ShellError) {
        let writer = try SnapshotWriter(
            creating: "\(path).tmp", .storage(keys), metadata: metadata, savedAt: savedAt,
            calls: calls)
        do {
            try write(writer)
            try writer.finish()
        } catch let error as ShellError {
            throw error
        } catch {
            throw ShellError(.other, "write \(path)", underlying: "\(error)")
        }
        try Folder.rename("\(path).tmp", to: path, calls: calls)
        try Folder.sync(directory, calls: calls)
    }

    /// Writes the newest snapshot anew if it is not sealed with the newest key.
    package func reseal() throws(ShellError) {
        guard let reader = try open(), reader.storageKeyID != keys.current?.id else { return }
        try save(metadata: reader.metadata, savedAt: reader.savedAt) { writer in
            for index in 0..<reader.blockCount { try writer.append(reader.readBlock(index)) }
        }
    }

    // MARK: Sending

    /// A piece of the snapshot with that metadata, as bytes of its file. A transfer's first
    /// piece checks the whole file, so that damage is found where it is, and later pieces come from
    /// the same file even when a newer one has its name. Nil when there is no such snapshot, or it
    /// is damaged.
    package func read(
        _ metadata: [UInt8], from offset: Int, countMax: Int
    ) throws(ShellError) -> (bytes: [UInt8], isLast: Bool)? {
        if offset == 0 { readers.removeAll { $0.metadata == metadata } }
        if !readers.contains(where: { $0.metadata == metadata }) {
            guard let newest = try open(), newest.metadata == metadata else { return nil }
            try newest.verify()
            readers.append(newest)
            if readers.count > Self.readersMax { readers.removeFirst() }
        }
        guard let reader = readers.first(where: { $0.metadata == metadata }) else { return nil }
        let bytes = try reader.readRaw(from: offset, countMax: countMax)
        return (bytes, offset + bytes.count >= reader.size)
    }

    // MARK: Receiving

    /// Puts a piece of another machine's snapshot file behind those before; a first begins anew.
    package func writeIncoming(_ bytes: [UInt8], at offset: Int) throws(ShellError) {
        if offset == 0 {
            incoming = nil
            incoming = (
                try SealedFileWriter(creating: incomingPath, .storage(keys), calls: calls), 0
            )
        }
        guard let (file, size) = incoming, size == offset else {
            throw ShellError(
                .other, "write \(incomingPath)",
                underlying: "a piece for byte \(offset) came after \(incoming?.size ?? 0) bytes")
        }
        do throws(ShellError) {
            try file.write(bytes)
        } catch {
            incoming = nil
            throw error
        }
        incoming = (file, size + bytes.count)
    }

    /// What was received, durable but not in place yet: the caller checks it.
    package func finishIncoming() throws(ShellError) -> SnapshotReader {
        try incoming?.file.finish()
        incoming = nil
        return try SnapshotReader(opening: incomingPath, opener)
    }

    /// Makes what was received and checked the newest snapshot.
    package func installIncoming() throws(ShellError) {
        try Folder.rename(incomingPath, to: path, calls: calls)
        try Folder.sync(directory, calls: calls)
    }
}
