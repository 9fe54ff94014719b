import Base
import Foundation
import Shell
import Testing

struct IdentityTests {
    private let now = WallTime(seconds: 1_790_000_000)

    @Test func aJoinTokenSurvivesItsText() throws {
        let token = JoinToken.make(fingerprint: String(repeating: "ab", count: 32))
        #expect(try JoinToken(parsing: token.description) == token)
    }

    @Test(arguments: ["", "abc", "abcdef.0123456789abcdef", "a.b@c", "abcdef.0123456789abcdef@12"])
    func aTextThatIsNoTokenIsRefused(text: String) {
        #expect(throws: ShellError.self) { try JoinToken(parsing: text) }
    }

    @Test func theFingerprintIsTheCertificates() throws {
        let authority = try ClusterAuthority.create(id: "1", at: now)
        let other = try ClusterAuthority.create(id: "2", at: now)
        #expect(authority.fingerprint.count == 64)
        #expect(
            ClusterAuthority.fingerprint(ofPEM: authority.certificatePEM)
                == authority.fingerprint)
        #expect(authority.fingerprint != other.fingerprint)
        #expect(ClusterAuthority.fingerprint(ofPEM: "nonsense") == nil)
    }

    /// A machine serves with its certificate and those that vouch for its authority in one text.
    @Test func certificatesMayFollowOneAnother() throws {
        let old = try ClusterAuthority.create(id: "1", at: now)
        let new = try ClusterAuthority.create(id: "2", at: now)
        let name = try #require(MachineName("machine-1"))
        let machine = try new.issueMachine(
            name, publicKeyPEM: MachineKey().publicKeyPEM, addresses: ["192.0.2.1"],
            names: ["machine-1"], serial: 7, at: now)
        let text = try machine + old.crossCertify(new, at: now) + old.certificatePEM
        #expect(ClusterAuthority.certificates(inPEM: text).count == 3)
        #expect(ClusterAuthority.certificates(inPEM: text).joined() == text)
    }

    @Test func aClusterIsCreatedOnceInAFolder() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("podmesh-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = try MachineConfiguration(
            yaml: "name: a\naddress: 192.0.2.1\ndataDirectory: \(folder)\n", file: "config.yaml")
        let creation = ClusterCreation(configuration: configuration)
        let result = try creation.create(at: now)
        #expect(result.kubeconfig.server == "https://192.0.2.1:6443")
        #expect(IdentityDirectory(dataDirectory: folder).exists)
        let attributes = try FileManager.default.attributesOfItem(
            atPath: folder + "/identity/identity.json")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(throws: ShellError.self) { try creation.create(at: now) }
    }
}
