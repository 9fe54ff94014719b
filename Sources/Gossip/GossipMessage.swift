package import Base

/// One fact that spreads through the mesh.
package enum Rumor: Hashable, Sendable {
    /// A member's own word: alive, or left when its status says so.
    case member(GossipMember)
    /// `accuser` got no answer from the member.
    case suspect(MachineName, incarnation: UInt64, accuser: MachineName)
    /// The member's suspicion ran out at `accuser`.
    case failed(MachineName, incarnation: UInt64, accuser: MachineName)
    case assignment(AssignmentEntry)
}

/// Digests of a peer's members and assignments, to find what two peers do not share. It goes over
/// a link.
package struct ExchangeOffer: Hashable, Sendable {
    /// The sender's own record, so that a stranger may be answered.
    package var sender: GossipMember
    /// The receiver shall answer with an offer of its own, after what it has and the
    /// sender lacks.
    package var wantsAnswer: Bool
    package var memberDigests: [UInt32]
    package var tableDigests: [UInt32]
}

/// What a datagram says, apart from the rumors that ride along.
package enum GossipMessage: Hashable, Sendable {
    /// Direct probe (SWIM §3.1); answered by an ack with the same sequence.
    case ping(sequence: UInt32)
    /// `knowsSender` is false when the answering peer has no record of whom it answers. `health`
    /// is the answering peer's own local health score.
    case ack(sequence: UInt32, knowsSender: Bool, health: UInt8 = 0)
    /// The relay got no answer from the target in time (Lifeguard IV-A).
    case nack(sequence: UInt32)
    /// Indirect probe: ping the target and pass its ack on.
    case pingRequest(sequence: UInt32, target: MachineName, address: PeerAddress)
    /// Nothing but rumors.
    case gossip
    /// Rumors that come from a comparison of tables rather than from an event, so a `failed`
    /// among them is old news, worth no more than a suspicion. Over a link.
    case state
    case offer(ExchangeOffer)
    /// The sender's own record, from one that is new here: to be answered with an offer.
    case join(GossipMember)
}

/// The plaintext of one datagram.
package struct GossipDatagram: Hashable, Sendable {
    package var message: GossipMessage
    package var rumors: [Rumor]

    package init(_ message: GossipMessage, rumors: [Rumor] = []) {
        self.message = message
        self.rumors = rumors
    }
}
