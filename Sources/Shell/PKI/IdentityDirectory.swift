import Foundation

/// The files by which a machine proves who it is, under `identity/` of its data folder. `init` or
/// `join` writes them first, and the daemon again with each renewal and change of authorities;
/// they are readable by root alone.
package struct IdentityDirectory: Sendable {
    package let path: String

    package init(dataDirectory: String) { path = dataDirectory + "/identity" }

    /// What the folder holds.
    package struct Contents: Codable, Sendable {
        package var clusterID: String
        package var machine: String
        /// Whom the machine trusts before it has read its Store, oldest first.
        package var authorities: [Authority]
        /// The keyring's generation that ``authorities`` is of. What the Store says at a start may
        /// be older, as the log behind its snapshot is read only when its commit is known.
        package var generation: UInt64
        package var certificatePEM: String
        package var privateKeyPEM: String
        /// The X25519 secret key of the mesh, 32 bytes.
        package var meshKey: [UInt8]
        /// The authority's certificate for the public half, as ``GossipCertificate`` encodes it.
        package var meshCertificate: [UInt8]
        /// The X25519 secret key that opens the cluster's vaults, 32 bytes. It stays the same
        /// as long as the folder.
        package var vaultKey: [UInt8]
        /// What the log and the snapshot are sealed with; nil in the folder of a version that
        /// sealed nothing, until its first start.
        package var storageKeys: StorageKeys?
        /// Machines to join the mesh through; empty on the first machine.
        package var seeds: [Seed]
        /// Present on the first machine only: what the cluster starts from. It is put into the
        /// Store once; a later start finds it there and changes nothing.
        package var bootstrap: [BootstrapDocument]?

        /// The certificates of every trusted authority.
        var trustedPEM: String { authorities.map(\.certificatePEM).joined() }
    }

    /// The public half of an authority.
    package struct Authority: Codable, Sendable, Equatable {
        package var id: String
        package var certificatePEM: String
        package var crossCertificatePEM: String?
        /// The Ed25519 public key that mesh certificates are verified with.
        package var meshPublicKey: [UInt8]
    }

    package struct Seed: Codable, Sendable {
        package var name: String
        package var address: String
        package var port: UInt16
        package var certificate: [UInt8]
    }

    /// A document of a new cluster that goes into the Store as soon as it can take it.
    package struct BootstrapDocument: Codable, Sendable {
        package var group: String
        package var resource: String
        package var namespace: String
        package var name: String
        /// JSON text; the authority's keys in it are sealed for this machine.
        package var text: String
    }

    package var exists: Bool { FileManager.default.fileExists(atPath: file) }

    package func read() throws(ShellError) -> Contents {
        guard exists else {
            throw ShellError(
                .identity,
                "read \(file): this machine belongs to no cluster yet; run \"podmesh init\" to "
                    + "create one or \"podmesh join\" to enter one")
        }
        do {
            return try JSONDecoder().decode(
                Contents.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw ShellError(.corrupt, "read \(file)", underlying: "\(error)")
        }
    }

    /// Writes all of it at once: to the side, synced, then renamed.
    package func write(_ contents: Contents) throws(ShellError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            let side = file + ".new"
            let data = try encoder.encode(contents)
            let descriptor = open(side, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try handle.write(contentsOf: data)
            try handle.synchronize()
            guard rename(side, file) == 0 else {
                throw POSIXError(.init(rawValue: errno) ?? .EIO)
            }
        } catch {
            throw ShellError(.inputOutput, "write \(file)", underlying: "\(error)")
        }
    }

    private var file: String { path + "/identity.json" }
}

/// What a newcomer presents: `ID.SECRET@FINGERPRINT`.
///
/// The identifier and the secret have the form of Kubernetes' bootstrap tokens; the fingerprint
/// of the authority lets the newcomer check whom it talks to before it says the secret.
package struct JoinToken: Codable, Sendable, Equatable, CustomStringConvertible {
    /// Six characters, not secret.
    package var id: String
    /// Sixteen characters.
    package var secret: String
    /// SHA-256 of the authority's certificate in hexadecimal.
    package var fingerprint: String

    package init(id: String, secret: String, fingerprint: String) {
        self.id = id
        self.secret = secret
        self.fingerprint = fingerprint
    }

    /// Draws a new token from the system's random source.
    package static func make(fingerprint: String) -> JoinToken {
        JoinToken(
            id: randomText(6), secret: randomText(16), fingerprint: fingerprint)
    }

    package init(parsing text: String) throws(ShellError) {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        let parts = (halves.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count == 2, parts.count == 2, parts[0].count == 6, parts[1].count == 16,
            halves[1].count == 64
        else {
            throw ShellError(
                .badRequest,
                "read the join token: it has the form ID.SECRET@FINGERPRINT; "
                    + "\"podmesh token create\" on a machine of the cluster prints one")
        }
        self.init(
            id: String(parts[0]), secret: String(parts[1]), fingerprint: String(halves[1]))
    }

    package var description: String { "\(id).\(secret)@\(fingerprint)" }

    private static func randomText(_ count: Int) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<count).map { _ in
            alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
        })
    }
}
