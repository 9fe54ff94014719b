import NIOSSL

/// The TLS settings of one machine, made from its identity files.
struct MachineTLS {
    /// The certificates of every trusted authority.
    private let authorityPEM: String
    /// This machine's certificate, and what lets clients of the authority before accept it.
    private let chainPEM: String
    private let privateKeyPEM: String

    init(_ identity: IdentityDirectory.Contents) {
        authorityPEM = identity.trustedPEM
        chainPEM =
            identity.certificatePEM
            + identity.authorities.compactMap(\.crossCertificatePEM).joined()
        privateKeyPEM = identity.privateKeyPEM
    }

    /// For the API: clients of TLS 1.2 and 1.3, with or without a certificate.
    func apiServer() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain(), privateKey: .privateKey(try key()))
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .optionalVerification
        configuration.trustRoots = .certificates(try authority())
        configuration.applicationProtocols = HTTPPipeline.versions
        return try NIOSSLContext(configuration: configuration)
    }

    /// For links between machines: TLS 1.3 with a certificate on both sides.
    func peerServer() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
            certificateChain: try chain(), privateKey: .privateKey(try key()),
            trustRoots: .certificates(try authority()))
        configuration.minimumTLSVersion = .tlsv13
        return try NIOSSLContext(configuration: configuration)
    }

    /// For connections to other machines. Peers are known by the names in their certificates,
    /// not by addresses, so the caller checks the subject.
    func peerClient() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(try authority())
        configuration.certificateChain = try chain()
        configuration.privateKey = .privateKey(try key())
        return try NIOSSLContext(configuration: configuration)
    }

    private func chain() throws -> [NIOSSLCertificateSource] {
        try NIOSSLCertificate.fromPEMBytes(Array(chainPEM.utf8)).map { .certificate($0) }
    }

    private func authority() throws -> [NIOSSLCertificate] {
        try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8))
    }

    private func key() throws -> NIOSSLPrivateKey {
        try NIOSSLPrivateKey(bytes: Array(privateKeyPEM.utf8), format: .pem)
    }
}
