import CSodium

extension Sodium {
    static let passphraseSaltBytes = 16

    /// A key out of a passphrase with Argon2id, which costs whoever tries many a second and 256 MiB
    /// for each. Nil when the memory is not to be had, or there is no passphrase.
    static func key(passphrase: [UInt8], salt: [UInt8]) -> [UInt8]? {
        guard sodium_init() >= 0, salt.count == passphraseSaltBytes else { return nil }
        var key = [UInt8](repeating: 0, count: keyBytes)
        let status = passphrase.withUnsafeBytes { bytes in
            guard let text = bytes.bindMemory(to: CChar.self).baseAddress else { return Int32(-1) }
            return crypto_pwhash(
                &key, UInt64(keyBytes), text, UInt64(bytes.count), salt, 3, 268_435_456,
                crypto_pwhash_alg_argon2id13())
        }
        return status == 0 ? key : nil
    }
}
