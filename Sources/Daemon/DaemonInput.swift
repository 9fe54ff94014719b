package import API
package import Base
package import Gossip
package import Kubelet
package import Raft
package import Store

/// What happened to one machine. Its size is that of its largest case that is not `indirect`, and
/// inputs are moved often, so a whole Store lies elsewhere.
package enum DaemonInput: Sendable {
    /// The deadline has come.
    case wake
    /// The calendar clock; the shell gives it before other inputs.
    case wallTime(WallTime)
    /// A datagram of the mesh, opened; `from` is whom its seal proves.
    case datagram(from: MachineName, address: PeerAddress, payload: [UInt8])
    /// A message of the mesh's exchange from the machine that its certificate names.
    case state(from: MachineName, payload: [UInt8])
    /// The daemon begins: join the mesh through these machines and catch up with the log.
    case start(seeds: [GossipSeed])
    /// A message of the log from the machine that its certificate names.
    case raft(from: MachineName, RaftMessage)
    case persisted(RaftPersistence)
    /// The log's disk refused a write.
    case persistFailed
    case snapshotSaved(RaftSnapshotMetadata)
    case snapshotFailed(RaftSnapshotMetadata)
    case snapshotWritten(Ticket)
    /// The leader's snapshot is durable, and this is what it holds.
    indirect case snapshotInstalled(RaftSnapshotMetadata, StoreCore)
    /// A piece could not be written, or the whole could not be read.
    case snapshotRefused(RaftSnapshotMetadata)
    case snapshotRead(Ticket, bytes: [UInt8], isLast: Bool)
    case snapshotUnavailable(Ticket)
    /// A client's request; answered by `.respond`, `.beginWatch`, `.openStream` or `.issueToken`.
    case request(Ticket, APIRequest)
    /// A client's write that was evaluated with a ``RequestView`` of this machine. Its
    /// preconditions say what it rests on, so an old view costs another evaluation, no more.
    indirect case evaluated(Ticket, APIRequest, EvaluatedWrite)
    /// A call to the Store from a machine's link; answered by `.answerCall`.
    case call(Ticket, StoreCall)
    /// The client of a request or watch is gone.
    case cancelled(Ticket)
    /// Documents that a new cluster starts from. They go into the Store together unless the
    /// first of them is there already; proposed as often as it takes.
    case bootstrap([Operation])
    /// A change of identities; answered by `.identityAnswered`.
    case identity(Ticket, IdentityRequest)
    /// The certificates that `.renewCertificates` asked for are in use, the mesh's is this one.
    case certificateInstalled(GossipCertificate)
    /// Anything for the kubelet: facts of the machine, answers of the runtime.
    case kubelet(KubeletInput)
    /// Hand over what can be handed over and say goodbye to the mesh.
    case leave

    /// Whether what follows from it may wait for the other inputs that arrived with it.
    var mayGather: Bool {
        switch self {
        case .raft, .persisted, .request, .evaluated, .call: true
        default: false
        }
    }
}
