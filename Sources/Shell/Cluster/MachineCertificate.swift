import Base
import Gossip

/// What the authority certifies of a machine: its key for TLS and its key for the mesh.
struct MachineCertificate {
    let certificatePEM: String
    let mesh: GossipCertificate

    /// Mesh certificates are valid as long as those for TLS.
    private static let lifetime = Span.seconds(365 * 86_400)

    /// Certifies the keys of a machine under its name and address.
    init(
        of name: MachineName, address: String, publicKeyPEM: String, meshPublicKey: [UInt8],
        by secrets: AuthoritySecrets, configuration: MachineConfiguration, at now: WallTime
    ) throws(ShellError) {
        let authority = try ClusterAuthority(
            certificatePEM: secrets.certificatePEM, privateKeyPEM: secrets.privateKeyPEM)
        let service = IPv4Network(configuration.network.serviceCIDR)?.address(at: 1)?.description
        certificatePEM = try authority.issueMachine(
            name, publicKeyPEM: publicKeyPEM,
            addresses: [address, "127.0.0.1", configuration.api.virtualAddress]
                + [service].compactMap(\.self),
            names: [
                name.text, "localhost", "kubernetes", "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc.\(configuration.dns.clusterDomain)",
            ], at: now)
        guard let meshAuthority = GossipAuthority(seed: secrets.meshSecretKey),
            meshPublicKey.count == GossipCertificate.publicKeyBytes
        else {
            throw ShellError(.identity, "certify the mesh key of \(name)")
        }
        // A later certificate of a name replaces earlier ones, so the time serves as serial.
        mesh = meshAuthority.certify(
            name: name, publicKey: meshPublicKey, serial: UInt64(max(0, now.seconds)),
            expiry: now + Self.lifetime)
    }
}
