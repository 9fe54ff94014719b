package import Base

/// The authority's word that a public key speaks for a machine.
///
/// A plain value; ``GossipAuthority`` makes it and ``DatagramSealer`` verifies it. A core only
/// carries it along in the member record.
package struct GossipCertificate: Hashable, Sendable {
    /// The machine that the key speaks for.
    package let name: MachineName
    /// X25519 public key, 32 bytes.
    package let publicKey: [UInt8]
    /// Raised with each certificate of a name; revocation is by serial.
    package let serial: UInt64
    /// Seconds since 1970 after which the key is refused.
    package let expiry: Int64
    /// Ed25519 signature over ``signedBytes``, 64 bytes.
    package let signature: [UInt8]

    package static let publicKeyBytes = 32
    package static let signatureBytes = 64

    package init(
        name: MachineName, publicKey: [UInt8], serial: UInt64, expiry: Int64, signature: [UInt8]
    ) {
        self.name = name
        self.publicKey = publicKey
        self.serial = serial
        self.expiry = expiry
        self.signature = signature
    }

    /// What the authority signs: a prefix that no other use of its key has, then the fields.
    package var signedBytes: [UInt8] {
        var writer = ByteWriter(capacity: 128)
        writer.writeString("podmesh gossip certificate 1")
        writer.writeString(name.text)
        writer.writeBytes(publicKey)
        writer.writeInteger(serial)
        writer.writeInteger(expiry)
        return writer.bytes
    }

    /// The form kept on disk and sent in introductions.
    package var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 160)
        writer.writeString(name.text)
        GossipCodec.write(self, to: &writer)
        return writer.bytes
    }

    /// Reads what ``encoded`` wrote. Says nothing about the signature.
    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = ByteReader(bytes)
        let name = try reader.readMachineName()
        self = try GossipCodec.readCertificate(of: name, &reader)
        try reader.expectEnd()
    }
}

extension GossipCodec {
    /// Writes the certificate without the name, which the record around it has already.
    static func write(_ certificate: GossipCertificate, to writer: inout ByteWriter) {
        writer.writeInteger(certificate.serial)
        writer.writeInteger(certificate.expiry)
        writer.writeRaw(certificate.publicKey)
        writer.writeRaw(certificate.signature)
    }

    static func readCertificate(
        of name: MachineName, _ reader: inout ByteReader
    ) throws(DecodeError) -> GossipCertificate {
        let serial: UInt64 = try reader.readInteger()
        let expiry: Int64 = try reader.readInteger()
        return GossipCertificate(
            name: name, publicKey: try reader.readRaw(GossipCertificate.publicKeyBytes),
            serial: serial, expiry: expiry,
            signature: try reader.readRaw(GossipCertificate.signatureBytes))
    }
}
