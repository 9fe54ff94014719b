package import Base
import Foundation
import Gossip

/// Makes a new cluster of one machine: its authority, its identity, its first log, its join token
/// and a kubeconfig for its administrator.
package struct ClusterCreation: Sendable {
    package let configuration: MachineConfiguration

    package init(configuration: MachineConfiguration) { self.configuration = configuration }

    package struct Result: Sendable {
        package let joinToken: JoinToken
        package let kubeconfig: Kubeconfig
    }

    /// How long the first join token admits machines.
    private static let tokenLifetimeSeconds: Int64 = 24 * 3_600

    /// Writes the data folder. Refuses one that belongs to a cluster already.
    package func create(at now: WallTime) throws(ShellError) -> Result {
        let directory = IdentityDirectory(dataDirectory: configuration.dataDirectory)
        guard !directory.exists else {
            throw ShellError(
                .wrongOwner,
                "create a cluster in \(configuration.dataDirectory): the folder belongs to a "
                    + "cluster already; run it with \"podmesh run\", or remove the folder")
        }
        let authority = try ClusterAuthority.create(at: now)
        let meshAuthority = GossipAuthority.generate()
        let secrets = AuthoritySecrets(
            certificatePEM: authority.certificatePEM, privateKeyPEM: authority.privateKeyPEM,
            meshSecretKey: meshAuthority.seed, meshPublicKey: meshAuthority.publicKey,
            serviceAccountKeyPEM: ServiceAccountTokens.makeKeyPEM(),
            clusterID: UUID().uuidString.lowercased())
        let key = MachineKey()
        let mesh = GossipIdentity.generate()
        let certificate = try MachineCertificate(
            of: configuration.name, address: configuration.address,
            publicKeyPEM: key.publicKeyPEM, meshPublicKey: mesh.publicKey, by: secrets,
            configuration: configuration, at: now)
        let token = JoinToken.make(fingerprint: authority.fingerprint)
        try LogDirectory.create(
            configuration.dataDirectory, clusterID: secrets.clusterID, voter: configuration.name)
        try directory.write(
            IdentityDirectory.Contents(
                clusterID: secrets.clusterID, machine: configuration.name.text,
                authorityPEM: authority.certificatePEM,
                certificatePEM: certificate.certificatePEM, privateKeyPEM: key.privateKeyPEM,
                meshKey: mesh.secretKey, meshCertificate: certificate.mesh.encoded,
                meshAuthorityKey: meshAuthority.publicKey, seeds: [],
                bootstrap: IdentityDirectory.Bootstrap(
                    authority: secrets, joinToken: token,
                    joinTokenExpiry: now.seconds + Self.tokenLifetimeSeconds)))
        let administrator = try authority.issueUser(
            "kubernetes-admin", groups: ["system:masters"], at: now)
        return Result(
            joinToken: token,
            kubeconfig: Kubeconfig(
                server: "https://\(configuration.clientAddress):\(configuration.api.port)",
                authorityPEM: authority.certificatePEM, user: "kubernetes-admin",
                certificatePEM: administrator.certificatePEM,
                privateKeyPEM: administrator.privateKeyPEM))
    }
}
