package import Base
import Crypto
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
    private static let certificateLifetime: TimeInterval = 365 * 86_400
    /// Certificates are valid from a little before now, since clocks of machines differ.
    private static let clockTolerance: TimeInterval = 3_600

    /// Makes a new authority.
    package static func create(at now: WallTime) throws(ShellError) -> ClusterAuthority {
        try Self.reporting("create the cluster's authority") {
            let key = P256.Signing.PrivateKey()
            let signer = Certificate.PrivateKey(key)
            let name = try DistinguishedName { CommonName("podmesh") }
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
                certificatePEM: certificate.serializeAsPEM().pemString,
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

    /// Certifies a machine's public key for its API server, its Raft links and its kubelet.
    package func issueMachine(
        _ machine: MachineName, publicKeyPEM: String, addresses: [String], names: [String],
        at now: WallTime
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
                usages: [.serverAuth, .clientAuth], alternatives: alternatives, at: now)
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
                usages: [.clientAuth], alternatives: [], at: now)
            return Issued(certificatePEM: certificate, privateKeyPEM: key.pemRepresentation)
        }
    }

    private func issue(
        _ subject: DistinguishedName, publicKey: Certificate.PublicKey,
        usages: [ExtendedKeyUsage.Usage], alternatives: [GeneralName], at now: WallTime
    ) throws -> String {
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey,
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
        return try certificate.serializeAsPEM().pemString
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

    /// Reads the subject out of a certificate in DER form.
    package init?(der: [UInt8]) {
        guard let certificate = try? Certificate(derEncoded: der) else { return nil }
        var commonName = ""
        var organizations: [String] = []
        for attribute in certificate.subject.flatMap({ Array($0) }) {
            let value = String(describing: attribute.value)
            if attribute.type == .RDNAttributeType.commonName { commonName = value }
            if attribute.type == .RDNAttributeType.organizationName {
                organizations.append(value)
            }
        }
        self.commonName = commonName
        self.organizations = organizations
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
