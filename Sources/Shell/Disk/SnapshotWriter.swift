import Base

/// Writes a snapshot file from its beginning to its end, block by block, see ``SnapshotReader``.
/// Not `Sendable`: it belongs to one thread.
package final class SnapshotWriter {
    /// So many bytes are synced at a time. One sync of everything at the end would hold up those of
    /// the log meanwhile.
    private static let syncBytes = 8_388_608

    private let file: SealedFileWriter
    private var frames = SnapshotFrames()
    private var unsyncedBytes = 0

    /// Makes the file, or empties it, and writes its head.
    package init(
        creating path: String, _ sealing: SealedFileWriter.Sealing, metadata: [UInt8],
        savedAt: Int64, calls: DiskCalls = DiskCalls()
    ) throws(ShellError) {
        file = try SealedFileWriter(creating: path, sealing, calls: calls)
        try write(frames.beginning(metadata: metadata, savedAt: savedAt))
    }

    /// Adds a block of at most ``SnapshotReader/frameBytesMax`` bytes.
    package func append(_ block: [UInt8]) throws(ShellError) { try write(frames.block(block)) }

    /// Writes the end and makes everything durable.
    package func finish() throws(ShellError) {
        try write(frames.end())
        try file.finish()
    }

    private func write(_ bytes: [UInt8]) throws(ShellError) {
        try file.write(bytes)
        unsyncedBytes += bytes.count
        guard unsyncedBytes >= Self.syncBytes else { return }
        try file.syncData()
        unsyncedBytes = 0
    }
}
