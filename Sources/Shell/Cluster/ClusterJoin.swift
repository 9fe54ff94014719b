import Base
import Foundation
import Gossip
import NIOCore
import NIOHTTP1
import NIOSSL

/// What a newcomer says to a machine of the cluster.
struct JoinRequest: Codable, Sendable {
    var name: String
    var address: String
    var tokenID: String
    var tokenSecret: String
    /// The newcomer's public key for TLS.
    var publicKeyPEM: String
    /// The newcomer's X25519 public key for the mesh.
    var meshPublicKey: [UInt8]
    /// The newcomer's X25519 public key that the cluster's vaults are sealed for.
    var vaultKey: [UInt8]
}

/// What the newcomer receives when its token is good.
struct JoinAnswer: Codable, Sendable {
    var clusterID: String
    var certificatePEM: String
    var meshCertificate: [UInt8]
    var authorities: [IdentityDirectory.Authority]
    var generation: UInt64
    var seeds: [IdentityDirectory.Seed]
}

/// Enters this machine into a cluster through one of the cluster's machines.
///
/// The newcomer first fetches the authority's certificate without trusting the server, compares
/// its fingerprint with the token's, and only then, on a connection verified against that
/// authority, says the token's secret.
package struct ClusterJoin: Sendable {
    static let authorityPath = "/podmesh/v1/authority"
    static let joinPath = "/podmesh/v1/join"

    package let configuration: MachineConfiguration
    package let host: String
    package let port: Int
    package let token: JoinToken

    /// `server` is `ADDRESS` or `ADDRESS:PORT`.
    package init(
        configuration: MachineConfiguration, server: String, token: JoinToken
    ) throws(ShellError) {
        self.configuration = configuration
        self.token = token
        let parts = server.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2,
            let port = parts.count == 2 ? Int(parts[1]) : 6443, (1...65_535).contains(port)
        else {
            throw ShellError(.badRequest, "read the server \"\(server)\": give ADDRESS:PORT")
        }
        self.host = String(host)
        self.port = port
    }

    package func join() async throws(ShellError) {
        let directory = IdentityDirectory(dataDirectory: configuration.dataDirectory)
        guard !directory.exists else {
            throw ShellError(
                .wrongOwner,
                "join a cluster with \(configuration.dataDirectory): the folder belongs to a "
                    + "cluster already; run it with \"podmesh run\", or remove the folder")
        }
        let authorityPEM = try await fetchAuthority()
        let key = MachineKey()
        let mesh = GossipIdentity.generate()
        let vaultKey = GossipIdentity.generate()
        let request = JoinRequest(
            name: configuration.name.text, address: configuration.address, tokenID: token.id,
            tokenSecret: token.secret, publicKeyPEM: key.publicKeyPEM,
            meshPublicKey: mesh.publicKey, vaultKey: vaultKey.publicKey)
        let answer = try await present(request, authorityPEM: authorityPEM)
        let storageKeys = StorageKeys.make(at: .now)
        try LogDirectory.create(
            configuration.dataDirectory, clusterID: answer.clusterID, voter: nil,
            keys: storageKeys)
        try directory.write(
            IdentityDirectory.Contents(
                clusterID: answer.clusterID, machine: configuration.name.text,
                authorities: answer.authorities, generation: answer.generation,
                certificatePEM: answer.certificatePEM, privateKeyPEM: key.privateKeyPEM,
                meshKey: mesh.secretKey, meshCertificate: answer.meshCertificate,
                vaultKey: vaultKey.secretKey, storageKeys: storageKeys, seeds: answer.seeds))
    }

    private func fetchAuthority() async throws(ShellError) -> String {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        let response = try await ask(tls, .GET, Self.authorityPath, body: [])
        // Two while the cluster changes its authority; the token's is the one to trust.
        let text = String(decoding: response.body, as: UTF8.self)
        let certificates = ClusterAuthority.certificates(inPEM: text)
        guard response.code == 200, !certificates.isEmpty else {
            throw ShellError(
                .unreachable, "fetch the authority from \(host):\(port)",
                underlying: "the answer is no certificate; is this a podmesh machine?")
        }
        let meant = certificates.first {
            ClusterAuthority.fingerprint(ofPEM: $0) == token.fingerprint
        }
        guard let meant else {
            throw ShellError(
                .identity, "join through \(host):\(port)",
                underlying: "the server's authority is not the one in the token; the token is of "
                    + "another cluster, or somebody stands in between")
        }
        return meant
    }

    private func present(
        _ request: JoinRequest, authorityPEM: String
    ) async throws(ShellError) -> JoinAnswer {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .noHostnameVerification
        do {
            tls.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8)))
        } catch {
            throw ShellError(.identity, "read the authority", underlying: "\(error)")
        }
        let body: [UInt8]
        do {
            body = Array(try JSONEncoder().encode(request))
        } catch {
            throw ShellError(.badRequest, "write the join request", underlying: "\(error)")
        }
        let response = try await ask(tls, .POST, Self.joinPath, body: body)
        guard response.code == 200,
            let answer = try? JSONDecoder().decode(JoinAnswer.self, from: Data(response.body))
        else {
            throw ShellError(
                .badRequest, "join through \(host):\(port)",
                underlying: AdministrationClient.message(in: response))
        }
        return answer
    }

    private func ask(
        _ tls: TLSConfiguration, _ method: HTTPClient.Method, _ path: String, body: [UInt8]
    ) async throws(ShellError) -> HTTPClient.Response {
        do {
            let context = try NIOSSLContext(configuration: tls)
            let client = HTTPClient(target: .tls(host: host, port: port, context: context))
            return try await client.request(
                method, path, headers: [("content-type", "application/json")], body: body)
        } catch {
            throw ShellError(
                .unreachable, "reach \(host):\(port)",
                underlying: "\(error); does \"podmesh run\" run there?")
        }
    }
}
