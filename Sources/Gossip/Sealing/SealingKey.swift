/// A key that bytes on disks are sealed with (XChaCha20-Poly1305). Whoever changes one bit of what
/// was sealed, or of what it was sealed for, is found out when it is opened.
package struct SealingKey: Hashable, Sendable {
    /// 32 bytes, secret.
    package let bytes: [UInt8]

    package static let nonceBytes = Sodium.nonceBytes
    /// How much longer sealed bytes are.
    package static let tagBytes = Sodium.tagBytes
    package static let passphraseSaltBytes = Sodium.passphraseSaltBytes

    /// Nil for a wrong length.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Sodium.keyBytes else { return nil }
        self.bytes = bytes
    }

    /// The key of a passphrase; nil when the machine has not the memory that it takes.
    package init?(passphrase: [UInt8], salt: [UInt8]) {
        guard let bytes = Sodium.key(passphrase: passphrase, salt: salt) else { return nil }
        self.bytes = bytes
    }

    private init(random count: Int) { bytes = Sodium.random(count) }

    package static func generate() -> SealingKey { SealingKey(random: Sodium.keyBytes) }

    /// A nonce that never comes again.
    package static func makeNonce() -> [UInt8] { Sodium.random(Sodium.nonceBytes) }

    package static func makeSalt() -> [UInt8] { Sodium.random(passphraseSaltBytes) }

    /// `header` says what the bytes are and where they belong: they open nowhere else. A nonce of
    /// 24 bytes must not be used twice under one key.
    package func seal(_ message: [UInt8], nonce: [UInt8], header: [UInt8]) -> [UInt8] {
        Sodium.encrypt(message, header: header, nonce: nonce, key: bytes)
    }

    package func open(_ sealed: [UInt8], nonce: [UInt8], header: [UInt8]) -> [UInt8]? {
        Sodium.decrypt(sealed, header: header, nonce: nonce, key: bytes)
    }

    // MARK: Sealing the key itself

    private static let boxHeader = Array("podmesh sealed key 1".utf8)

    /// This key, for whoever holds another one.
    package func box(under key: SealingKey) -> [UInt8] {
        let nonce = Self.makeNonce()
        return nonce + key.seal(bytes, nonce: nonce, header: Self.boxHeader)
    }

    package init?(box: [UInt8], under key: SealingKey) {
        guard box.count > Self.nonceBytes,
            let bytes = key.open(
                Array(box.dropFirst(Self.nonceBytes)), nonce: Array(box.prefix(Self.nonceBytes)),
                header: Self.boxHeader)
        else { return nil }
        self.init(bytes)
    }

    /// This key, for the holder of an X25519 key; nil when `publicKey` is none.
    package func box(for publicKey: [UInt8]) -> [UInt8]? { Sodium.sealBox(bytes, for: publicKey) }

    package init?(box: [UInt8], for identity: GossipIdentity) {
        guard
            let bytes = Sodium.openBox(
                box, publicKey: identity.publicKey, secretKey: identity.secretKey)
        else { return nil }
        self.init(bytes)
    }
}
