import Base
import Daemon
import Dispatch
import Gossip
import Logging
import NIOCore
import Objects

/// Certificates, trust and keys of this machine while it runs: performs what the core decides about
/// identities.
extension DaemonShell {
    /// Hands a request about identities in; `answer` is called on the loop with its outcome.
    func request(
        _ request: IdentityRequest,
        answer: @escaping @Sendable (isolated DaemonShell, StatusError?) -> Void
    ) {
        let ticket = identityTickets.next()
        identityAnswers[ticket] = answer
        receive(.identity(ticket, request))
    }

    func onIdentityAnswered(_ ticket: Ticket, _ error: StatusError?) {
        identityAnswers.removeValue(forKey: ticket)?(self, error)
    }

    // MARK: Trust

    /// Trusts and bars whom the Store says.
    func onTrustChanged() {
        let book = core.identities
        var barred: [MachineName: UInt64] = [:]
        for name in book.names {
            guard let serial = book.records[name]?.barredUpTo, serial > 0 else { continue }
            barred[name] = serial
            sealer.revoke(name, upTo: serial)
            if book.isRemoved(name) { links?.disconnect(name) }
        }
        trust.bar(barred)
        if let keyring = book.keyring { adopt(keyring) }
        if core.isRemoved, !isRemoved {
            isRemoved = true
            logger.critical("this machine was removed from the cluster")
            onRemoved?()
        }
    }

    private func adopt(_ keyring: Keyring) {
        openVaults(of: keyring)
        guard keyring.generation >= identity.generation else { return }
        sealer.trust(keyring.authorities.map(\.meshPublicKey))
        let authorities = keyring.authorities.map(IdentityDirectory.Authority.init)
        guard
            keyring.generation > identity.generation || authorities != identity.authorities
                || identity.bootstrap != nil
        else { return }
        identity.generation = keyring.generation
        // What a new cluster starts from is in the Store now.
        identity.bootstrap = nil
        identity.authorities = authorities
        useIdentity()
        save(identity)
        logger.info(
            "trusting \(authorities.map(\.id).joined(separator: ", "))",
            metadata: ["generation": "\(keyring.generation)"])
    }

    private func openVaults(of keyring: Keyring) {
        var opened: [String: AuthoritySecrets] = [:]
        for authority in keyring.authorities {
            opened[authority.id] =
                secrets[authority.id]
                ?? AuthoritySecrets(
                    opening: authority, as: core.configuration.name, with: vaultKey)
        }
        guard opened.keys != secrets.keys else { return }
        secrets = opened
        do {
            front?.setTokens(
                try opened.values.map {
                    try ServiceAccountTokens(privateKeyPEM: $0.serviceAccountKeyPEM)
                })
        } catch {
            logger.error(
                "service account tokens cannot be checked", metadata: ["error": "\(error)"])
        }
    }

    /// The authority that certifies now, with its keys.
    var issuing: (entry: Keyring.Authority, secrets: AuthoritySecrets)? {
        guard let entry = core.identities.keyring?.issuing, let secrets = secrets[entry.id]
        else { return nil }
        return (entry, secrets)
    }

    private func useIdentity() {
        do {
            try trust.use(identity)
        } catch {
            logger.error("the certificates cannot be used", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Renewal

    /// New keys, certified under a new serial. They are on the disk before anybody sees them: a
    /// machine that lost them would be known by keys that it does not have.
    func renewCertificates(_ reason: IdentityBook.RenewalReason) {
        let name = core.configuration.name
        guard let issuing else {
            logger.warning("certificates cannot be renewed: the authority's keys are not here")
            return
        }
        let key = MachineKey()
        let mesh = GossipIdentity.generate()
        let certificate: MachineCertificate
        do {
            certificate = try MachineCertificate(
                of: MachineCertificate.Subject(
                    name: name, address: core.configuration.address,
                    publicKeyPEM: key.publicKeyPEM, meshPublicKey: mesh.publicKey),
                serial: core.identities.nextSerial(of: name, at: .now), by: issuing.secrets,
                id: issuing.entry.id, configuration: configuration, at: .now)
        } catch {
            logger.error("certificates cannot be renewed", metadata: ["error": "\(error)"])
            return
        }
        request(.renew(certificate.certified)) { shell, error in
            if let error {
                shell.logger.warning("certificates were not renewed: \(error.message)")
                return
            }
            let renewed = shell.identity.renewed(key, mesh, certificate)
            shell.save(renewed) { $0.install(renewed, mesh, certificate.mesh, reason) }
        }
    }

    private func install(
        _ renewed: IdentityDirectory.Contents, _ mesh: GossipIdentity,
        _ certificate: GossipCertificate, _ reason: IdentityBook.RenewalReason
    ) {
        // Whom the machine trusts may have changed while the file was written.
        let (authorities, generation) = (identity.authorities, identity.generation)
        identity = renewed
        identity.authorities = authorities
        identity.generation = generation
        if generation != renewed.generation { save(identity) }
        useIdentity()
        sealer.rotate(to: mesh, certificate: certificate)
        logger.info(
            "renewed the certificates", metadata: [
                "reason": "\(reason.rawValue)", "serial": "\(certificate.serial)",
            ])
        receive(.certificateInstalled(certificate))
        reseal()
    }

    /// Writes the log and the snapshot anew with the newest storage key, then forgets the others. A
    /// start does the same when this was interrupted.
    private func reseal() {
        guard let keys = identity.storageKeys, let current = keys.current else { return }
        log.reseal(with: keys) { [self] result in
            eventLoop.execute {
                self.assumeIsolated { shell in
                    if case .failure(let error) = result {
                        shell.logger.error(
                            "the log was not sealed anew", metadata: ["error": "\(error)"])
                        return
                    }
                    shell.identity.storageKeys?.forget(before: current.id)
                    shell.save(shell.identity)
                    shell.logger.info("sealed the log anew", metadata: ["key": "\(current.name)"])
                }
            }
        }
    }

    private func save(
        _ contents: IdentityDirectory.Contents,
        then: (@Sendable (isolated DaemonShell) -> Void)? = nil
    ) {
        Self.identityQueue.async { [self] in
            do {
                try identityDirectory.write(contents)
            } catch {
                logger.error("the identity cannot be written", metadata: ["error": "\(error)"])
                return
            }
            if let then { eventLoop.execute { self.assumeIsolated { then($0) } } }
        }
    }

    /// One at a time, in order.
    private static let identityQueue = DispatchQueue(label: "podmesh.identity")
}

extension IdentityDirectory.Contents {
    /// The same machine with other keys and their certificates.
    fileprivate func renewed(
        _ key: MachineKey, _ mesh: GossipIdentity, _ certificate: MachineCertificate
    ) -> Self {
        var renewed = self
        renewed.certificatePEM = certificate.certificatePEM
        renewed.privateKeyPEM = key.privateKeyPEM
        renewed.meshKey = mesh.secretKey
        renewed.meshCertificate = certificate.mesh.encoded
        renewed.storageKeys = (storageKeys ?? .none).adding(at: .now)
        return renewed
    }
}
