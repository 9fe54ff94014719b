import NIOCore
import NIOSSL

/// One connection of a client, whose requests may come on many streams of it. Confined to the
/// connection's event loop.
final class HTTPConnection {
    let channel: any Channel
    private let trust: MachineTrust
    private var known: ConnectionIdentity?

    /// - Parameter identity: who the client is, where the transport says so by itself.
    init(_ channel: any Channel, trust: MachineTrust, identity: ConnectionIdentity?) {
        self.channel = channel
        self.trust = trust
        known = identity
    }

    /// How the client proved who it is; asked for after the handshake.
    var identity: ConnectionIdentity {
        if let known { return known }
        let certificate = try? channel.pipeline.syncOperations.nioSSL_peerCertificate()
        let bytes = certificate.flatMap { try? $0.toDERBytes() }
        let subject = bytes.flatMap(CertificateSubject.init(der:))
        let identity =
            subject.map { subject in
                trust.enter(subject, on: channel) ? .certificate(subject) : .refused
            } ?? ConnectionIdentity.anonymous
        known = identity
        return identity
    }
}
