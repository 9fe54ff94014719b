package import Base

/// What a shell must do for ``GossipCore``, in order.
package enum GossipEffect: Equatable, Sendable {
    /// Seal the payload for this machine and send it. Losing it is allowed.
    case send(to: MachineName, address: PeerAddress, payload: [UInt8])
    /// Send this over the authenticated link to that machine, in order with what else goes there.
    /// A link that breaks may lose it; the next exchange finds that out.
    case sendReliably(to: MachineName, payload: [UInt8])
    /// A member appeared (`previous` is nil), changed its status, or changed its address,
    /// tags or certificate. The shell teaches the certificate to its sealer.
    case memberChanged(GossipMember, previous: GossipMember.Status?)
    /// A member that was dead for its retention is unknown from now on, and its name free.
    case memberForgotten(MachineName)
    /// Another live machine, of this record, has this machine's name and had it first. The core
    /// is silent from now on; the shell ends the process with an error.
    case nameConflict(GossipMember)
    /// The table took this row; tombstones mean removal.
    case assignmentChanged(AssignmentEntry)
    /// A `.publish` that the table did not take, and why. `.known` is normal after a restart.
    case publishRefused(AssignmentKey, AssignmentVerdict)
    /// An `.updateTags` that exceeds ``GossipLimits``; the old tags stay.
    case tagsRefused
    /// Bytes of an authenticated peer that are not of this protocol: to be counted.
    case malformed(from: MachineName, DecodeError)
    /// The goodbye is out; the core is silent from now on and the process may end.
    case left
    /// A rare branch was taken; tests and metrics count these.
    case mark(GossipMark)
}

/// Rare branches of ``GossipCore``.
package enum GossipMark: String, Hashable, Sendable, CaseIterable {
    /// This machine contradicted a claim that it is suspect, failed or gone.
    case refuted
    /// The core woke late and gave its timeouts the time back.
    case stallAbsorbed
    /// A `failed` against a member heard a moment ago was taken as a suspicion only.
    case failureDoubted
    /// A failed member spoke up again.
    case returned
    /// A table is at its limit, and something was dropped.
    case overflow
    /// Another machine answers to this machine's name.
    case nameContested
    /// A claim of an expelled machine was ignored.
    case barred
    /// This machine probed a suspect out of turn, as one of its witnesses.
    case witnessed
}
