package import API
package import Base
package import Control
package import Gossip
package import Kubelet
package import Raft
package import Services
package import Store

/// What one machine's cores are configured with.
package struct DaemonConfiguration: Sendable {
    package var name: MachineName
    package var address: String
    package var apiPort: UInt16
    package var meshPort: UInt16
    package var raftPort: UInt16
    /// How many machines vote, as far as there are enough; an odd number.
    package var votersWanted: Int
    /// Drawn at random at each start; it tells this run's transactions from earlier ones.
    package var epoch: UInt64
    /// What the mesh knows this machine by; nil where datagrams are not sealed.
    package var certificate: GossipCertificate?
    package var gossip: GossipConfiguration
    package var raft: RaftConfiguration
    package var api: APIConfiguration
    package var control: ControlConfiguration
    package var kubelet: KubeletConfiguration
    package var proxy: ServiceProxy.Configuration
    package var clusterDomain: String
    package var limits = DaemonLimits()

    package init(
        name: MachineName, address: String, apiPort: UInt16, meshPort: UInt16, raftPort: UInt16,
        votersWanted: Int, epoch: UInt64, certificate: GossipCertificate?,
        gossip: GossipConfiguration, raft: RaftConfiguration, api: APIConfiguration,
        control: ControlConfiguration, kubelet: KubeletConfiguration,
        proxy: ServiceProxy.Configuration, clusterDomain: String
    ) {
        self.name = name
        self.address = address
        self.apiPort = apiPort
        self.meshPort = meshPort
        self.raftPort = raftPort
        self.votersWanted = votersWanted
        self.epoch = epoch
        self.certificate = certificate
        self.gossip = gossip
        self.raft = raft
        self.api = api
        self.control = control
        self.kubelet = kubelet
        self.proxy = proxy
        self.clusterDomain = clusterDomain
    }
}

/// The bounds of one daemon, with the answer when each is reached.
package struct DaemonLimits: Sendable, Equatable {
    /// Requests and writes that wait for the log; beyond it clients get 429.
    package var pendingMax = 4_096
    /// Bytes of the requests among them; beyond it clients get 429.
    package var pendingBytesMax = 128 * 1_024 * 1_024
    /// Open watches; beyond it clients get 429.
    package var watchesMax = 20_000
    /// How long a client's request may wait for the log before it gets 504.
    package var requestTimeout = Span.seconds(30)
    /// How long a controller's or kubelet's write may wait before it is told to retry.
    package var writeTimeout = Span.seconds(10)
    /// After this a command that was not seen in the log is proposed again; the Store knows a
    /// repetition by its identifier.
    package var proposalRepeat = Span.milliseconds(700)
    /// How long a read waits for a revision that the client saw elsewhere.
    package var revisionWait = Span.seconds(3)
    /// The pause after a refusal such as `noLeader`.
    package var retryPause = Span.milliseconds(30)
    /// How often a verb is evaluated again after a conflict, as often as Kubernetes tries a patch.
    package var evaluationsMax = 6
    /// How often a watch that asked for them gets a bookmark.
    package var bookmarkInterval = Span.seconds(60)
    /// The pause between changes of the Raft membership.
    package var membershipPause = Span.milliseconds(50)
    /// How long a voter must have failed before a healthy machine takes its place.
    package var voterReplacementDelay = Span.seconds(30)
    /// A machine that has a Node and that the mesh has not mentioned so long after this
    /// machine began to lead counts as failed.
    package var unheardAfter = Span.seconds(5)
    /// Documents that new controllers are told of in one step.
    package var controlLoadMax = 256
    /// Turns of the loop between sibling cores in one step; more means a loop without end.
    package var turnsMax = 10_000

    package init() {}
}
