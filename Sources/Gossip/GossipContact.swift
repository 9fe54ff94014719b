package import Base

/// What this machine learned of a peer by talking to it; kept beside the record, which says what
/// the peer tells of itself.
package struct GossipContact: Hashable, Sendable {
    /// When the last authenticated datagram of the peer itself arrived.
    package var lastHeard: Instant?
    /// From ping to ack, smoothed with a gain of 1/8 as TCP does (RFC 6298 §2.3); of direct
    /// answers only.
    package var roundTrip: Span?
    /// The peer's own local health score as of its last ack: 0 is healthy.
    package var health: Int?
    /// When the peer was last told that it is suspect or failed.
    var toldAt: Instant?

    package init() {}

    mutating func note(roundTrip sample: Span) {
        roundTrip = roundTrip.map { $0 + (sample - $0) / 8 } ?? sample
    }
}
