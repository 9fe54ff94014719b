package import Base
import Crypto
import Daemon
import Gossip
import JSON
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
        /// Whom the file is sealed for; nil when anybody can read it.
        package var sealedFor: String?
    }

    let reader: SnapshotReader
    let metadata: RaftSnapshotMetadata
    let store: StoreCore

    /// Opens a file and reads all of it: every checksum, every document.
    package init(opening path: String, with opener: KeyEnvelope.Opener) throws(ShellError) {
        reader = try SnapshotReader(opening: path, opener)
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
        while offset < (try reader.raw.fileSize) {
            let bytes = try reader.raw.readRaw(from: offset, countMax: 1 << 20)
            guard !bytes.isEmpty else { break }
            hash.update(data: bytes)
            offset += bytes.count
        }
        let digits = hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }
        return Summary(
            clusterID: keyring?.clusterID ?? "", revision: store.revision.number,
            term: metadata.term, index: metadata.index, objects: store.snapshot.count,
            bytes: offset, hash: digits.joined(), savedAt: WallTime(seconds: reader.savedAt),
            sealedFor: reader.envelope?.audience)
    }

    private var keyring: Keyring? { IdentityBook(store.snapshot).keyring }

    // MARK: Restoring

    /// How far the log's indexes and terms go ahead, so that nothing in the log of a machine of the
    /// old cluster, should it come back, can be taken for an entry of the new one: it is behind in
    /// both, and receives the restored Store.
    private static let indexesSkipped: UInt64 = 1 << 32
    private static let termsSkipped: UInt64 = 1 << 20

    /// Refuses a data folder that has an owner.
    package static func checkTarget(_ configuration: MachineConfiguration) throws(ShellError) {
        let path = configuration.dataDirectory
        guard !IdentityDirectory(dataDirectory: path).exists,
            try DataDirectory.clusterID(of: path) == nil
        else {
            throw ShellError(
                .wrongOwner, "restore a snapshot into \(path)",
                underlying: "the folder belongs to a cluster already. Stop its daemon and move the"
                    + " folder away; keep it until the restored cluster is good.")
        }
    }

    /// Makes the data folder of a machine that is the only one of its cluster and holds what the
    /// snapshot does. Every other machine of the old cluster is barred and must join anew.
    ///
    /// `oldFolder` is the data folder of any machine of the old cluster: its key opens the
    /// authority's, so that certificates and kubeconfigs stay good. Without it the cluster gets a
    /// new authority.
    package func restore(
        _ configuration: MachineConfiguration, oldFolder: String?, at now: WallTime
    ) throws(ShellError) {
        let path = configuration.dataDirectory
        let identity = IdentityDirectory(dataDirectory: path)
        try Self.checkTarget(configuration)
        guard let keyring else {
            throw ShellError(
                .corrupt, "restore a snapshot",
                underlying: "the snapshot holds no cluster's keyring. It was saved before the"
                    + " cluster was ready; use another.")
        }
        let restored = RaftSnapshotMetadata(
            index: metadata.index + Self.indexesSkipped, term: metadata.term + Self.termsSkipped,
            membership: RaftMembership(voters: [configuration.name]))
        let founder = try RestoredIdentity(
            of: IdentityBook(store.snapshot), keyring, oldFolder: oldFolder, configuration, at: now)
        var store = store
        let transaction = Transaction(
            id: CommandID(origin: configuration.name, epoch: 0, sequence: UInt64(now.seconds)),
            preconditions: [], operations: founder.operations)
        guard case .committed = store.apply(
            transaction.encode(), index: store.appliedIndex + 1
        ).result else {
            throw ShellError(.corrupt, "restore a snapshot: write the new machine's identity")
        }
        try LogDirectory.create(
            path, clusterID: keyring.clusterID, keys: founder.storageKeys,
            restoring: store.restored(at: restored.index), restored, at: now)
        // Written last: without it the folder is nobody's, and the command can be repeated.
        try identity.write(founder.contents)
    }
}

/// The only machine of a restored cluster.
private struct RestoredIdentity {
    let contents: IdentityDirectory.Contents
    let storageKeys: StorageKeys
    /// The keyring with one authority, and every name's record.
    let operations: [Store.Operation]

    init(
        of book: IdentityBook, _ old: Keyring, oldFolder: String?,
        _ configuration: MachineConfiguration, at now: WallTime
    ) throws(ShellError) {
        let name = configuration.name
        let (key, mesh, vaultKey) = (
            MachineKey(), GossipIdentity.generate(), GossipIdentity.generate()
        )
        let (secrets, entry) = try Self.authority(
            old, oldFolder: oldFolder, for: name, vaultKey.publicKey, at: now)
        let certificate = try MachineCertificate(
            of: MachineCertificate.Subject(
                name: name, address: configuration.address, publicKeyPEM: key.publicKeyPEM,
                meshPublicKey: mesh.publicKey),
            serial: book.nextSerial(of: name, at: now), by: secrets, id: entry.id,
            configuration: configuration, at: now)
        var keyring = Keyring(clusterID: old.clusterID, first: entry)
        keyring.generation = old.generation + 1
        var record = MachineRecord(
            name: name, certified: certificate.certified, vaultKey: vaultKey.publicKey)
        record.barredUpTo = certificate.certified.serial - 1
        operations =
            [.put(Keyring.key, keyring.document.bytes)]
            + book.names.filter { $0 != name }.compactMap { book.records[$0] }.map { record in
                var barred = record
                barred.barredUpTo = max(record.barredUpTo, record.certified.serial)
                barred.removedAt = record.removedAt ?? now
                return .put(MachineRecord.key(of: record.name), barred.document.bytes)
            } + [.put(MachineRecord.key(of: name), record.document.bytes)]
        storageKeys = .make(at: now)
        contents = IdentityDirectory.Contents(
            clusterID: old.clusterID, machine: name.text,
            authorities: [IdentityDirectory.Authority(entry)], generation: keyring.generation,
            certificatePEM: certificate.certificatePEM, privateKeyPEM: key.privateKeyPEM,
            meshKey: mesh.secretKey, meshCertificate: certificate.mesh.encoded,
            vaultKey: vaultKey.secretKey, storageKeys: storageKeys, seeds: [], bootstrap: nil)
    }

    private static func authority(
        _ old: Keyring, oldFolder: String?, for name: MachineName, _ vaultKey: [UInt8],
        at now: WallTime
    ) throws(ShellError) -> (AuthoritySecrets, Keyring.Authority) {
        guard let oldFolder else {
            return try AuthoritySecrets.create(for: [name: vaultKey], previous: nil, at: now)
        }
        let contents = try IdentityDirectory(dataDirectory: oldFolder).read()
        guard let machine = MachineName(contents.machine), var entry = old.issuing,
            let opener = GossipIdentity(secretKey: contents.vaultKey),
            let secrets = AuthoritySecrets(opening: entry, as: machine, with: opener),
            let box = entry.vault.box(for: vaultKey, by: machine, with: opener)
        else {
            throw ShellError(
                .identity, "open the authority's keys with those in \(oldFolder)",
                underlying: "the folder is of another cluster, or of a machine that was removed;"
                    + " give the folder of another machine, or leave --identity out for a new"
                    + " authority")
        }
        entry.vault.keys = [name: box]
        entry.crossCertificatePEM = nil
        return (secrets, entry)
    }
}
