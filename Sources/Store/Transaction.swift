package import Base

/// Names one transaction for ever, so that a retry is known as one.
package struct CommandID: Hashable, Sendable, CustomStringConvertible {
    /// The machine whose daemon proposes it.
    package var origin: MachineName
    /// Drawn at random at each start of that daemon.
    package var epoch: UInt64
    /// Counts the daemon's transactions since its start.
    package var sequence: UInt64

    package init(origin: MachineName, epoch: UInt64, sequence: UInt64) {
        self.origin = origin
        self.epoch = epoch
        self.sequence = sequence
    }

    package var description: String { "\(origin)/\(epoch)/\(sequence)" }
}

/// What must hold for a transaction to change anything.
package enum Precondition: Sendable, Equatable {
    /// The document exists and its `modRevision` is `since`.
    case unchanged(Key, since: Revision)
    case absent(Key)
    case present(Key)

    package var key: Key {
        switch self {
        case .unchanged(let key, _), .absent(let key), .present(let key): key
        }
    }
}

/// One write of a transaction.
package enum Operation: Sendable, Equatable {
    /// Makes the document or replaces its bytes.
    case put(Key, [UInt8])
    /// Removes the document; does nothing when there is none.
    case delete(Key)

    package var key: Key {
        switch self {
        case .put(let key, _), .delete(let key): key
        }
    }
}

/// Writes that happen together in one revision, or not at all. A key may be written only once.
package struct Transaction: Sendable, Equatable {
    package var id: CommandID
    package var preconditions: [Precondition]
    package var operations: [Operation]

    package init(id: CommandID, preconditions: [Precondition], operations: [Operation]) {
        self.id = id
        self.preconditions = preconditions
        self.operations = operations
    }
}

/// The fate of a transaction, equal on every voter. A retry of a transaction that had its fate
/// already gets the first result again.
package enum TransactionResult: Sendable, Equatable {
    /// All operations took effect in this revision. When there was nothing to do (no operation, or
    /// only deletions of what is not there) it is the Store's revision then, and no new one.
    case committed(Revision)
    /// The first precondition that did not hold was about this key. Nothing changed.
    indirect case conflict(Key)
    /// The sequence number is so old that its result, if it ever had one, is forgotten. Nothing
    /// changed now; what the first try did is unknown. Later sequence numbers than `through`
    /// are still remembered.
    case duplicate(through: UInt64)
    /// The bytes are no transaction, or exceed a limit. Nothing changed.
    indirect case rejected(DecodeError)
}

/// What applying one log entry did.
package struct Applied: Sendable, Equatable {
    /// Nil when the entry's bytes do not even tell.
    package var id: CommandID?
    package var result: TransactionResult
    /// In the order of the operations; empty for a retry, which changes nothing again.
    package var changes: [Change]

    package init(id: CommandID?, result: TransactionResult, changes: [Change]) {
        self.id = id
        self.result = result
        self.changes = changes
    }
}
