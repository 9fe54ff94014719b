package import Base
package import JSON
package import Objects

/// What happened, as ``ControlCore`` sees it.
package enum ControlInput: Sendable {
    /// This machine became the Raft leader and has applied everything that earlier leaders
    /// committed. All objects of the Store, of every type, with their `metadata.resourceVersion`.
    case started([(ObjectKey, JSON)])
    /// This machine no longer leads; nothing is decided until the next `started`.
    case stopped
    /// The calendar time of the inputs that follow.
    case wallTime(WallTime)
    /// Objects after a commit, in the order of their revisions; nil means deleted.
    case changed([(ObjectKey, JSON?)])
    /// What the mesh says of a machine. Told for every machine, whether leading or not.
    case peerStatus(MachineName, PeerStatus)
    /// The certificates of the authorities that Pods must trust, as PEM. Told whether leading
    /// or not.
    case authorities(String)
    /// The answer to a write. Of a delete or bind the document is not used.
    case finished(Ticket, WriteResult)
    /// The deadline has come.
    case wake

    package enum PeerStatus: Sendable, Equatable {
        case alive
        /// Suspected, confirmed and declared dead by the mesh.
        case failed
        /// Left the mesh on purpose.
        case left
    }
}
