package import Base

/// A secret of the cluster as it lies on disks: encrypted under a key of its own, and that key
/// sealed for each machine that may know it.
///
/// Who holds the Store's bytes but no machine's secret key learns nothing. A machine is given
/// access by one small box, without touching the secret; to take access away from a machine that
/// had it, the secret itself must be replaced.
package struct Vault: Hashable, Sendable {
    /// 24 bytes of nonce, then XChaCha20-Poly1305 of the secret.
    package var ciphertext: [UInt8]
    /// The vault's key in a sealed box (X25519, libsodium `crypto_box_seal`) for each machine.
    package var keys: [MachineName: [UInt8]]

    private static let header = Array("podmesh vault 1".utf8)

    package init(ciphertext: [UInt8], keys: [MachineName: [UInt8]]) {
        self.ciphertext = ciphertext
        self.keys = keys
    }

    /// Encrypts a secret for the machines with these X25519 public keys; nil when one of the
    /// keys is none.
    package init?(sealing secret: [UInt8], for recipients: [MachineName: [UInt8]]) {
        let key = Sodium.random(Sodium.keyBytes)
        let nonce = Sodium.random(Sodium.nonceBytes)
        ciphertext =
            nonce + Sodium.encrypt(secret, header: Self.header, nonce: nonce, key: key)
        keys = [:]
        for name in recipients.keys.sorted() {
            guard let publicKey = recipients[name],
                let box = Sodium.sealBox(key, for: publicKey)
            else { return nil }
            keys[name] = box
        }
    }

    /// The secret, for a machine that may know it; nil for any other, or when it was changed.
    package func open(as name: MachineName, with identity: GossipIdentity) -> [UInt8]? {
        guard let key = key(of: name, identity), ciphertext.count > Sodium.nonceBytes
        else { return nil }
        return Sodium.decrypt(
            Array(ciphertext.dropFirst(Sodium.nonceBytes)), header: Self.header,
            nonce: Array(ciphertext.prefix(Sodium.nonceBytes)), key: key)
    }

    /// The box that lets another machine open the vault; made by one that can open it itself.
    package func box(
        for publicKey: [UInt8], by name: MachineName, with identity: GossipIdentity
    ) -> [UInt8]? {
        key(of: name, identity).flatMap { Sodium.sealBox($0, for: publicKey) }
    }

    private func key(of name: MachineName, _ identity: GossipIdentity) -> [UInt8]? {
        guard let box = keys[name],
            let key = Sodium.openBox(
                box, publicKey: identity.publicKey, secretKey: identity.secretKey),
            key.count == Sodium.keyBytes
        else { return nil }
        return key
    }
}
