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
///     GET  authority    the authority's certificate; anybody may ask
///     POST join         certificates for a newcomer with a good token
///     GET  members      the mesh as this machine sees it          (administration socket)
///     GET  status       this machine's part in the cluster        (administration socket)
///     POST kubeconfig   a new administrator's kubeconfig          (administration socket)
///     GET  snapshot     the Store as a snapshot file              (administration socket)
struct ClusterRoutes: Sendable {
    static let prefix = "/podmesh/v1/"
    static let membersPath = prefix + "members"
    static let statusPath = prefix + "status"
    static let kubeconfigPath = prefix + "kubeconfig"
    static let snapshotPath = prefix + "snapshot"

    let configuration: MachineConfiguration
    let authorityPEM: String
    let clusterID: String
    let shell: @Sendable () -> DaemonShell?
    private let exports = SnapshotExport()

    init(
        configuration: MachineConfiguration, authorityPEM: String, clusterID: String,
        shell: @escaping @Sendable () -> DaemonShell?
    ) {
        self.configuration = configuration
        self.authorityPEM = authorityPEM
        self.clusterID = clusterID
        self.shell = shell
    }

    /// Answers a path of podmesh's own; false for any other.
    func take(_ request: HTTPRequest, _ exchange: HTTPExchange) -> Bool {
        let path = request.head.uri
        guard path.hasPrefix(Self.prefix) else { return false }
        let isAdministrator = request.connection == .administrator
        switch (request.head.method, path) {
        case (.GET, ClusterJoin.authorityPath):
            exchange.respond(
                code: 200, headers: [("content-type", "application/x-pem-file")],
                body: Array(authorityPEM.utf8))
        case (.POST, ClusterJoin.joinPath):
            onLoop(exchange) { admit(request.body, with: $0) }
        case (.GET, Self.membersPath) where isAdministrator:
            onLoop(exchange) { .success(members(of: $0).bytes) }
        case (.GET, Self.statusPath) where isAdministrator:
            onLoop(exchange) { .success(status(of: $0).bytes) }
        case (.POST, Self.kubeconfigPath) where isAdministrator:
            onLoop(exchange) { kubeconfig(with: $0) }
        case (.GET, Self.snapshotPath) where isAdministrator: exportSnapshot(to: exchange)
        default:
            exchange.respond(
                .status(StatusError(.notFound, "the server could not find the requested resource")))
        }
        return true
    }

    private func onLoop(
        _ exchange: HTTPExchange,
        _ answer: @escaping @Sendable (isolated DaemonShell) -> Result<[UInt8], StatusError>
    ) {
        guard let shell = shell() else {
            exchange.respond(.status(Self.starting))
            return
        }
        shell.eventLoop.execute {
            switch shell.assumeIsolated({ answer($0) }) {
            case .success(let body):
                exchange.respond(
                    code: 200, headers: [("content-type", "application/json")], body: body)
            case .failure(let error):
                exchange.respond(.status(error))
            }
        }
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

    // MARK: Join

    private func admit(
        _ body: [UInt8], with shell: isolated DaemonShell
    ) -> Result<[UInt8], StatusError> {
        guard let request = try? JSONDecoder().decode(JoinRequest.self, from: Data(body)),
            let name = MachineName(request.name), IPv4Address(request.address) != nil
        else { return .failure(StatusError(.badRequest, "the join request cannot be read")) }
        let refusal = shell.core.refusal(ofNewcomer: name, tokenID: request.tokenID) {
            Self.isEqualInConstantTime($0, request.tokenSecret)
        }
        if let refusal { return .failure(refusal) }
        guard let secrets = shell.secrets else {
            return .failure(
                StatusError(
                    .serviceUnavailable, "the cluster's authority is not in the store yet",
                    retryAfterSeconds: 1))
        }
        do {
            let certificate = try MachineCertificate(
                of: name, address: request.address, publicKeyPEM: request.publicKeyPEM,
                meshPublicKey: request.meshPublicKey, by: secrets,
                configuration: configuration, at: .now)
            let members = shell.core.gossip.sortedMembers.filter(\.isLive)
            let seeds = members.compactMap { member in
                member.certificate.map {
                    IdentityDirectory.Seed(
                        name: member.name.text, address: member.address.ip,
                        port: member.address.port, certificate: $0.encoded)
                }
            }
            let answer = JoinAnswer(
                clusterID: clusterID, certificatePEM: certificate.certificatePEM,
                meshCertificate: certificate.mesh.encoded,
                meshAuthorityKey: secrets.meshPublicKey, seeds: seeds)
            shell.logger.info("admitted \(name)", metadata: ["address": "\(request.address)"])
            return .success(Array(try JSONEncoder().encode(answer)))
        } catch {
            return .failure(StatusError(.badRequest, "the machine cannot be certified: \(error)"))
        }
    }

    /// Does not tell by its time how much of a secret was right.
    private static func isEqualInConstantTime(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // MARK: Administration

    private func members(of shell: isolated DaemonShell) -> JSON {
        let raft = shell.core.raft
        return .array(
            shell.core.gossip.sortedMembers.map { member in
                let role =
                    member.name == raft.leader
                    ? "leader"
                    : raft.membership.voters.contains(member.name)
                        ? "voter" : raft.membership.learners.contains(member.name) ? "learner" : ""
                return [
                    "name": .string(member.name.text), "address": .string(member.address.ip),
                    "status": .string("\(member.status)"), "role": .string(role),
                    "incarnation": .integer(Int64(clamping: member.incarnation)),
                ]
            })
    }

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
        guard let secrets = shell.secrets else {
            return .failure(
                StatusError(
                    .serviceUnavailable, "the cluster's authority is not in the store yet"))
        }
        do throws(ShellError) {
            let authority = try ClusterAuthority(
                certificatePEM: secrets.certificatePEM, privateKeyPEM: secrets.privateKeyPEM)
            let user = try authority.issueUser(
                "kubernetes-admin", groups: ["system:masters"], at: .now)
            let file = Kubeconfig(
                server: "https://\(configuration.clientAddress):\(configuration.api.port)",
                authorityPEM: secrets.certificatePEM, user: "kubernetes-admin",
                certificatePEM: user.certificatePEM, privateKeyPEM: user.privateKeyPEM)
            return .success(Array(file.yaml.utf8))
        } catch {
            return .failure(StatusError(.internalError, "\(error)"))
        }
    }
}
