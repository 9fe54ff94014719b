import API
import Base
import Daemon
import Foundation
import Gossip
import JSON
import Logging
import NIOCore
import NIOHTTP1
import Objects
import Raft
import Store

/// The paths under `/podmesh/v1/`: how newcomers join, and what the command line asks for.
///
///     GET    authority       the trusted authorities' certificates; anybody may ask
///     POST   join            certificates for a newcomer with a good token
///
/// for other machines
///
///     GET    usage           what this machine and its Pods use
///
/// and for the administration socket alone
///
///     GET    members         the mesh as this machine sees it
///     DELETE members/NAME    bar a machine and forget it; ?alive=true even if it is alive
///     GET    keyring         the authorities and every machine's certificates
///     POST   keyring/rotate  change to a new authority; ?keepOldSeconds=N
///     POST   keyring/hurry   end that change at once
///     GET    status          this machine's part in the cluster
///     GET    snapshot        the Store as a snapshot file
///     POST   kubeconfig      a new administrator's kubeconfig
struct ClusterRoutes: Sendable {
    static let prefix = "/podmesh/v1/"
    static let membersPath = prefix + "members"
    static let statusPath = prefix + "status"
    static let kubeconfigPath = prefix + "kubeconfig"
    static let snapshotPath = prefix + "snapshot"
    static let keyringPath = prefix + "keyring"
    static let rotatePath = prefix + "keyring/rotate"
    static let hurryPath = prefix + "keyring/hurry"
    static let usagePath = prefix + "usage"

    let configuration: MachineConfiguration
    let clusterID: String
    let shell: @Sendable () -> DaemonShell?
    private let exports = SnapshotExport()

    init(
        configuration: MachineConfiguration, clusterID: String,
        shell: @escaping @Sendable () -> DaemonShell?
    ) {
        self.configuration = configuration
        self.clusterID = clusterID
        self.shell = shell
    }

    /// Answers a path of podmesh's own; false for any other.
    func take(_ request: HTTPRequest, _ exchange: HTTPExchange) -> Bool {
        guard request.head.uri.hasPrefix(Self.prefix) else { return false }
        let (path, query) = APIFront.split(request.head.uri)
        switch (request.head.method, path) {
        case (.GET, ClusterJoin.authorityPath):
            onLoop(exchange, type: "application/x-pem-file") {
                .success(Array($0.identity.trustedPEM.utf8))
            }
        case (.POST, ClusterJoin.joinPath):
            onLoop(exchange) { admit(request.body, with: $0, $1) }
        case (.GET, Self.usagePath) where request.isFromMachine:
            onLoop(exchange) { .success(($0.core.usageReport?.json ?? [:]).bytes) }
        default:
            guard request.connection == .administrator,
                administer(request.head.method, path, query, exchange)
            else {
                exchange.respond(
                    .status(
                        StatusError(
                            .notFound, "the server could not find the requested resource")))
                return true
            }
        }
        return true
    }

    /// Answers what only the machine's root may ask; false for an unknown path.
    private func administer(
        _ method: HTTPMethod, _ path: String, _ query: String, _ exchange: HTTPExchange
    ) -> Bool {
        switch (method, path) {
        case (.GET, Self.membersPath):
            onLoop(exchange) { shell in
                let sealer = shell.sealer
                return .success(
                    MembersReport(core: shell.core, now: .now, traffic: sealer.traffic).json.bytes)
            }
        case (.DELETE, _) where path.hasPrefix(Self.membersPath + "/"):
            let name = String(path.dropFirst(Self.membersPath.count + 1))
            onLoop(exchange) { remove(name, query, with: $0, $1) }
        case (.GET, Self.keyringPath): onLoop(exchange) { keyring(of: $0) }
        case (.POST, Self.rotatePath): onLoop(exchange) { rotate(query, with: $0, $1) }
        case (.POST, Self.hurryPath):
            onLoop(exchange) { shell, reply in
                shell.request(.hurry) { shell, error in
                    reply(error.map { .failure($0) } ?? keyring(of: shell))
                }
            }
        case (.GET, Self.statusPath): onLoop(exchange) { .success(status(of: $0).bytes) }
        case (.GET, Self.snapshotPath): exportSnapshot(to: exchange)
        case (.POST, Self.kubeconfigPath): onLoop(exchange) { kubeconfig(with: $0) }
        default: return false
        }
        return true
    }

