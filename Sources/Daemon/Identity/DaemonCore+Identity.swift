package import Base
import Control
import Gossip
package import Objects
import Raft
import Store

/// When this machine looks after its own certificates and, as leader, after the keyring.
struct IdentityUpkeep: Sendable {
    var deadline: Instant? = .zero
    /// The shell was asked for new certificates and is given until then.
    var renewingUntil = Instant.zero
    /// The serial of the certificates in use; nil where nothing is sealed, as in the simulator.
    var installedSerial: UInt64?
    /// Writes of this machine's own that are under way.
    var isAcknowledging = false
    var isAdvancing = false

    /// Certificates are dated by the calendar, by which nothing is scheduled, so they are looked
    /// at from time to time.
    static let period = Span.seconds(10)
    static let renewalPatience = Span.seconds(30)

    mutating func lookAgain(at instant: Instant) {
        deadline = min(deadline ?? .distantFuture, instant)
    }
}

extension DaemonCore {
    /// Whom the mesh and the log know, for decisions about identities.
    package var identityView: IdentityView {
        let members = gossip.sortedMembers
        let live = members.filter(\.isLive).map(\.name) + [configuration.name]
        return IdentityView(
            local: configuration.name, wall: wallTime, voters: raft.membership.voters,
            live: Set(live), known: Set(members.map(\.name) + raft.membership.members))
    }

    /// Whether this machine was removed from the cluster. One that came back under its name has
    /// certificates that an old Store, as that of its first snapshot, does not know yet.
    package var isRemoved: Bool {
        identities.isRemoved(configuration.name)
            && identities.bars(configuration.name, serial: upkeep.installedSerial ?? 0)
    }

    // MARK: What the Store says

    mutating func onIdentityChanges(
        _ changes: [Change], at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        var hasChanged = false
        for change in changes where identities.apply(change.key, change.document) {
            hasChanged = true
        }
        if hasChanged { onIdentitiesChanged(at: now, into: &out) }
    }

    /// Everything that a machine does about identities follows from the Store alone, so it makes
    /// no difference whether it was there when they changed.
    mutating func onIdentitiesChanged(
        at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        out.append(.trustChanged)
        for name in identities.names where identities.isRemoved(name) {
            guard let member = gossip[name], member.isLive || member.status == .failed,
                identities.bars(name, serial: member.certificate?.serial ?? 0)
            else { continue }
            stepGossip(.expel(name), at: now)
        }
        if let keyring = identities.keyring {
            stepControl(.authorities(keyring.trustedPEM), at: now)
        }
        membership.lookAgain(at: now)
        upkeep.lookAgain(at: now)
    }

    /// A removed machine may still be carried by rumors of members that have not heard.
    mutating func expelIfRemoved(_ member: GossipMember, at now: Instant) {
        let serial = member.certificate?.serial ?? 0
        guard member.isLive, identities.isRemoved(member.name),
            identities.bars(member.name, serial: serial)
        else { return }
        stepGossip(.expel(member.name), at: now)
    }

    // MARK: Upkeep

    mutating func wakeUpkeep(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        guard let deadline = upkeep.deadline, deadline <= now else { return }
        upkeep.deadline = now + IdentityUpkeep.period
        guard let keyring = identities.keyring, let own = identities.records[configuration.name],
            !own.isRemoved
        else { return }
        // What the machine shows, not what it was promised, decides whether an authority may go.
        let isInstalled = upkeep.installedSerial ?? own.certified.serial == own.certified.serial
        let isMoved =
            keyring.phase != .moving
            || isInstalled && own.certified.authority == keyring.issuing?.id
        if own.acknowledged < keyring.generation, isMoved, !upkeep.isAcknowledging {
            upkeep.isAcknowledging = true
            accept(.identity(nil, .acknowledge(keyring.generation)), at: now, into: &out)
        }
        let reason =
            isInstalled ? identities.renewal(of: configuration.name, at: wallTime) : .lost
        if upkeep.renewingUntil <= now, let reason {
            upkeep.renewingUntil = now + IdentityUpkeep.renewalPatience
            out.append(.renewCertificates(reason))
        }
        if isControlling, !upkeep.isAdvancing, identities.mayAdvance(identityView) {
            upkeep.isAdvancing = true
            accept(.identity(nil, .advance), at: now, into: &out)
        }
    }

    /// The shell has put new certificates into use.
    mutating func onCertificateInstalled(_ certificate: GossipCertificate, at now: Instant) {
        upkeep.renewingUntil = .zero
        upkeep.installedSerial = certificate.serial
        upkeep.lookAgain(at: now)
        stepGossip(.updateCertificate(certificate), at: now)
    }

    // MARK: Requests

    /// The transaction of a request, on the state of now; nil when it is answered already.
    mutating func decide(
        _ number: Ticket, _ request: IdentityRequest, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) -> IdentityBook.Decision? {
        do throws(StatusError) {
            let decision = try identities.decide(request, identityView)
            guard decision.operations.isEmpty else { return decision }
            finishIdentity(number, nil, at: now, into: &out)
        } catch {
            finishIdentity(number, error, at: now, into: &out)
        }
        return nil
    }

    mutating func finishIdentity(
        _ number: Ticket, _ error: StatusError?, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard case .identity(let ticket, let request) = pending.remove(number)?.origin
        else { return }
        switch request {
        case .acknowledge: upkeep.isAcknowledging = false
        case .advance: upkeep.isAdvancing = false
        default: break
        }
        if error == nil { upkeep.lookAgain(at: now) }
        if let ticket { out.append(.identityAnswered(ticket, error)) }
    }
}
