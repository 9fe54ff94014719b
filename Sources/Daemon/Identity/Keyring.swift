package import Base
package import Gossip
package import JSON
package import Store

/// The cluster's authorities: whom every machine trusts, and who certifies.
///
/// One document of the Store, outside the API's sight. There are two authorities only while the
/// cluster changes from one to the next:
///
///     steady ──rotate──▶ introducing ──all trust both──▶ moving ──all certified anew──▶ steady
///             (2 trusted, the old one certifies)  (2 trusted, the new one certifies)  (1 trusted)
///
/// Every arrow is one transaction, and each machine's part is written in its own record, so the
/// change goes on wherever it was interrupted.
package struct Keyring: Hashable, Sendable {
    package enum Phase: String, Sendable {
        case steady
        case introducing
        case moving
    }

    package struct Authority: Hashable, Sendable {
        /// Eight hexadecimal digits, drawn at random; the certificate's name ends with them.
        package var id: String
        package var createdAt: WallTime
        package var certificatePEM: String
        /// The same key and name certified by the authority before, for clients that know only
        /// that one. Gone when that one is.
        package var crossCertificatePEM: String?
        /// The Ed25519 public key that verifies mesh certificates.
        package var meshPublicKey: [UInt8]
        /// The private keys, for every machine of the cluster.
        package var vault: Vault

        package init(
            id: String, createdAt: WallTime, certificatePEM: String, crossCertificatePEM: String?,
            meshPublicKey: [UInt8], vault: Vault
        ) {
            self.id = id
            self.createdAt = createdAt
            self.certificatePEM = certificatePEM
            self.crossCertificatePEM = crossCertificatePEM
            self.meshPublicKey = meshPublicKey
            self.vault = vault
        }
    }

    /// The cluster's own name, drawn when it was made.
    package var clusterID: String
    /// Raised whenever it changes who is trusted or who certifies; machines acknowledge it.
    package var generation: UInt64
    package var phase: Phase
    /// Oldest first; one or two.
    package var authorities: [Authority]
    /// Until when the old authority stays trusted for clients' sake, in the phase `moving`.
    package var keepOldUntil: WallTime
    /// Machines that are away and clients are not waited for.
    package var isHurried: Bool

    package static let key = Key(group: "podmesh.io", resource: "keyrings", name: "cluster")

    /// A new cluster's.
    package init(clusterID: String, first authority: Authority) {
        self.clusterID = clusterID
        generation = 1
        phase = .steady
        authorities = [authority]
        keepOldUntil = authority.createdAt
        isHurried = false
    }

    /// The authority that certifies now.
    package var issuing: Authority? {
        phase == .introducing ? authorities.first : authorities.last
    }

    /// The certificates of all trusted authorities, one after the other.
    package var trustedPEM: String { authorities.map(\.certificatePEM).joined() }

    package func trusts(_ id: String) -> Bool { authorities.contains { $0.id == id } }
}

extension Keyring {
    package var document: JSON {
        [
            "apiVersion": "podmesh.io/v1", "kind": "Keyring",
            "metadata": ["name": .string(Self.key.name)], "clusterID": .string(clusterID),
            "generation": .integer(Int64(clamping: generation)), "phase": .string(phase.rawValue),
            "keepOldUntil": .integer(keepOldUntil.seconds), "isHurried": .bool(isHurried),
            "authorities": .array(authorities.map(\.document)),
        ]
    }

    /// Nil when the document is none of this version.
    package init?(_ document: JSON) {
        guard document["apiVersion"]?.string == "podmesh.io/v1",
            let clusterID = document["clusterID"]?.string,
            let generation = document["generation"]?.integer.flatMap(UInt64.init(exactly:)),
            let phase = document["phase"]?.string.flatMap(Phase.init(rawValue:)),
            let keepOldUntil = document["keepOldUntil"]?.integer,
            let isHurried = document["isHurried"]?.bool,
            let listed = document["authorities"]?.array
        else { return nil }
        self.clusterID = clusterID
        self.generation = generation
        self.phase = phase
        self.keepOldUntil = WallTime(seconds: keepOldUntil)
        self.isHurried = isHurried
        authorities = listed.compactMap(Authority.init)
        guard authorities.count == listed.count,
            authorities.count == (phase == .steady ? 1 : 2)
        else { return nil }
    }
}

extension Keyring.Authority {
    fileprivate var document: JSON {
        let boxes = vault.keys.keys.sorted().map { name in
            (name.text, JSON.string(Base64.encode(vault.keys[name] ?? [])))
        }
        var document: JSON = [
            "id": .string(id), "createdAt": .integer(createdAt.seconds),
            "certificate": .string(certificatePEM),
            "meshPublicKey": .string(Base64.encode(meshPublicKey)),
            "vault": [
                "ciphertext": .string(Base64.encode(vault.ciphertext)),
                "keys": .object(JSONObject(boxes)),
            ],
        ]
        if let crossCertificatePEM { document["crossCertificate"] = .string(crossCertificatePEM) }
        return document
    }

    fileprivate init?(_ document: JSON) {
        guard let id = document["id"]?.string, let createdAt = document["createdAt"]?.integer,
            let certificate = document["certificate"]?.string,
            let meshKey = document["meshPublicKey"]?.string.flatMap(Base64.decode),
            let ciphertext = document["vault"]?["ciphertext"]?.string.flatMap(Base64.decode),
            let boxes = document["vault"]?["keys"]?.object
        else { return nil }
        var keys: [MachineName: [UInt8]] = [:]
        for (name, value) in boxes {
            guard let name = MachineName(name), let box = value.string.flatMap(Base64.decode)
            else { return nil }
            keys[name] = box
        }
        self.init(
            id: id, createdAt: WallTime(seconds: createdAt), certificatePEM: certificate,
            crossCertificatePEM: document["crossCertificate"]?.string, meshPublicKey: meshKey,
            vault: Vault(ciphertext: ciphertext, keys: keys))
    }
}
