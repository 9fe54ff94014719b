import API
import Base
import Control
import Daemon
import Gossip
import Kubelet
import Raft
import Services
import Store
import Testing

/// A cluster of one machine, whose disk answers when the test lets it.
struct OneMachine {
    var core: DaemonCore
    var now = Instant.zero
    /// What the disk was asked for and has not answered.
    private(set) var unanswered: [RaftPersistence] = []
    private(set) var responses: [Ticket: APIResponse] = [:]
    private(set) var watchBytes: [Ticket: [[UInt8]]] = [:]
    /// Whether the disk answers at once.
    var isDiskAnswering = true
    private var tickets = TicketCounter()

    /// A machine that leads and has a namespace `default`, or one that has just started.
    init(
        isLeading: Bool = true, change: (inout DaemonConfiguration) -> Void = { _ in }
    ) throws {
        let name = try #require(MachineName("machine-1"))
        let network = try #require(IPv4Network("10.96.0.0/16"))
        let pods = try #require(IPv4Network("10.244.0.0/16"))
        var configuration = DaemonConfiguration(
            name: name, address: "192.0.2.1", apiPort: 6443, meshPort: 7946, raftPort: 7947,
            votersWanted: 1, epoch: 1, certificate: nil, gossip: GossipConfiguration(),
            raft: RaftConfiguration(name: name), api: APIConfiguration(serviceNetwork: network),
            control: ControlConfiguration(
                clusterCIDR: pods, serviceCIDR: network, authorityPEM: "authority"),
            kubelet: KubeletConfiguration(nodeName: name.text, addresses: ["192.0.2.1"]),
            proxy: ServiceProxy.Configuration(clusterCIDR: pods, serviceCIDR: network),
            clusterDomain: "cluster.local")
        change(&configuration)
        let records = RaftRestoredState.bootstrapRecords(voter: name)
        core = DaemonCore(
            configuration: configuration,
            restored: try RaftRestoredState.replay(records: records, snapshot: nil),
            store: StoreCore(), random: Random(seed: 1), now: .zero,
            wallTime: WallTime(seconds: 1_700_000_000))
        give(.start(seeds: []))
        guard isLeading else { return }
        for _ in 0..<400 where core.store.snapshot[Self.defaultNamespace] == nil {
            wake(after: .milliseconds(20))
        }
        try #require(core.store.snapshot[Self.defaultNamespace] != nil)
    }

    private static let defaultNamespace = Key(group: "", resource: "namespaces", name: "default")

    mutating func give(_ input: DaemonInput) {
        var inputs = [input]
        while !inputs.isEmpty {
            var out = Outbox<DaemonEffect>()
            for input in inputs { core.step(input, at: now, into: &out) }
            inputs = []
            for effect in out.take() {
                switch effect {
                case .persist(let persist):
                    unanswered.append(persist.persistence)
                    if isDiskAnswering { inputs += takeAnswers() }
                case .respond(let ticket, let response): responses[ticket] = response
                case .watchBytes(let tickets, let bytes):
                    for ticket in tickets { watchBytes[ticket, default: []] += [bytes] }
                default: break
                }
            }
        }
    }

    /// The disk has everything now.
    mutating func answerDisk() {
        isDiskAnswering = true
        for input in takeAnswers() { give(input) }
    }

    private mutating func takeAnswers() -> [DaemonInput] {
        defer { unanswered = [] }
        return unanswered.map { .persisted($0) }
    }

    mutating func wake(after span: Span) {
        now = now + span
        give(.wake)
    }

    /// Sends a request of an administrator.
    @discardableResult
    mutating func request(
        _ method: APIRequest.Method, _ path: String, query: String = "", body: String = ""
    ) -> Ticket {
        let ticket = tickets.next()
        var user = UserInfo.system("kubernetes-admin")
        user.groups.append("system:masters")
        give(
            .request(
                ticket,
                APIRequest(
                    method, path, query: query, contentType: "application/json",
                    body: Array(body.utf8), credential: .user(user))))
        return ticket
    }

    static func configMap(_ name: String, filling: Int = 0) -> String {
        let text = String(repeating: "x", count: filling)
        return #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)"},"#
            + #""data":{"text":"\#(text)"}}"#
    }
}
