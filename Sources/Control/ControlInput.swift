package import Base
package import Objects

/// What happened, as ``ControlCore`` sees it.
package enum ControlInput: Sendable {
    /// This machine became the Raft leader and has applied everything that earlier leaders
    /// committed. What the Store holds is told in parts; commits meanwhile are told as changes.
    case started
    /// More of what the Store holds.
    case loaded([(ObjectKey, StoredObject)])
    /// Everything is told: decisions begin.
    case synced
    /// This machine no longer leads; nothing is decided until the next `synced`.
    case stopped
    /// The calendar time of the inputs that follow.
    case wallTime(WallTime)
    /// Objects after a commit, in the order of their revisions; nil means deleted.
    case changed([(ObjectKey, StoredObject?)])
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
