import Base
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
        if let known {
            // A connection can outlive the certificate that it was opened with.
            guard case .certificate(let subject) = known, subject.expiry < WallTime.now.seconds
            else { return known }
            self.known = .refused
            return .refused
        }
        let certificate = try? channel.pipeline.syncOperations.nioSSL_peerCertificate()
        let bytes = certificate.flatMap { try? $0.toDERBytes() }
        let identity = bytes.map { trust.identify($0, on: channel) } ?? .anonymous
        known = identity
        return identity
    }
}
