/// What a sealer did with datagrams, for metrics. Everything but `opened` and `introduced`
/// was dropped without an answer.
package struct SealerCounters: Hashable, Sendable {
    package var sealed: UInt64 = 0
    package var opened: UInt64 = 0
    /// Bytes of every datagram that arrived, whatever became of it.
    package var receivedBytes: UInt64 = 0
    /// Certificates of strangers that were verified and learned.
    package var introduced: UInt64 = 0
    /// Nothing sent, because no valid key of the recipient is known.
    package var unknownRecipient: UInt64 = 0
    /// A payload too large for a datagram.
    package var oversized: UInt64 = 0
    /// Not the shape of a datagram of this protocol, or of another version.
    package var malformed: UInt64 = 0
    /// Sealed for a key that is not this machine's.
    package var misdirected: UInt64 = 0
    /// From a key that no certificate is known for; a removed machine's, too.
    package var unknownSender: UInt64 = 0
    /// A certificate of another authority, tampered with, expired, superseded or revoked.
    package var badCertificate: UInt64 = 0
    /// The tag does not fit: tampered with, or sealed with another key.
    package var forged: UInt64 = 0
    /// Arrived before, or too late to tell.
    package var replayed: UInt64 = 0
    /// Introductions beyond ``GossipLimits/introductionsPerSecondMax``.
    package var flooded: UInt64 = 0

    package init() {}

    /// Datagrams received and dropped.
    package var dropped: UInt64 {
        malformed + misdirected + unknownSender + badCertificate + forged + replayed + flooded
    }
}

/// Datagrams between this machine and one peer since this machine's start, with the bytes of
/// their sealed form. Of what arrives only what opened counts: the rest proves no sender.
package struct PeerTraffic: Hashable, Sendable {
    package private(set) var datagramsIn: UInt64 = 0
    package private(set) var bytesIn: UInt64 = 0
    package private(set) var datagramsOut: UInt64 = 0
    package private(set) var bytesOut: UInt64 = 0

    package init() {}

    mutating func sent(_ datagrams: [[UInt8]]) {
        datagramsOut += UInt64(datagrams.count)
        bytesOut += UInt64(datagrams.reduce(0) { $0 + $1.count })
    }

    mutating func received(_ datagram: [UInt8]) {
        datagramsIn += 1
        bytesIn += UInt64(datagram.count)
    }
}
