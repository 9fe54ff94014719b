import Raft
package import Store

extension SnapshotArchive {
    /// Writes another file, which is not sealed, whose Store is a changed one; the log's term and
    /// members stay.
    package func write(
        to path: String, changing change: (StoreCore) -> StoreCore
    ) throws(ShellError) {
        let store = change(self.store)
        var metadata = self.metadata
        metadata.index = store.appliedIndex
        let writer = try SnapshotWriter(
            creating: path, .plain, metadata: RaftRecord.snapshot(metadata).encoded(),
            savedAt: reader.savedAt)
        do {
            try store.encodeBlocks { try writer.append($0) }
        } catch let error as ShellError {
            throw error
        } catch {
            throw ShellError(.other, "write \(path)", underlying: "\(error)")
        }
        try writer.finish()
    }
}
