import Foundation
import Store

/// The cluster's private keys. They live in the Store, out of the API's sight, so that every
/// machine can admit newcomers after the first machine is gone.
package struct AuthoritySecrets: Codable, Sendable {
    package var certificatePEM: String
    package var privateKeyPEM: String
    /// The Ed25519 seed that signs mesh certificates.
    package var meshSecretKey: [UInt8]
    package var meshPublicKey: [UInt8]
    /// The P-256 key that signs service-account tokens.
    package var serviceAccountKeyPEM: String
    package var clusterID: String

    /// Where the Store holds them.
    static let key = Key(group: "podmesh.io", resource: "authorities", name: "cluster")

    init(
        certificatePEM: String, privateKeyPEM: String, meshSecretKey: [UInt8],
        meshPublicKey: [UInt8], serviceAccountKeyPEM: String, clusterID: String
    ) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
        self.meshSecretKey = meshSecretKey
        self.meshPublicKey = meshPublicKey
        self.serviceAccountKeyPEM = serviceAccountKeyPEM
        self.clusterID = clusterID
    }

    init?(decoding bytes: [UInt8]) {
        guard let secrets = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
            return nil
        }
        self = secrets
    }

    func encoded() throws(ShellError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(self))
        } catch {
            throw ShellError(.identity, "encode the cluster's secrets", underlying: "\(error)")
        }
    }
}
