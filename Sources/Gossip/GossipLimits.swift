package import Base

/// Bounds of everything the gossip parts hold, send or accept, each with its answer when reached.
package enum GossipLimits {
    /// Bytes of a sealed datagram, so that it fits any path of the internet unfragmented.
    package static let datagramBytesMax = 1_200
    /// Bytes of a plaintext that a core may send: what is left beside the header and the seal.
    package static let payloadBytesMax = 1_120
    /// Bytes of an encoded assignment entry; a larger one is refused as `.tooLarge`.
    package static let entryBytesMax = 1_000
    /// Keys in the assignment table, tombstones included; further ones are refused as
    /// `.tableFull`.
    package static let tableEntriesMax = 20_000
    /// Groups of keys that the exchange compares by digest.
    package static let tableBuckets = 64
    /// Groups of members that the exchange compares by digest.
    package static let memberGroups = 256
    /// How long a deleted key refuses older entries.
    package static let tombstoneLifetime = Span.minutes(10)

    /// Members known at once, dead ones included; further ones are ignored with a mark.
    package static let membersMax = 16_384
    /// Bytes of a member's encoded tags; more are cut by refusing the update.
    package static let tagBytesMax = 200
    package static let tagsMax = 16
    /// Highest incarnation accepted, far above seconds since 1970 and far below overflow.
    package static let incarnationMax: UInt64 = 1 << 53

    /// Rumors waiting for dissemination; the oldest assignments go first when it is full, and
    /// the exchange delivers them later.
    package static let rumorsMax = 4_096
    /// Rumors in one datagram.
    package static let rumorsPerDatagramMax = 128
    /// Datagrams that one round of gossip sends to one peer.
    package static let gossipBurst = 4
    /// Pings that run on behalf of peers; further requests are dropped.
    package static let relaysMax = 256
    /// Seeds remembered for joining; the rest is ignored.
    package static let seedsMax = 64
    /// Seeds asked in one round; each may answer with all it knows.
    package static let seedsPerRound = 3
    /// Suspects that this machine was chosen to probe out of turn; further ones wait for theirs.
    package static let witnessQueueMax = 16
    /// Bytes of one message over a link between machines; longer ones are refused as malformed.
    package static let linkPayloadBytesMax = 64 << 10
    /// Rumors in one message over a link.
    package static let linkRumorsMax = 4_096
    /// Bytes of state that one side of an exchange sends; the next one goes on where it differs.
    package static let exchangeBytesMax = 8 << 20
    /// A comparison spreads what it brought only while fewer rumors wait: a newcomer that learns
    /// of thousands does not repeat them all.
    package static let comparedRumorsMax = 64
    /// Names barred by `.expel`; the one barred longest ago goes.
    package static let barredMax = 4_096

    /// Bytes of an encoded certificate without the machine's name.
    package static let certificateBytesMax = 160
    /// Peer keys a sealer holds; further certificates are refused.
    package static let peerKeysMax = 4_096
    /// Sessions of one peer key whose replay windows are kept; the least recently used goes.
    package static let sessionsPerKeyMax = 4
    /// Certificates of strangers verified in one second; further ones are dropped unread.
    package static let introductionsPerSecondMax = 128
}
