// For checkers: what is remembered, and the bound of each memory.
extension StoreCore {
    /// Each memory of ``StoreLimits`` with its size now and at most. The history is dropped in
    /// whole chunks, and one transaction is never cut in two.
    /// The number of ``revision``, read where the core stands.
    package mutating func revisionNumber() -> UInt64 { timeline.snapshot.revision.number }

    package var queueSizes: [(name: String, size: Int, bound: Int)] {
        [
            (
                "history changes", timeline.history.count,
                limits.historyChangesMax + limits.operationsMax * 2
            ),
            (
                "history bytes", timeline.history.bytes,
                limits.historyBytesMax + 2 * limits.transactionBytesMax
            ),
            ("remembered results", memory.resultCount, limits.resultsMax),
            ("remembered sessions", memory.sessions.count, limits.sessionsMax),
        ]
    }
}
