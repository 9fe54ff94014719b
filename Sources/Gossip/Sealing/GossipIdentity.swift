import Base

/// A machine's X25519 key pair. The public half is what the cluster's authority certifies.
package struct GossipIdentity: Sendable {
    /// 32 bytes, to be kept where only the daemon can read.
    package let secretKey: [UInt8]
    package let publicKey: [UInt8]

    /// A new pair from the operating system's random source.
    package static func generate() -> GossipIdentity {
        // Every 32 bytes are a secret key of X25519, so a second draw never comes.
        while true {
            if let identity = GossipIdentity(secretKey: Sodium.random(Sodium.keyBytes)) {
                return identity
            }
        }
    }

    /// The pair that was generated earlier; nil unless given 32 bytes.
    package init?(secretKey: [UInt8]) {
        guard let publicKey = Sodium.publicKey(ofSecret: secretKey) else { return nil }
        self.secretKey = secretKey
        self.publicKey = publicKey
    }

    /// What datagrams call a public key: the first eight bytes of its hash.
    package static func keyID(of publicKey: [UInt8]) -> UInt64 {
        let digest = Sodium.hash([publicKey], count: 32, context: "podmesh gossip key id 1")
        return digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The key of a pair of machines, the same from both sides: BLAKE2b over what X25519
    /// yields and both public keys in order of their bytes, so that the key belongs to exactly
    /// these two.
    func pairKey(with peerKey: [UInt8]) -> [UInt8]? {
        guard let shared = Sodium.sharedSecret(secret: secretKey, publicKey: peerKey)
        else { return nil }
        let isFirst = publicKey.lexicographicallyPrecedes(peerKey)
        let parts = isFirst ? [shared, publicKey, peerKey] : [shared, peerKey, publicKey]
        return Sodium.hash(parts, count: Sodium.keyBytes, context: "podmesh gossip pair key 1")
    }
}
