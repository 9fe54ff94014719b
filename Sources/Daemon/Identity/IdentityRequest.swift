package import Base

/// A change of the cluster's identities that somebody asks for. ``IdentityBook`` answers it with
/// a transaction or an error.
package enum IdentityRequest: Sendable, Equatable {
    /// A newcomer with a good token was certified. `boxes` opens each trusted authority's vault
    /// for it, by the authority's id.
    case admit(MachineName, MachineRecord.Certified, vaultKey: [UInt8], boxes: [String: [UInt8]])
    /// This machine has new certificates.
    case renew(MachineRecord.Certified)
    /// Bar a machine; one that is alive only if `evenIfAlive`.
    case remove(MachineName, evenIfAlive: Bool)
    /// Change to this new authority. The old one stays trusted for `keepOld` after every machine
    /// was to be certified by the new one.
    case rotate(Keyring.Authority, keepOld: Span)
    /// End the change of authorities without waiting for machines that are away or for clients.
    case hurry
    /// This machine trusts and certifies as the keyring of that generation says.
    case acknowledge(UInt64)
    /// The leader takes the next step of a change that is under way, if it is due.
    case advance
}

/// What a decision about identities depends on besides the Store.
package struct IdentityView: Sendable {
    /// The machine that decides.
    package var local: MachineName
    package var wall: WallTime
    package var voters: [MachineName]
    /// The machines that the mesh believes alive, this one included.
    package var live: Set<MachineName>
    /// Every machine that the mesh or the log knows.
    package var known: Set<MachineName>

    package init(
        local: MachineName, wall: WallTime, voters: [MachineName], live: Set<MachineName>,
        known: Set<MachineName>
    ) {
        self.local = local
        self.wall = wall
        self.voters = voters
        self.live = live
        self.known = known
    }
}
