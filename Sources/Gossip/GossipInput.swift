package import Base

/// A peer to join through: from a join token's answer, or the members remembered on disk.
package struct GossipSeed: Hashable, Sendable {
    package let name: MachineName
    package let address: PeerAddress
    /// What the shell must teach its sealer before a datagram can reach the seed.
    package let certificate: GossipCertificate?

    package init(name: MachineName, address: PeerAddress, certificate: GossipCertificate? = nil) {
        self.name = name
        self.address = address
        self.certificate = certificate
    }
}

/// What happened, for ``GossipCore``.
package enum GossipInput: Hashable, Sendable {
    /// The deadline came. A shell that was late must first hand in the datagrams that wait.
    case wake
    /// An opened datagram; `from` is the name that its seal proves, `address` its source.
    case datagram(from: MachineName, address: PeerAddress, payload: [UInt8])
    /// Ask these peers for membership until one answers. Seeds add up; a seed equal to this
    /// machine is ignored.
    case join(seeds: [GossipSeed])
    /// A new row of the assignment table, from the Store.
    case publish(AssignmentEntry)
    /// New tags of this machine.
    case updateTags([String: String])
    /// A new certificate of this machine, after a rotation of its key.
    case updateCertificate(GossipCertificate)
    /// The cluster removed this machine: it counts as left everywhere, and claims that it lives
    /// are ignored until one comes with a certificate of a higher serial.
    case expel(MachineName)
    /// Say goodbye; `.left` follows within about a quarter of a second.
    case leave
    /// A message of this peer that came over a link between machines, which proves its name.
    case reliable(from: MachineName, payload: [UInt8])
    /// Compare with a random live peer now rather than at the next interval.
    case compare
}