    typealias Reply = @Sendable (Result<[UInt8], StatusError>) -> Void

    private func onLoop(
        _ exchange: HTTPExchange, type: String = "application/json",
        _ answer: @escaping @Sendable (isolated DaemonShell) -> Result<[UInt8], StatusError>
    ) {
        onLoop(exchange, type: type) { shell, reply in reply(answer(shell)) }
    }

    /// For answers that come later.
    private func onLoop(
        _ exchange: HTTPExchange, type: String = "application/json",
        _ answer: @escaping @Sendable (isolated DaemonShell, @escaping Reply) -> Void
    ) {
        guard let shell = shell() else {
            exchange.respond(.status(Self.starting))
            return
        }
        let reply: Reply = { result in
            switch result {
            case .success(let body):
                exchange.respond(code: 200, headers: [("content-type", type)], body: body)
            case .failure(let error):
                exchange.respond(.status(error))
            }
        }
        shell.eventLoop.execute { shell.assumeIsolated { answer($0, reply) } }
    }

    private func exportSnapshot(to exchange: HTTPExchange) {
        guard let shell = shell() else { return exchange.respond(.status(Self.starting)) }
        shell.eventLoop.execute {
            let (store, metadata) = shell.assumeIsolated { shell in
                let (store, raft) = (shell.core.store, shell.core.raft)
                let term = raft.entry(at: store.appliedIndex)?.term
                let metadata = RaftSnapshotMetadata(
                    index: store.appliedIndex, term: term ?? raft.snapshotMetadata.term,
                    membership: raft.membership)
                return (store, metadata)
            }
            exports.send(store, metadata, to: exchange)
        }
    }

    private static let starting = StatusError(.serviceUnavailable, "the daemon is starting")

    // MARK: Administration

    private func status(of shell: isolated DaemonShell) -> JSON {
        let raft = shell.core.raft
        let counters = shell.sealer.counters
        return [
            "name": .string(configuration.name.text), "cluster": .string(clusterID),
            "raft": [
                "role": .string(raft.role.rawValue),
                "leader": raft.leader.map { .string($0.text) } ?? .null,
                "term": .integer(Int64(clamping: raft.term)),
                "commitIndex": .integer(Int64(clamping: raft.commitIndex)),
                "voters": .array(raft.membership.voters.map { .string($0.text) }),
                "learners": .array(raft.membership.learners.map { .string($0.text) }),
            ],
            "store": [
                "revision": .integer(Int64(clamping: shell.core.store.revision.number)),
                "objects": .integer(Int64(shell.core.store.snapshot.count)),
            ],
            "mesh": [
                "members": .integer(Int64(shell.core.gossip.sortedMembers.count)),
                "health": .integer(Int64(shell.core.gossip.healthScore)),
                "datagramsOpened": .integer(Int64(clamping: counters.opened)),
                "datagramsDropped": .integer(Int64(clamping: counters.dropped)),
            ],
        ]
    }

    private func kubeconfig(
        with shell: isolated DaemonShell
    ) -> Result<[UInt8], StatusError> {
        guard let issuing = shell.issuing else { return .failure(Self.noAuthority) }
        do throws(ShellError) {
            let authority = try issuing.secrets.authority()
            let user = try authority.issueUser(
                "kubernetes-admin", groups: ["system:masters"], at: .now)
            let file = Kubeconfig(
                server: "https://\(configuration.clientAddress):\(configuration.api.port)",
                authorityPEM: shell.identity.trustedPEM, user: "kubernetes-admin",
                certificatePEM: user.certificatePEM, privateKeyPEM: user.privateKeyPEM)
            return .success(Array(file.yaml.utf8))
        } catch {
            return .failure(StatusError(.internalError, "\(error)"))
        }
    }
}
