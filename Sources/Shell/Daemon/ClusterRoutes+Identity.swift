import Base
import Daemon
import Foundation
import Gossip
import JSON
import Logging
import Objects

/// Admission of newcomers, removal of machines, and the keyring.
extension ClusterRoutes {
    static let noAuthority = StatusError(
        .serviceUnavailable, "the cluster's authority is not in the store yet",
        retryAfterSeconds: 1)

    // MARK: Join

    /// Certifies a newcomer. The certificate is handed out only when the cluster has written down
    /// that it did, so that it can be barred.
    func admit(_ body: [UInt8], with shell: isolated DaemonShell, _ reply: @escaping Reply) {
        guard let request = try? JSONDecoder().decode(JoinRequest.self, from: Data(body)),
            let name = MachineName(request.name), IPv4Address(request.address) != nil
        else {
            reply(.failure(StatusError(.badRequest, "the join request cannot be read")))
            return
        }
        let refusal = shell.core.refusal(ofNewcomer: name, tokenID: request.tokenID) {
            Self.isEqualInConstantTime($0, request.tokenSecret)
        }
        if let refusal {
            reply(.failure(refusal))
            return
        }
        guard let issuing = shell.issuing, let boxes = boxes(for: request.vaultKey, of: shell)
        else {
            reply(.failure(Self.noAuthority))
            return
        }
        let certificate: MachineCertificate
        let now = WallTime.now
        do {
            certificate = try MachineCertificate(
                of: MachineCertificate.Subject(
                    name: name, address: request.address, publicKeyPEM: request.publicKeyPEM,
                    meshPublicKey: request.meshPublicKey),
                serial: shell.core.identities.nextSerial(of: name, at: now), by: issuing.secrets,
                id: issuing.entry.id, configuration: configuration, at: now)
        } catch {
            reply(
                .failure(StatusError(.badRequest, "the machine cannot be certified: \(error)")))
            return
        }
        shell.request(
            .admit(name, certificate.certified, vaultKey: request.vaultKey, boxes: boxes)
        ) { shell, error in
            if let error {
                reply(.failure(error))
                return
            }
            shell.sealer.learn(certificate.mesh, at: .now)
            shell.logger.info("admitted \(name)", metadata: ["address": "\(request.address)"])
            reply(answer(certificate, of: shell))
        }
    }

    /// What opens each authority's vault for a machine with that key.
    private func boxes(
        for vaultKey: [UInt8], of shell: isolated DaemonShell
    ) -> [String: [UInt8]]? {
        guard let keyring = shell.core.identities.keyring else { return nil }
        var boxes: [String: [UInt8]] = [:]
        for authority in keyring.authorities {
            guard
                let box = authority.vault.box(
                    for: vaultKey, by: configuration.name, with: shell.vaultKey)
            else { return nil }
            boxes[authority.id] = box
        }
        return boxes
    }

    private func answer(
        _ certificate: MachineCertificate, of shell: isolated DaemonShell
    ) -> Result<[UInt8], StatusError> {
        let seeds = shell.core.gossip.sortedMembers.filter(\.isLive).compactMap { member in
            member.certificate.map {
                IdentityDirectory.Seed(
                    name: member.name.text, address: member.address.ip,
                    port: member.address.port, certificate: $0.encoded)
            }
        }
        let answer = JoinAnswer(
            clusterID: clusterID, certificatePEM: certificate.certificatePEM,
            meshCertificate: certificate.mesh.encoded, authorities: shell.identity.authorities,
            generation: shell.identity.generation, seeds: seeds)
        do {
            return .success(Array(try JSONEncoder().encode(answer)))
        } catch {
            return .failure(StatusError(.internalError, "\(error)"))
        }
    }

    /// Does not tell by its time how much of a secret was right.
    private static func isEqualInConstantTime(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    // MARK: Removal

    func remove(
        _ text: String, _ query: String, with shell: isolated DaemonShell,
        _ reply: @escaping Reply
    ) {
        guard let name = MachineName(text) else {
            reply(.failure(StatusError(.badRequest, "\"\(text)\" is no machine's name")))
            return
        }
        let evenIfAlive = query == "alive=true"
        shell.request(.remove(name, evenIfAlive: evenIfAlive)) { shell, error in
            if let error {
                reply(.failure(error))
                return
            }
            shell.logger.info("removed \(name) from the cluster")
            reply(.success(Array("{}".utf8)))
        }
    }

    // MARK: The keyring

    func keyring(of shell: isolated DaemonShell) -> Result<[UInt8], StatusError> {
        let report = KeyringReport(
            core: shell.core, wall: .now, storageKeys: shell.identity.storageKeys ?? .none
        ).json
        guard let report else {
            return .failure(Self.noAuthority)
        }
        return .success(report.bytes)
    }

    /// Makes a new authority, which the one before vouches for, and hands it to the cluster.
    func rotate(_ query: String, with shell: isolated DaemonShell, _ reply: @escaping Reply) {
        let book = shell.core.identities
        let seconds = query.hasPrefix("keepOldSeconds=") ? Int64(query.dropFirst(15)) : nil
        guard let seconds, (0...31_536_000).contains(seconds) else {
            reply(.failure(StatusError(.badRequest, "keepOldSeconds must be 0 to 31536000")))
            return
        }
        guard let issuing = shell.issuing else {
            reply(.failure(Self.noAuthority))
            return
        }
        var recipients: [MachineName: [UInt8]] = [:]
        for name in book.names where !book.isRemoved(name) {
            recipients[name] = book.records[name]?.vaultKey
        }
        do throws(ShellError) {
            let fresh = try AuthoritySecrets.create(
                for: recipients, previous: issuing.secrets, at: .now)
            shell.request(.rotate(fresh.entry, keepOld: .seconds(seconds))) { shell, error in
                if error == nil { shell.logger.info("new authority \(fresh.entry.id)") }
                reply(error.map { .failure($0) } ?? keyring(of: shell))
            }
        } catch {
            reply(.failure(StatusError(.internalError, "\(error)")))
        }
    }
}
