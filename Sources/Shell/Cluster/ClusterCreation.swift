package import Base
import Daemon
import Foundation
import Gossip
import JSON
import Store

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
        let key = MachineKey()
        let mesh = GossipIdentity.generate()
        let vaultKey = GossipIdentity.generate()
        let (secrets, entry) = try AuthoritySecrets.create(
            for: [configuration.name: vaultKey.publicKey], previous: nil, at: now)
        let authority = try secrets.authority()
        let certificate = try MachineCertificate(
            of: MachineCertificate.Subject(
                name: configuration.name, address: configuration.address,
                publicKeyPEM: key.publicKeyPEM, meshPublicKey: mesh.publicKey),
            serial: IdentityBook().nextSerial(of: configuration.name, at: now), by: secrets,
            id: entry.id, configuration: configuration, at: now)
        let clusterID = UUID().uuidString.lowercased()
        let record = MachineRecord(
            name: configuration.name, certified: certificate.certified,
            vaultKey: vaultKey.publicKey)
        let token = JoinToken.make(fingerprint: authority.fingerprint)
        let storageKeys = StorageKeys.make(at: now)
        try LogDirectory.create(
            configuration.dataDirectory, clusterID: clusterID, voter: configuration.name,
            keys: storageKeys)
        try directory.write(
            IdentityDirectory.Contents(
                clusterID: clusterID, machine: configuration.name.text,
                authorities: [IdentityDirectory.Authority(entry)], generation: 1,
                certificatePEM: certificate.certificatePEM, privateKeyPEM: key.privateKeyPEM,
                meshKey: mesh.secretKey, meshCertificate: certificate.mesh.encoded,
                vaultKey: vaultKey.secretKey, storageKeys: storageKeys, seeds: [],
                bootstrap: [
                    IdentityDirectory.BootstrapDocument(
                        Keyring.key, Keyring(clusterID: clusterID, first: entry).document),
                    IdentityDirectory.BootstrapDocument(
                        MachineRecord.key(of: record.name), record.document),
                    IdentityDirectory.BootstrapDocument(
                        token.key,
                        token.storedDocument(
                            expiry: now + .seconds(Self.tokenLifetimeSeconds), at: now)),
                ]))
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

extension IdentityDirectory.Authority {
    init(_ entry: Keyring.Authority) {
        self.init(
            id: entry.id, certificatePEM: entry.certificatePEM,
            crossCertificatePEM: entry.crossCertificatePEM, meshPublicKey: entry.meshPublicKey)
    }
}

extension IdentityDirectory.BootstrapDocument {
    init(_ key: Key, _ document: JSON) {
        self.init(
            group: key.group, resource: key.resource, namespace: key.namespace, name: key.name,
            text: document.text)
    }

    var operation: Store.Operation {
        .put(
            Key(group: group, resource: resource, namespace: namespace, name: name),
            Array(text.utf8))
    }
}
