import Base
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// What this machine proves itself with over TLS, and whom it lets in. Shared by every thread that
/// makes or takes connections; each new connection uses what is true at that moment, and a change
/// closes the connections that would not be let in any more.
package final class MachineTrust: Sendable {
    private struct State {
        var contexts: Contexts
        /// Certificates of these machines with at most these serials are refused.
        var barred: [MachineName: UInt64] = [:]
        /// Ids of the trusted authorities.
        var authorities: Set<String>
        /// Their certificates.
        var authorityPEMs: [String]
        /// Connections whose peer showed a certificate.
        var connections: [ObjectIdentifier: (channel: any Channel, subject: CertificateSubject)] =
            [:]
    }

    private struct Contexts {
        let apiServer: NIOSSLContext
        let peerServer: NIOSSLContext
        let peerClient: NIOSSLContext

        init(_ tls: MachineTLS) throws {
            apiServer = try tls.apiServer()
            peerServer = try tls.peerServer()
            peerClient = try tls.peerClient()
        }
    }

    private let state: NIOLockedValueBox<State>

    package init(_ identity: IdentityDirectory.Contents) throws {
        state = NIOLockedValueBox(
            State(
                contexts: try Contexts(MachineTLS(identity)),
                authorities: Set(identity.authorities.map(\.id)),
                authorityPEMs: identity.authorities.map(\.certificatePEM)))
    }

    /// For clients of the API.
    var apiServer: NIOSSLContext { state.withLockedValue { $0.contexts.apiServer } }
    /// For connections that other machines open.
    var peerServer: NIOSSLContext { state.withLockedValue { $0.contexts.peerServer } }
    /// For connections to other machines.
    var peerClient: NIOSSLContext { state.withLockedValue { $0.contexts.peerClient } }

    /// From now on these certificates are shown, and these authorities are trusted.
    func use(_ identity: IdentityDirectory.Contents) throws {
        let contexts = try Contexts(MachineTLS(identity))
        state.withLockedValue { state in
            state.contexts = contexts
            state.authorities = Set(identity.authorities.map(\.id))
            state.authorityPEMs = identity.authorities.map(\.certificatePEM)
        }
        closeRefused()
    }

    /// From now on certificates of these machines with at most these serials are refused.
    func bar(_ serials: [MachineName: UInt64]) {
        state.withLockedValue { $0.barred = serials }
        closeRefused()
    }

    /// Whether somebody with that certificate is let in; TLS has verified the signature.
    func admits(_ subject: CertificateSubject) -> Bool {
        state.withLockedValue { Self.admits(subject, $0) }
    }

    private static func admits(_ subject: CertificateSubject, _ state: State) -> Bool {
        guard state.authorities.contains(subject.authority) else { return false }
        guard let machine = subject.machine else { return true }
        return subject.serial > state.barred[machine] ?? 0
    }

    /// Who shows this certificate, which TLS has not judged: a client whose certificate is bad gets
    /// an answer that says so, and not a broken connection.
    func identify(_ der: [UInt8], on channel: any Channel) -> ConnectionIdentity {
        let authorities = state.withLockedValue { $0.authorityPEMs }
        guard
            let subject = CertificateSubject(der: der, issuedBy: authorities, at: .now),
            enter(subject, on: channel)
        else { return .refused }
        return .certificate(subject)
    }

    /// Notes who is at the other end, to close the connection when he is let in no more; false when
    /// he is not let in now.
    func enter(_ subject: CertificateSubject, on channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdmitted = state.withLockedValue { state in
            guard Self.admits(subject, state) else { return false }
            state.connections[id] = (channel, subject)
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { [state] _ in
            state.withLockedValue { _ = $0.connections.removeValue(forKey: id) }
        }
        return true
    }

    private func closeRefused() {
        let refused = state.withLockedValue { state in
            state.connections.values.filter { !Self.admits($0.subject, state) }.map(\.channel)
        }
        for channel in refused { channel.close(promise: nil) }
    }
}
