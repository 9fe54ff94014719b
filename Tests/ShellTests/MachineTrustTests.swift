import Base
import Daemon
import Foundation
import Gossip
import Testing

@testable import Shell

/// The certificates with which a machine serves while the authority is replaced.
struct MachineTrustTests {
    private let now = WallTime(seconds: 1_790_000_000)

    @Test func aMachineServesWithAnAuthorityThatAnotherVouchesFor() throws {
        let name = try #require(MachineName("machine-1"))
        let old = try AuthoritySecrets.create(for: [:], previous: nil, at: now)
        let new = try AuthoritySecrets.create(for: [:], previous: old.secrets, at: now)
        let configuration = try MachineConfiguration(
            yaml: "name: machine-1\naddress: 192.0.2.1\n", file: "config.yaml")
        for issuing in [old, new] {
            let key = MachineKey()
            let mesh = GossipIdentity.generate()
            let certificate = try MachineCertificate(
                of: MachineCertificate.Subject(
                    name: name, address: "192.0.2.1", publicKeyPEM: key.publicKeyPEM,
                    meshPublicKey: mesh.publicKey),
                serial: 7, by: issuing.secrets, id: issuing.entry.id,
                configuration: configuration, at: now)
            let identity = IdentityDirectory.Contents(
                clusterID: "cluster", machine: name.text,
                authorities: [old.entry, new.entry].map(IdentityDirectory.Authority.init),
                generation: 2, certificatePEM: certificate.certificatePEM,
                privateKeyPEM: key.privateKeyPEM, meshKey: mesh.secretKey,
                meshCertificate: certificate.mesh.encoded, vaultKey: [], seeds: [])
            #expect(throws: Never.self) { try MachineTrust(identity) }
            #expect(ClusterAuthority.certificates(inPEM: identity.trustedPEM).count == 2)
        }
    }
}
