/// What readers need of the Store, as one immutable value: the present, the recent past, and the
/// changes between. The shell publishes it after each batch; reading it needs no lock and holds up
/// no writer.
package struct StoreTimeline: Sendable {
    /// A root is kept each time so many changes have been made, so that a read at an older revision
    /// undoes at most about so many.
    private static let checkpointDistance: UInt64 = 512

    package internal(set) var snapshot: Snapshot
    package internal(set) var history: History
    /// Older roots, the oldest first. They share their nodes with each other and the present.
    private var checkpoints: [Snapshot] = []

    init(snapshot: Snapshot, history: History) {
        self.snapshot = snapshot
        self.history = history
    }

    /// The documents as they were at `revision`: nil when the history no longer reaches back to it
    /// (410 Gone) or the Store has not come to it yet.
    package func snapshot(at revision: Revision) -> Snapshot? {
        guard revision <= snapshot.revision, revision >= history.compacted else { return nil }
        var past = checkpoints.first { $0.revision >= revision } ?? snapshot
        let start = past.revision
        history.forEachReversed(after: revision, through: start) { change in
            if let previous = change.previous {
                past.tree.updateValue(previous, forKey: change.key)
            } else {
                past.tree.removeValue(forKey: change.key)
            }
        }
        past.revision = revision
        return past
    }

    /// See ``History/changes(after:in:limit:)``.
    package func changes(after: Revision, in range: KeyRange, limit: Int) -> HistoryRead {
        history.changes(after: after, in: range, limit: limit)
    }

    /// Called before the present is replaced by a new revision.
    mutating func keepCheckpointIfDue() {
        let newest = checkpoints.last?.revision ?? history.compacted
        if snapshot.revision.number >= newest.number + Self.checkpointDistance {
            checkpoints.append(snapshot)
        }
    }

    /// Called after the history was trimmed.
    mutating func dropOldCheckpoints() {
        let kept = checkpoints.firstIndex { $0.revision >= history.compacted } ?? checkpoints.count
        if kept > 0 { checkpoints.removeFirst(kept) }
    }
}
