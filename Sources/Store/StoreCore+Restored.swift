extension StoreCore {
    /// How far revisions go ahead when a Store is restored from a backup: more than any cluster
    /// makes between a backup and its loss, as etcd's documentation advises (`--bump-revision`).
    package static let revisionsSkippedByRestore: UInt64 = 1_000_000_000

    /// The same documents as the beginning of a new history, for a cluster that is made from a
    /// backup. Its revision is higher than any that a client can have seen after the backup, and
    /// nothing before it is remembered: a watch or a list that goes on from an older revision is
    /// told that it expired (410 Gone), and its client lists again. Documents keep the revisions
    /// that wrote them, so what a client holds of an object that the backup has not changed since
    /// is still good for a write.
    ///
    /// - Parameter index: The log index that the documents now stand for.
    package func restored(at index: UInt64) -> StoreCore {
        var snapshot = snapshot
        let (number, isOver) = snapshot.revision.number.addingReportingOverflow(
            Self.revisionsSkippedByRestore)
        if !isOver { snapshot.revision = Revision(number) }
        return StoreCore(
            limits: limits,
            timeline: StoreTimeline(
                snapshot: snapshot, history: History(after: snapshot.revision)),
            appliedIndex: index, memory: memory)
    }
}
