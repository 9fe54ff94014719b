import Base

/// The state machine behind the log: all documents, their recent history, and the results of
/// recent transactions. Equal log entries make equal states on every voter.
///
/// It is a value. A copy is cheap and stands still, so a Raft snapshot can be encoded from a copy
/// on another thread.
///
/// Invariants, see ``checkInvariants()``:
/// 1. The revision is that of the last change, and every revision has at least one change.
/// 2. A document's `createRevision <= modRevision <= revision`.
/// 3. The history reaches from its compacted revision to the present without a gap.
/// 4. `appliedIndex` only grows.
package struct StoreCore: Sendable {
    package let limits: StoreLimits
    /// What readers need; publish it after each batch of entries.
    package internal(set) var timeline: StoreTimeline
    /// The log index of the last entry applied.
    package internal(set) var appliedIndex: UInt64
    var memory: CommandMemory

    /// An empty Store.
    package init(limits: StoreLimits = StoreLimits()) {
        self.init(
            limits: limits,
            timeline: StoreTimeline(snapshot: Snapshot(), history: History(after: .zero)),
            appliedIndex: 0, memory: CommandMemory())
    }

    init(
        limits: StoreLimits, timeline: StoreTimeline, appliedIndex: UInt64, memory: CommandMemory
    ) {
        self.limits = limits
        self.timeline = timeline
        self.appliedIndex = appliedIndex
        self.memory = memory
    }

    /// The documents now.
    package var snapshot: Snapshot { timeline.snapshot }
    package var revision: Revision { timeline.snapshot.revision }

    /// See ``StoreTimeline/snapshot(at:)``.
    package func snapshot(at revision: Revision) -> Snapshot? { timeline.snapshot(at: revision) }

    /// See ``History/changes(after:in:limit:)``.
    package func changes(after: Revision, in range: KeyRange, limit: Int) -> HistoryRead {
        timeline.changes(after: after, in: range, limit: limit)
    }

    /// Applies the entry at `index`, an encoded ``Transaction``. Malformed bytes are rejected alike
    /// on every voter. Entries come in order, each once; an index that does not grow is our bug.
    package mutating func apply(_ command: [UInt8], index: UInt64) -> Applied {
        skip(index: index)
        guard command.count <= limits.transactionBytesMax else {
            let expected = "at most \(limits.transactionBytesMax) bytes"
            let error = DecodeError(expected: expected, offset: limits.transactionBytesMax)
            return Applied(id: nil, result: .rejected(error), changes: [])
        }
        var reader = ByteReader(command)
        var id: CommandID?
        do {
            let known = try Transaction.readID(&reader)
            id = known
            if let result = memory.recall(known) {
                return Applied(id: known, result: result, changes: [])
            }
            let transaction = try Transaction(id: known, rest: &reader, limits: limits)
            let (result, changes) = apply(transaction)
            memory.remember(known, result, index: index, limits: limits)
            return Applied(id: known, result: result, changes: changes)
        } catch {
            return Applied(id: id, result: .rejected(error), changes: [])
        }
    }

    /// Passes an entry that is not for the Store, such as a new leader's empty one.
    package mutating func skip(index: UInt64) {
        precondition(index > appliedIndex, "entry \(index) comes behind entry \(appliedIndex)")
        appliedIndex = index
    }

    private mutating func apply(_ transaction: Transaction) -> (TransactionResult, [Change]) {
        for precondition in transaction.preconditions where !holds(precondition) {
            return (.conflict(precondition.key), [])
        }
        let hasEffect = transaction.operations.contains { operation in
            if case .delete(let key) = operation { return snapshot[key] != nil }
            return true
        }
        guard hasEffect else { return (.committed(revision), []) }
        timeline.keepCheckpointIfDue()
        let next = Revision(revision.number + 1)
        var changes: [Change] = []
        changes.reserveCapacity(transaction.operations.count)
        for operation in transaction.operations {
            if let change = perform(operation, at: next) { changes.append(change) }
        }
        timeline.snapshot.revision = next
        timeline.history.append(changes, limits: limits)
        timeline.dropOldCheckpoints()
        return (.committed(next), changes)
    }

    private func holds(_ precondition: Precondition) -> Bool {
        switch precondition {
        case .unchanged(let key, let since): snapshot[key]?.modRevision == since
        case .absent(let key): snapshot[key] == nil
        case .present(let key): snapshot[key] != nil
        }
    }

    private mutating func perform(_ operation: Operation, at revision: Revision) -> Change? {
        switch operation {
        case .put(let key, let bytes):
            var document = Document(
                bytes: bytes, createRevision: revision, modRevision: revision)
            let previous = timeline.snapshot.tree.updateValue(forKey: key) { previous in
                if let previous { document.createRevision = previous.createRevision }
                return document
            }
            return Change(revision: revision, key: key, document: document, previous: previous)
        case .delete(let key):
            guard let previous = timeline.snapshot.tree.removeValue(forKey: key) else { return nil }
            return Change(revision: revision, key: key, document: nil, previous: previous)
        }
    }

    /// Stops the process with the number of the invariant that is broken. Visits every document.
    package func checkInvariants() {
        snapshot.tree.checkInvariants()
        precondition(timeline.history.latest == revision, "invariant 1: history and present differ")
        snapshot.tree.forEach { key, document in
            precondition(
                document.createRevision <= document.modRevision
                    && document.modRevision <= revision,
                "invariant 2: \(key)")
            return true
        }
        var last = timeline.history.compacted
        timeline.history.forEach { change in
            precondition(
                change.revision == last || change.revision.number == last.number + 1,
                "invariant 3: \(change.revision) follows \(last)")
            last = change.revision
        }
        precondition(last == revision, "invariant 3: the history ends at \(last)")
    }
}
