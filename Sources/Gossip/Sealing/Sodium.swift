import CSodium

/// The few calls of libsodium that sealing needs, with Swift arrays and lengths checked here,
/// so that no caller hands it a pointer.
enum Sodium {
    static let keyBytes = 32
    static let nonceBytes = 24
    static let tagBytes = 16
    static let signatureBytes = 64
    static let signingSeedBytes = 32

    /// libsodium wants one call before all others; it is safe to come from several threads.
    private static let isReady: Bool = sodium_init() >= 0

    private static func prepare() {
        precondition(isReady, "libsodium could not be initialised")
    }

    /// Bytes of the operating system's random source.
    static func random(_ count: Int) -> [UInt8] {
        prepare()
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }

    /// BLAKE2b of the parts, each prefixed with nothing: callers use fixed-length parts.
    static func hash(_ parts: [[UInt8]], count: Int, context: String) -> [UInt8] {
        prepare()
        let key = Array(context.utf8)
        let message = Array(parts.joined())
        var digest = [UInt8](repeating: 0, count: count)
        let status = crypto_generichash(
            &digest, count, message, UInt64(message.count), key, key.count)
        precondition(status == 0, "BLAKE2b takes keys of 16 to 64 bytes, not \(key.count)")
        return digest
    }

    // MARK: X25519

    static func publicKey(ofSecret secret: [UInt8]) -> [UInt8]? {
        prepare()
        guard secret.count == keyBytes else { return nil }
        var key = [UInt8](repeating: 0, count: keyBytes)
        return crypto_scalarmult_base(&key, secret) == 0 ? key : nil
    }

    /// Nil for a public key of small order, which would give a secret that anybody knows.
    static func sharedSecret(secret: [UInt8], publicKey: [UInt8]) -> [UInt8]? {
        prepare()
        guard secret.count == keyBytes, publicKey.count == keyBytes else { return nil }
        var shared = [UInt8](repeating: 0, count: keyBytes)
        return crypto_scalarmult(&shared, secret, publicKey) == 0 ? shared : nil
    }

    // MARK: Ed25519

    static func signingKeys(seed: [UInt8]) -> (publicKey: [UInt8], secretKey: [UInt8])? {
        prepare()
        guard seed.count == signingSeedBytes else { return nil }
        var publicKey = [UInt8](repeating: 0, count: keyBytes)
        var secretKey = [UInt8](repeating: 0, count: 64)
        guard crypto_sign_seed_keypair(&publicKey, &secretKey, seed) == 0 else { return nil }
        return (publicKey, secretKey)
    }

    static func sign(_ message: [UInt8], secretKey: [UInt8]) -> [UInt8] {
        prepare()
        precondition(secretKey.count == 64, "an Ed25519 secret key has 64 bytes")
        var signature = [UInt8](repeating: 0, count: signatureBytes)
        crypto_sign_detached(&signature, nil, message, UInt64(message.count), secretKey)
        return signature
    }

    static func verify(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        prepare()
        guard signature.count == signatureBytes, publicKey.count == keyBytes else { return false }
        return crypto_sign_verify_detached(
            signature, message, UInt64(message.count), publicKey) == 0
    }

    // MARK: XChaCha20-Poly1305

    /// The ciphertext with its tag. `key` and `nonce` have their fixed lengths.
    static func encrypt(
        _ plaintext: [UInt8], header: [UInt8], nonce: [UInt8], key: [UInt8]
    ) -> [UInt8] {
        prepare()
        precondition(nonce.count == nonceBytes && key.count == keyBytes)
        var sealed = [UInt8](repeating: 0, count: plaintext.count + tagBytes)
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            &sealed, nil, plaintext, UInt64(plaintext.count), header, UInt64(header.count), nil,
            nonce, key)
        return sealed
    }

    /// Nil when the tag does not fit the ciphertext, the header, the nonce or the key.
    static func decrypt(
        _ sealed: [UInt8], header: [UInt8], nonce: [UInt8], key: [UInt8]
    ) -> [UInt8]? {
        prepare()
        guard sealed.count >= tagBytes, nonce.count == nonceBytes, key.count == keyBytes
        else { return nil }
        var plaintext = [UInt8](repeating: 0, count: sealed.count - tagBytes)
        let status = crypto_aead_xchacha20poly1305_ietf_decrypt(
            &plaintext, nil, nil, sealed, UInt64(sealed.count), header, UInt64(header.count),
            nonce, key)
        return status == 0 ? plaintext : nil
    }

    // MARK: Sealed boxes

    static let sealedBoxBytes = 48

    /// A message that only the holder of the X25519 key can open, from nobody in particular.
    static func sealBox(_ message: [UInt8], for publicKey: [UInt8]) -> [UInt8]? {
        prepare()
        guard publicKey.count == keyBytes else { return nil }
        var sealed = [UInt8](repeating: 0, count: message.count + sealedBoxBytes)
        let status = crypto_box_seal(&sealed, message, UInt64(message.count), publicKey)
        return status == 0 ? sealed : nil
    }

    static func openBox(_ sealed: [UInt8], publicKey: [UInt8], secretKey: [UInt8]) -> [UInt8]? {
        prepare()
        guard sealed.count >= sealedBoxBytes, publicKey.count == keyBytes,
            secretKey.count == keyBytes
        else { return nil }
        var message = [UInt8](repeating: 0, count: sealed.count - sealedBoxBytes)
        let status = crypto_box_seal_open(
            &message, sealed, UInt64(sealed.count), publicKey, secretKey)
        return status == 0 ? message : nil
    }
}
