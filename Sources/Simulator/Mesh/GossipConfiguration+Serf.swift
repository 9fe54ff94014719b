import Base
package import Gossip

extension GossipConfiguration {
    /// The times of Serf's and memberlist's LAN profile (memberlist, `DefaultLANConfig`), as far
    /// as this core can express them, to compare parameters under one implementation:
    ///
    /// - probe interval 1 s, probe timeout 500 ms, 3 indirect checks;
    /// - suspicion from `4 · max(1, log10 n)` s up to six times that, down with 2 confirmations;
    /// - health multiplier at most 8; gossip each 200 ms to 3 peers; full state each 30 s;
    /// - a failed member is asked each 30 s (Serf's reconnect interval).
    ///
    /// Not the same: retransmissions are `2 · ⌈ln(n + 1)⌉` instead of `4 · ⌈log10(n + 1)⌉`
    /// (within three of it up to n = 1,000); there is no fallback probe over TCP; a verdict
    /// against a member heard of a moment ago is doubted.
    package static var serf: GossipConfiguration {
        var configuration = GossipConfiguration()
        configuration.probeInterval = .seconds(1)
        configuration.probeTimeout = .milliseconds(500)
        configuration.indirectProbes = 3
        configuration.suspicionMin = .seconds(4)
        configuration.suspicionMaxFactor = 6
        configuration.suspicionGrowsFrom = 10
        configuration.witnessFactor = 0
        configuration.probesSuccessor = false
        configuration.suspicionConfirmations = 2
        configuration.healthMultiplierMax = 8
        configuration.gossipInterval = .milliseconds(200)
        configuration.gossipFanout = 3
        configuration.retransmissionFactor = 2
        configuration.exchangeInterval = .seconds(30)
        configuration.reconnectInterval = .seconds(30)
        // memberlist has no notion of a stall of its own process.
        configuration.stallTolerance = .minutes(60)
        return configuration
    }
}
