package import API
package import Base
import Crypto
import Daemon
import Foundation
import SwiftASN1
import X509

/// The cluster's certificate authority: it issues the certificates of machines and users.
///
/// Keys are P-256, which every TLS peer accepts.
package struct ClusterAuthority: Sendable {
    package let certificatePEM: String
    package let privateKeyPEM: String
    private let certificate: Certificate
    private let privateKey: Certificate.PrivateKey

    /// A machine's or user's certificate with the key that belongs to it.
    package struct Issued: Sendable {
        package let certificatePEM: String
        package let privateKeyPEM: String
    }

    private static let authorityLifetime: TimeInterval = 10 * 365 * 86_400
    /// As long as a machine's record says.
    private static let certificateLifetime = TimeInterval(
        IdentityBook.certificateLifetime.nanoseconds / 1_000_000_000)
    private static let namePrefix = "podmesh "
    /// Certificates are valid from a little before now, since clocks of machines differ.
    private static let clockTolerance: TimeInterval = 3_600

    /// Makes a new authority. Its name ends with `id`, so that two of one cluster differ.
    package static func create(
        id: String, at now: WallTime
    ) throws(ShellError) -> ClusterAuthority {
        try Self.reporting("create the cluster's authority") {
            let key = P256.Signing.PrivateKey()
            let signer = Certificate.PrivateKey(key)
            let name = try DistinguishedName { CommonName(namePrefix + id) }
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: signer.publicKey,
                notValidBefore: now.date - clockTolerance,
                notValidAfter: now.date + authorityLifetime, issuer: name, subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                },
                issuerPrivateKey: signer)
            return try ClusterAuthority(
                certificatePEM: certificate.pemText,
                privateKeyPEM: key.pemRepresentation)
        }
    }

    /// Reads an authority from its two PEM documents.
    package init(certificatePEM: String, privateKeyPEM: String) throws(ShellError) {
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
        (certificate, privateKey) = try Self.reporting("read the cluster's authority") {
            (
                try Certificate(pemEncoded: certificatePEM),
                Certificate.PrivateKey(
                    try P256.Signing.PrivateKey(pemRepresentation: privateKeyPEM))
            )
        }
    }

    /// SHA-256 over the certificate's DER form in hexadecimal; join tokens carry it.
    package var fingerprint: String { Self.fingerprint(ofPEM: certificatePEM) ?? "" }

    package static func fingerprint(ofPEM text: String) -> String? {
        guard let document = try? PEMDocument(pemString: text) else { return nil }
        return SHA256.hash(data: document.derBytes).map { String(format: "%02x", $0) }.joined()
    }

    /// Each certificate of a text that holds several.
    package static func certificates(inPEM text: String) -> [String] {
        ((try? PEMDocument.parseMultiple(pemString: text)) ?? []).map { $0.pemString + "\n" }
    }

    /// Certifies another authority's key under its own name, so that clients that trust this one
    /// accept what that one issues.
    package func crossCertify(
        _ other: ClusterAuthority, at now: WallTime
    ) throws(ShellError) -> String {
        try Self.reporting("vouch for the new authority") {
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: other.certificate.publicKey,
                notValidBefore: now.date - Self.clockTolerance,
                notValidAfter: min(
                    self.certificate.notValidAfter, other.certificate.notValidAfter),
                issuer: self.certificate.subject, subject: other.certificate.subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                },
                issuerPrivateKey: privateKey)
            return try certificate.pemText
        }
    }

    /// Certifies a machine's public key for its API server, its Raft links and its kubelet.
    package func issueMachine(
        _ machine: MachineName, publicKeyPEM: String, addresses: [String], names: [String],
        serial: UInt64, at now: WallTime
    ) throws(ShellError) -> String {
        let addresses = addresses.compactMap { IPv4Address($0)?.octets }
        return try Self.reporting("certify machine \(machine)") {
            let subject = try DistinguishedName {
                OrganizationName("system:nodes")
                CommonName("system:node:\(machine)")
            }
            let alternatives =
                names.map(GeneralName.dnsName)
                + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
            return try issue(
                subject, publicKey: Certificate.PublicKey(pemEncoded: publicKeyPEM),
                usages: [.serverAuth, .clientAuth], alternatives: alternatives,
                serial: Self.serialNumber(serial), at: now)
        }
    }

    /// Makes a key and a client certificate for a user; groups become organizations.
    package func issueUser(
        _ name: String, groups: [String], at now: WallTime
    ) throws(ShellError) -> Issued {
        try Self.reporting("certify user \(name)") {
            let key = P256.Signing.PrivateKey()
            let subject = try DistinguishedName {
                for group in groups { OrganizationName(group) }
                CommonName(name)
            }
            let certificate = try issue(
                subject, publicKey: Certificate.PublicKey(key.publicKey),
                usages: [.clientAuth], alternatives: [], serial: .init(), at: now)
            return Issued(certificatePEM: certificate, privateKeyPEM: key.pemRepresentation)
        }
    }

    private func issue(
        _ subject: DistinguishedName, publicKey: Certificate.PublicKey,
        usages: [ExtendedKeyUsage.Usage], alternatives: [GeneralName],
        serial: Certificate.SerialNumber, at now: WallTime
    ) throws -> String {
        let certificate = try Certificate(
            version: .v3, serialNumber: serial, publicKey: publicKey,
            notValidBefore: now.date - Self.clockTolerance,
            notValidAfter: now.date + Self.certificateLifetime,
            issuer: self.certificate.subject, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage(usages)
                if !alternatives.isEmpty { SubjectAlternativeNames(alternatives) }
            },
            issuerPrivateKey: privateKey)
        return try certificate.pemText
    }

    /// A machine's serial inside an X.509 serial number, which must be unique for its issuer
    /// (RFC 5280 §4.1.2.2): a one, the serial in eight bytes, seven random bytes.
    private static func serialNumber(_ serial: UInt64) -> Certificate.SerialNumber {
        var bytes: [UInt8] = [1]
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: serial >> UInt64(shift)))
        }
        for _ in 0..<7 { bytes.append(.random(in: 0 ... .max)) }
        return Certificate.SerialNumber(bytes: bytes)
    }

    fileprivate static func machineSerial(_ number: Certificate.SerialNumber) -> UInt64? {
        let bytes = Array(number.bytes)
        guard bytes.count == 16, bytes[0] == 1 else { return nil }
        return bytes[1...8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The id of the authority with that name.
    fileprivate static func id(of name: DistinguishedName) -> String {
        let commonName = CertificateSubject.attributes(of: name).commonName
        guard commonName.hasPrefix(namePrefix) else { return "" }
        return String(commonName.dropFirst(namePrefix.count))
    }

    private static func reporting<Value>(
        _ operation: String, _ body: () throws -> Value
    ) throws(ShellError) -> Value {
        do {
            return try body()
        } catch {
            throw ShellError(.identity, operation, underlying: "\(error)")
        }
    }
}

/// Who a peer is, as its verified certificate says.
package struct CertificateSubject: Sendable, Equatable {
    package let commonName: String
    package let organizations: [String]
    /// The id of the authority that issued the certificate.
    package let authority: String
    /// Which certification of the machine this is; zero for users.
    package let serial: UInt64
    /// When the certificate is good no more, in seconds of Unix time.
    package let expiry: Int64
    /// SHA-256 of the certificate in hexadecimal.
    package let fingerprint: String
    /// Who sends the requests of a connection with this certificate.
    package let user: UserInfo

    /// Reads the subject out of a certificate in DER form, which TLS has verified.
    package init?(der: [UInt8]) {
        guard let certificate = try? Certificate(derEncoded: der) else { return nil }
        self.init(certificate, der)
    }

    /// Reads the subject out of a client's certificate that nobody has verified: nil unless one of
    /// the authorities (in PEM) issued it, for clients, and it is valid now.
    package init?(der: [UInt8], issuedBy authorities: [String], at now: WallTime) {
        guard let certificate = try? Certificate(derEncoded: der),
            certificate.notValidBefore <= now.date, now.date <= certificate.notValidAfter,
            let usages = try? certificate.extensions.extendedKeyUsage,
            usages.contains(.clientAuth) || usages.contains(.any)
        else { return nil }
        let isIssued = authorities.contains { text in
            guard let authority = try? Certificate(pemEncoded: text) else { return false }
            return authority.subject == certificate.issuer
                && authority.publicKey.isValidSignature(certificate.signature, for: certificate)
        }
        guard isIssued else { return nil }
        self.init(certificate, der)
    }

    private init(_ certificate: Certificate, _ der: [UInt8]) {
        fingerprint = SHA256.hash(data: der).map { String(format: "%02x", $0) }.joined()
        expiry = Int64(certificate.notValidAfter.timeIntervalSince1970)
        (commonName, organizations) = Self.attributes(of: certificate.subject)
        authority = ClusterAuthority.id(of: certificate.issuer)
        serial = ClusterAuthority.machineSerial(certificate.serialNumber) ?? 0
        user = UserInfo(
            name: commonName, groups: organizations + [UserInfo.authenticated],
            extra: [
                UserInfo.Extra(
                    name: "authentication.kubernetes.io/credential-id",
                    values: ["X509SHA256=\(fingerprint)"])
            ])
    }

    fileprivate static func attributes(
        of name: DistinguishedName
    ) -> (commonName: String, organizations: [String]) {
        var commonName = ""
        var organizations: [String] = []
        for attribute in name.flatMap({ Array($0) }) {
            let value = String(describing: attribute.value)
            if attribute.type == .RDNAttributeType.commonName { commonName = value }
            if attribute.type == .RDNAttributeType.organizationName {
                organizations.append(value)
            }
        }
        return (commonName, organizations)
    }

    /// The machine that the certificate names, if it is a machine's.
    package var machine: MachineName? {
        guard organizations.contains("system:nodes"), commonName.hasPrefix("system:node:")
        else { return nil }
        return MachineName(String(commonName.dropFirst("system:node:".count)))
    }
}

/// A key pair of a machine for TLS.
package struct MachineKey: Sendable {
    package let privateKeyPEM: String
    package let publicKeyPEM: String

    package init() {
        let key = P256.Signing.PrivateKey()
        privateKeyPEM = key.pemRepresentation
        publicKeyPEM = key.publicKey.pemRepresentation
    }
}

extension WallTime {
    var date: Date { Date(timeIntervalSince1970: Double(seconds) + Double(nanoseconds) / 1e9) }
}

extension Certificate {
    /// PEM that ends with a line break, so that certificates may follow one another.
    fileprivate var pemText: String {
        get throws { try serializeAsPEM().pemString + "\n" }
    }
}
