package import Base

/// The cluster's Ed25519 key that says which public key speaks for which machine.
package struct GossipAuthority: Sendable {
    /// 32 bytes that make the whole key; to be kept as the cluster's secret.
    package let seed: [UInt8]
    /// 32 bytes that every machine has.
    package let publicKey: [UInt8]
    private let secretKey: [UInt8]

    package static func generate() -> GossipAuthority {
        // Every 32 bytes are a seed of Ed25519, so a second draw never comes.
        while true {
            if let authority = GossipAuthority(seed: Sodium.random(Sodium.signingSeedBytes)) {
                return authority
            }
        }
    }

    /// The authority that was generated earlier; nil unless given 32 bytes.
    package init?(seed: [UInt8]) {
        guard let keys = Sodium.signingKeys(seed: seed) else { return nil }
        self.seed = seed
        publicKey = keys.publicKey
        secretKey = keys.secretKey
    }

    /// `serial` starts at 1 and must be above that of every earlier certificate of the name.
    package func certify(
        name: MachineName, publicKey: [UInt8], serial: UInt64, expiry: WallTime
    ) -> GossipCertificate {
        let blank = GossipCertificate(
            name: name, publicKey: publicKey, serial: serial, expiry: expiry.seconds,
            signature: [])
        return GossipCertificate(
            name: name, publicKey: publicKey, serial: serial, expiry: expiry.seconds,
            signature: Sodium.sign(blank.signedBytes, secretKey: secretKey))
    }
}

extension GossipCertificate {
    /// True when the authority with this public key signed it and its time is not over.
    package func isValid(authorityKey: [UInt8], at now: WallTime) -> Bool {
        now.seconds < expiry && publicKey.count == Self.publicKeyBytes
            && Sodium.verify(signature, of: signedBytes, publicKey: authorityKey)
    }
}
