package import Store

/// What a program with a machine's certificate asks of the replicated Store, below the Kubernetes
/// API: the shortest road through the log. It arrives on the links between machines.
package enum StoreCall: Sendable, Equatable {
    /// Writes that happen together or not at all: the body of a ``Transaction``, as
    /// ``Transaction/body(_:_:)`` makes it. The daemon gives it an identity, so that it takes
    /// effect once however often it must be proposed.
    case transact([UInt8])
    /// Linearizable: what it finds includes every write acknowledged before it was asked.
    case read(Key)
}

/// The end of a call.
package enum StoreAnswer: Sendable, Equatable {
    /// The transaction took effect in this revision.
    case committed(Revision)
    /// The precondition on this key did not hold; nothing changed.
    case conflict(Key)
    case document([UInt8], modRevision: Revision)
    /// There was no such document in this revision.
    case absent(Revision)
    case refused(StoreRefusal)
}

/// Why a call was not served.
package enum StoreRefusal: UInt8, Sendable, Equatable {
    /// Too many calls wait for the log. Nothing changed; try again later.
    case overloaded = 1
    /// The log did not answer in time. The transaction may still take effect.
    case timedOut = 2
    /// The transaction exceeds a limit. Nothing changed.
    case tooLarge = 3
    /// The transaction cannot be read. Nothing changed.
    case malformed = 4
}
