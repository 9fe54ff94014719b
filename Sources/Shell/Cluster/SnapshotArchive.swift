package import Base
import Crypto
import Gossip
import Raft
import Store

/// A snapshot file as a backup: what it holds, and a new cluster's first machine made from it.
package struct SnapshotArchive: Sendable {
    /// What `podmesh snapshot status` tells.
    package struct Summary: Sendable {
        package var clusterID: String
        package var revision: UInt64
        package var term: UInt64
        package var index: UInt64
        package var objects: Int
        package var bytes: Int
        /// SHA-256 of the file in hexadecimal.
        package var hash: String
        package var savedAt: WallTime
    }

    let reader: SnapshotReader
    let metadata: RaftSnapshotMetadata
    let store: StoreCore

    /// Opens a file and reads all of it: every checksum, every document.
    package init(opening path: String) throws(ShellError) {
        reader = try SnapshotReader(opening: path)
        metadata = try reader.raftMetadata()
        store = try reader.loadStore()
        guard store.appliedIndex == metadata.index else {
            throw ShellError(
                .corrupt, "read the snapshot",
                underlying: "\(path) says index \(metadata.index), but its documents are those of"
                    + " \(store.appliedIndex). Use another backup.")
        }
    }

    package func summary() throws(ShellError) -> Summary {
        var hash = SHA256()
        var offset = 0
        while offset < reader.size {
            let bytes = try reader.readRaw(from: offset, countMax: 1 << 20)
            guard !bytes.isEmpty else { break }
            hash.update(data: bytes)
            offset += bytes.count
        }
        let digits = hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }
        return Summary(
            clusterID: secrets?.clusterID ?? "", revision: store.revision.number,
            term: metadata.term, index: metadata.index, objects: store.snapshot.count,
            bytes: reader.size, hash: digits.joined(), savedAt: WallTime(seconds: reader.savedAt))
    }

    private var secrets: AuthoritySecrets? {
        store.snapshot[AuthoritySecrets.key].flatMap { AuthoritySecrets(decoding: $0.bytes) }
    }

    // MARK: Restoring

    /// How far the log's indexes and terms go ahead, so that nothing in the log of a machine of the
    /// old cluster, should it come back, can be taken for an entry of the new one: it is behind in
    /// both, and receives the restored Store.
    private static let indexesSkipped: UInt64 = 1 << 32
    private static let termsSkipped: UInt64 = 1 << 20

    /// Makes the data folder of a machine that is the only one of its cluster and holds what the
    /// snapshot does. The cluster keeps its identity: certificates and kubeconfigs stay good.
    package func restore(
        _ configuration: MachineConfiguration, at now: WallTime
    ) throws(ShellError) {
        let path = configuration.dataDirectory
        let identity = IdentityDirectory(dataDirectory: path)
        guard !identity.exists, try DataDirectory.clusterID(of: path) == nil else {
            throw ShellError(
                .wrongOwner, "restore a snapshot into \(path)",
                underlying: "the folder belongs to a cluster already. Stop its daemon and move the"
                    + " folder away; keep it until the restored cluster is good.")
        }
        guard let secrets else {
            throw ShellError(
                .corrupt, "restore a snapshot",
                underlying: "the snapshot holds no cluster's authority. It was saved before the"
                    + " cluster was ready; use another.")
        }
        let restored = RaftSnapshotMetadata(
            index: metadata.index + Self.indexesSkipped, term: metadata.term + Self.termsSkipped,
            membership: RaftMembership(voters: [configuration.name]))
        let key = MachineKey()
        let mesh = GossipIdentity.generate()
        let certificate = try MachineCertificate(
            of: configuration.name, address: configuration.address,
            publicKeyPEM: key.publicKeyPEM, meshPublicKey: mesh.publicKey, by: secrets,
            configuration: configuration, at: now)
        try LogDirectory.create(
            path, clusterID: secrets.clusterID, restoring: store.restored(at: restored.index),
            restored, at: now)
        // Written last: without it the folder is nobody's, and the command can be repeated.
        try identity.write(
            IdentityDirectory.Contents(
                clusterID: secrets.clusterID, machine: configuration.name.text,
                authorityPEM: secrets.certificatePEM,
                certificatePEM: certificate.certificatePEM, privateKeyPEM: key.privateKeyPEM,
                meshKey: mesh.secretKey, meshCertificate: certificate.mesh.encoded,
                meshAuthorityKey: secrets.meshPublicKey, seeds: [], bootstrap: nil))
    }
}
