import Base
import Foundation
import Shell
import Testing

@Suite struct ClientCertificateTests {
    private let now = WallTime(seconds: 1_795_241_100)
    private let year = Span.seconds(366 * 86_400)

    private func der(_ pem: String) throws -> [UInt8] {
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        return Array(try #require(Data(base64Encoded: lines.joined())))
    }

    @Test func `a certificate of the cluster tells the user and his groups`() throws {
        let authority = try ClusterAuthority.create(id: "a1", at: now)
        let issued = try authority.issueUser("jane", groups: ["people", "admins"], at: now)
        let subject = try #require(
            CertificateSubject(
                der: der(issued.certificatePEM), issuedBy: [authority.certificatePEM], at: now))
        #expect(subject.commonName == "jane")
        #expect(subject.organizations.sorted() == ["admins", "people"])
        #expect(subject.authority == "a1")
        #expect(subject.expiry > now.seconds)
    }

    @Test func `one that is not valid yet or any more is nobody's`() throws {
        let authority = try ClusterAuthority.create(id: "a1", at: now)
        let bytes = try der(authority.issueUser("jane", groups: [], at: now).certificatePEM)
        let trusted = [authority.certificatePEM]
        #expect(CertificateSubject(der: bytes, issuedBy: trusted, at: now) != nil)
        #expect(CertificateSubject(der: bytes, issuedBy: trusted, at: now + year) == nil)
        let early = WallTime(seconds: now.seconds - 86_400)
        #expect(CertificateSubject(der: bytes, issuedBy: trusted, at: early) == nil)
    }

    @Test func `one of another authority is nobody's, whatever it calls itself`() throws {
        let authority = try ClusterAuthority.create(id: "a1", at: now)
        let namesake = try ClusterAuthority.create(id: "a1", at: now)
        let bytes = try der(namesake.issueUser("jane", groups: [], at: now).certificatePEM)
        #expect(
            CertificateSubject(der: bytes, issuedBy: [authority.certificatePEM], at: now) == nil)
        let both = [authority.certificatePEM, namesake.certificatePEM]
        #expect(CertificateSubject(der: bytes, issuedBy: both, at: now) != nil)
        #expect(CertificateSubject(der: bytes, issuedBy: [], at: now) == nil)
        #expect(CertificateSubject(der: [1, 2, 3], issuedBy: both, at: now) == nil)
    }

    @Test func `an authority's own certificate is no client's`() throws {
        let authority = try ClusterAuthority.create(id: "a1", at: now)
        #expect(
            CertificateSubject(
                der: try der(authority.certificatePEM), issuedBy: [authority.certificatePEM],
                at: now) == nil)
    }
}
