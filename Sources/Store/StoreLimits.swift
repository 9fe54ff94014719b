/// The bounds of the Store.
///
/// Those that decide the fate of a transaction (`documentBytesMax` … `sessionsMax`) must be equal
/// on all voters, or their states would part; they change only with a new version of the daemon.
package struct StoreLimits: Sendable, Equatable {
    /// The longest document; the size that etcd accepts in a request by default.
    package var documentBytesMax = 1_572_864
    /// The longest group, resource, namespace or name.
    package var keyPartBytesMax = 1_024
    /// The longest encoded transaction.
    package var transactionBytesMax = 8_388_608
    /// Operations in a transaction, and preconditions too.
    package var operationsMax = 1_024
    /// Results remembered for each start of a daemon. A daemon must not propose sequence `n` before
    /// sequence `n - resultsPerSessionMax` has its answer, or a retry of the latter is refused.
    package var resultsPerSessionMax = 8_192
    /// Results that a session may hold until the oldest are forgotten together, because forgetting
    /// moves all that is kept. A snapshot may hold so many, too.
    var resultsHeldPerSessionMax: Int { resultsPerSessionMax + resultsPerSessionMax / 64 }
    /// Results remembered in all. Over it the session that has been silent longest is forgotten.
    package var resultsMax = 262_144
    /// Daemon starts remembered. Over it the one that has been silent longest is forgotten.
    package var sessionsMax = 4_096
    /// Changes kept for watches and for reads at an older revision; 410 Gone is behind them.
    package var historyChangesMax = 4_096
    /// Bytes of documents that the history keeps, before and after each change.
    package var historyBytesMax = 67_108_864

    package init() {}
}
