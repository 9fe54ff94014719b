import Base
import Daemon
import Gossip

/// What the authority certifies of a machine: its key for TLS and its key for the mesh.
struct MachineCertificate {
    let certificatePEM: String
    let mesh: GossipCertificate
    /// What the machine's record will say.
    let certified: MachineRecord.Certified

    /// A machine's public keys and where it is.
    struct Subject {
        var name: MachineName
        var address: String
        var publicKeyPEM: String
        var meshPublicKey: [UInt8]
    }

    /// Certifies the keys of a machine under its name and address. Both certificates have the same
    /// serial and the same life.
    init(
        of subject: Subject, serial: UInt64, by secrets: AuthoritySecrets, id: String,
        configuration: MachineConfiguration, at now: WallTime
    ) throws(ShellError) {
        let name = subject.name
        let authority = try secrets.authority()
        certified = MachineRecord.Certified(
            serial: serial, authority: id, issuedAt: now,
            expiry: now + IdentityBook.certificateLifetime)
        let service = IPv4Network(configuration.network.serviceCIDR)?.address(at: 1)?.description
        certificatePEM = try authority.issueMachine(
            name, publicKeyPEM: subject.publicKeyPEM,
            addresses: [subject.address, "127.0.0.1", configuration.api.virtualAddress]
                + [service].compactMap(\.self),
            names: [
                name.text, "localhost", "kubernetes", "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc.\(configuration.dns.clusterDomain)",
            ], serial: serial, at: now)
        guard let meshAuthority = GossipAuthority(seed: secrets.meshSecretKey),
            subject.meshPublicKey.count == GossipCertificate.publicKeyBytes
        else {
            throw ShellError(.identity, "certify the mesh key of \(name)")
        }
        mesh = meshAuthority.certify(
            name: name, publicKey: subject.meshPublicKey, serial: serial,
            expiry: certified.expiry)
    }
}
