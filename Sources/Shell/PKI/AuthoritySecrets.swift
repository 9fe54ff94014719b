package import Base
import Daemon
import Foundation
import Gossip

/// The private keys of one authority. They live in the Store, each in a vault that only the
/// machines of the cluster can open, so that every machine can admit newcomers after the first
/// machine is gone.
package struct AuthoritySecrets: Codable, Sendable {
    package var certificatePEM: String
    package var privateKeyPEM: String
    /// The Ed25519 seed that signs mesh certificates.
    package var meshSecretKey: [UInt8]
    /// The P-256 key that signs service-account tokens.
    package var serviceAccountKeyPEM: String

    /// Opens the vault of an authority; nil when this machine may not, or it is damaged.
    init?(
        opening authority: Keyring.Authority, as name: MachineName, with vaultKey: GossipIdentity
    ) {
        guard let bytes = authority.vault.open(as: name, with: vaultKey),
            let secrets = try? JSONDecoder().decode(Self.self, from: Data(bytes))
        else { return nil }
        self = secrets
    }

    private init(
        certificatePEM: String, privateKeyPEM: String, meshSecretKey: [UInt8],
        serviceAccountKeyPEM: String
    ) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
        self.meshSecretKey = meshSecretKey
        self.serviceAccountKeyPEM = serviceAccountKeyPEM
    }

    func authority() throws(ShellError) -> ClusterAuthority {
        try ClusterAuthority(certificatePEM: certificatePEM, privateKeyPEM: privateKeyPEM)
    }

    /// Makes a new authority whose keys the machines with these vault keys can open.
    /// `previous`, where there is one, vouches for it.
    static func create(
        for recipients: [MachineName: [UInt8]], previous: AuthoritySecrets?, at now: WallTime
    ) throws(ShellError) -> (secrets: AuthoritySecrets, entry: Keyring.Authority) {
        let id = String((0..<8).map { _ in "0123456789abcdef".randomElement() ?? "0" })
        let authority = try ClusterAuthority.create(id: id, at: now)
        let mesh = GossipAuthority.generate()
        let secrets = AuthoritySecrets(
            certificatePEM: authority.certificatePEM, privateKeyPEM: authority.privateKeyPEM,
            meshSecretKey: mesh.seed, serviceAccountKeyPEM: ServiceAccountTokens.makeKeyPEM())
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(secrets))
        } catch {
            throw ShellError(.identity, "encode the authority's keys", underlying: "\(error)")
        }
        guard let vault = Vault(sealing: bytes, for: recipients) else {
            throw ShellError(.identity, "seal the authority's keys for every machine")
        }
        let cross = try previous?.authority().crossCertify(authority, at: now)
        return (
            secrets,
            Keyring.Authority(
                id: id, createdAt: now, certificatePEM: authority.certificatePEM,
                crossCertificatePEM: cross, meshPublicKey: mesh.publicKey, vault: vault)
        )
    }
}
