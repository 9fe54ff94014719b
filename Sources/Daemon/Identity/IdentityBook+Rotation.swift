package import Base
import Gossip
package import Objects
import Store

/// How certificates are renewed and how one authority follows another.
extension IdentityBook {
    /// Why a machine should have new certificates.
    package enum RenewalReason: String, Sendable {
        case age
        case authority
        /// The machine stopped before it had put its newest certificates into use.
        case lost
    }

    /// Nil when the machine's certificates are good for long enough.
    package func renewal(of name: MachineName, at wall: WallTime) -> RenewalReason? {
        guard let record = records[name], !record.isRemoved, let issuing = keyring?.issuing
        else { return nil }
        if record.certified.authority != issuing.id { return .authority }
        let lifetime = record.certified.expiry - record.certified.issuedAt
        return record.certified.expiry - wall < lifetime / 3 ? .age : nil
    }

    /// The machines that a change of authorities waits for now, in order.
    package func awaited(_ view: IdentityView) -> [MachineName] {
        guard let keyring, keyring.phase != .steady else { return [] }
        return names.filter { name in
            guard let record = records[name], record.hasEntered, !record.isRemoved,
                !keyring.isHurried || view.live.contains(name)
            else { return false }
            return record.acknowledged < keyring.generation
        }
    }

    /// Whether ``advance(_:)`` has something to do.
    package func mayAdvance(_ view: IdentityView) -> Bool { !advance(view).operations.isEmpty }

    func rotate(
        _ authority: Keyring.Authority, _ keepOld: Span, _ view: IdentityView
    ) throws(StatusError) -> Decision {
        guard var keyring else { throw Self.noKeyring }
        guard keyring.phase == .steady else {
            throw StatusError(
                .conflict,
                "a change of authorities is under way; \"podmesh keyring\" shows how far it is, "
                    + "and \"podmesh keyring rotate --now\" ends it")
        }
        let members = names.filter { !isRemoved($0) }
        guard Set(authority.vault.keys.keys) == Set(members) else { throw Self.outdated }
        keyring.authorities.append(authority)
        keyring.phase = .introducing
        keyring.generation += 1
        keyring.keepOldUntil = view.wall + keepOld
        keyring.isHurried = false
        return Decision(
            preconditions: [unchanged(Keyring.key)], operations: [put(keyring)])
    }

    func hurry() throws(StatusError) -> Decision {
        guard var keyring else { throw Self.noKeyring }
        guard keyring.phase != .steady else {
            throw StatusError(.conflict, "no change of authorities is under way")
        }
        guard !keyring.isHurried else { return Decision() }
        keyring.isHurried = true
        return Decision(
            preconditions: [unchanged(Keyring.key)], operations: [put(keyring)])
    }

    /// The next arrow of ``Keyring``, or the end of a removed name's memory; nothing while
    /// machines are awaited.
    func advance(_ view: IdentityView) -> Decision {
        if let forgotten = forgettable(at: view.wall) { return forgotten }
        guard var keyring, awaited(view).isEmpty else { return Decision() }
        switch keyring.phase {
        case .steady:
            return Decision()
        case .introducing:
            keyring.phase = .moving
        case .moving:
            guard keyring.isHurried || keyring.keepOldUntil <= view.wall else { return Decision() }
            keyring.phase = .steady
            keyring.authorities.removeFirst()
            keyring.authorities[0].crossCertificatePEM = nil
            keyring.isHurried = false
        }
        keyring.generation += 1
        return Decision(
            preconditions: [unchanged(Keyring.key)], operations: [put(keyring)])
    }

    /// A removed machine whose last certificate has expired needs to be barred no longer. A day
    /// more is given to clocks that differ.
    private func forgettable(at wall: WallTime) -> Decision? {
        let expired = names.first { name in
            guard let record = records[name], record.isRemoved else { return false }
            return record.certified.expiry + .seconds(86_400) < wall
        }
        guard let expired else { return nil }
        let key = MachineRecord.key(of: expired)
        return Decision(preconditions: [unchanged(key)], operations: [.delete(key)])
    }
}
