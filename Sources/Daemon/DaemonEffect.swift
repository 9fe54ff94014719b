package import API
package import Base
package import Gossip
package import Kubelet
package import Objects
package import Raft
package import Store

/// What the shell must do for one machine, in order.
package enum DaemonEffect: Sendable {
    // The mesh.
    case sendDatagram(to: MachineName, address: PeerAddress, payload: [UInt8])
    /// A message of the mesh's exchange, over the link to that machine.
    case sendState(to: MachineName, address: PeerAddress, payload: [UInt8])
    /// A member appeared or changed: teach its certificate to the sealer, remember it on disk.
    case memberChanged(GossipMember)
    /// A member was dead for so long that nothing of it is kept any more.
    case memberForgotten(MachineName)
    /// Another live machine had this machine's name first: end the process with an error.
    case nameConflict(GossipMember)
    /// The goodbye is out; the process may end.
    case left

    // Identities.
    /// The answer to `.identity`: done, or why not.
    case identityAnswered(Ticket, StatusError?)
    /// ``DaemonCore/identities`` changed: trust and bar whom it says from now on.
    case trustChanged
    /// Make this machine new keys, have them certified by `.identity(.renew)`, put them into use
    /// and say `.certificateInstalled`.
    case renewCertificates(IdentityBook.RenewalReason)

    // The log.
    case sendRaft(to: MachineName, address: PeerAddress, RaftMessage)
    case persist(RaftPersist)
    /// Encode the Store and save it as the newest snapshot; answer `.snapshotSaved` or
    /// `.snapshotFailed`.
    indirect case saveSnapshot(RaftSnapshotMetadata, StoreCore)
    /// Put a piece of the leader's snapshot into a file at the side, a new one at offset 0; answer
    /// `.snapshotWritten` or `.snapshotRefused`.
    case writeSnapshot(Ticket, RaftSnapshotMetadata, offset: UInt64, bytes: [UInt8])
    /// Check the file at the side, read the Store from it, and make it the newest snapshot; answer
    /// `.snapshotInstalled` or `.snapshotRefused`.
    case installSnapshot(RaftSnapshotMetadata)
    case readSnapshot(Ticket, RaftSnapshotMetadata, offset: UInt64, countMax: Int)

    // Clients.
    case respond(Ticket, APIResponse)
    case beginWatch(Ticket, contentType: String)
    /// The same for many clients.
    case watchBytes([Ticket], [UInt8])
    case endWatch(Ticket)
    case openStream(Ticket, StreamTarget)
    case issueToken(Ticket, TokenIssue)
    case answerCall(Ticket, StoreAnswer)
    /// An authorized client wants the counters of this machine, its shell's included.
    case serveMetrics(Ticket)
    /// An authorized client wants to know what these use, by this machine's report and the others'.
    case gatherUsage(Ticket, UsageQuery, [MachineContact])
    /// An authorized client wants the public keys that tokens are checked with.
    case serveOpenIDKeys(Ticket)

    // Pods.
    case runtime(Ticket, RuntimeRequest)
    /// The kubelet asks for a service account token of this Pod.
    case issuePodToken(Ticket, TokenIssue)
    /// The Pods of this machine have this range: write the CNI configuration.
    case configureNetwork(Ticket, podCIDR: String)
    /// The complete set of routes to other machines' Pods.
    case setRoutes([PodRoute])
    /// The complete rules for Service addresses, as a script for nft.
    case setProxyRules(String)
    /// This machine leads, or no longer does: take or give up the API's virtual address.
    case holdVirtualAddress(Bool)
    /// The zone changed; the responder reads it from the core.
    case zoneChanged

    /// A rare branch was taken; tests and metrics count these.
    case mark(String)
}

/// Pods of that range are reached through that machine.
package struct PodRoute: Hashable, Sendable {
    package var podCIDR: String
    package var gateway: String

    package init(podCIDR: String, gateway: String) {
        self.podCIDR = podCIDR
        self.gateway = gateway
    }
}

/// Where a request goes that is not answered here: to a container, another machine or an address.
package enum StreamTarget: Sendable, Equatable {
    /// The container runs here.
    case local(StreamRequest, containerID: String, logPath: String, sandboxID: String)
    /// The container runs on that machine, whose API server takes the request over.
    case remote(MachineName, host: String, port: UInt16)
    /// A server that speaks HTTP.
    case address(ProxyRequest, host: String, port: Int, isTLS: Bool)
}
