import Base
import Control
import Gossip
import Raft
import Services

extension DaemonCore {
    mutating func perform(
        _ effect: GossipEffect, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        switch effect {
        case .send(let name, let address, let payload):
            out.append(.sendDatagram(to: name, address: address, payload: payload))
        case .sendReliably(let name, let payload):
            guard let address = raftAddress(of: name) else { return }
            out.append(.sendState(to: name, address: address, payload: payload))
        case .memberForgotten(let name):
            raftAddresses[name] = nil
            out.append(.memberForgotten(name))
        case .nameConflict(let record): out.append(.nameConflict(record))
        case .memberChanged(let member, let previous):
            onMemberChanged(member, previous: previous, at: now, into: &out)
        case .assignmentChanged(let entry):
            zone.update(entry)
            isZoneStale = true
            if proxy.update(entry) { isProxyStale = true }
            contradict(entry, at: now)
        case .publishRefused(let key, let verdict):
            if verdict != .known { out.append(.mark("assignment of \(key) refused: \(verdict)")) }
        case .tagsRefused: out.append(.mark("mesh tags refused"))
        case .malformed(let name, let error):
            out.append(.mark("malformed datagram of \(name): \(error)"))
        case .left: out.append(.left)
        case .mark(let mark): out.append(.mark(mark.rawValue))
        }
    }

    private mutating func onMemberChanged(
        _ member: GossipMember, previous: GossipMember.Status?, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        raftAddresses[member.name] = Self.raftAddress(of: member)
        guard member.name != configuration.name else { return }
        out.append(.memberChanged(member))
        expelIfRemoved(member, at: now)
        membership.noteStatus(member.name, member.status, at: now)
        guard member.status != previous else { return }
        membership.lookAgain(at: now)
        if isControlling, let status = Self.peerStatus(member.status) {
            stepControl(.peerStatus(member.name, status), at: now)
        }
    }

    /// What the controllers are told; a mere suspicion is not news.
    static func peerStatus(_ status: GossipMember.Status) -> ControlInput.PeerStatus? {
        switch status {
        case .alive: .alive
        case .suspect: nil
        case .failed: .failed
        case .left: .left
        }
    }

    /// Where a peer receives the log, as the mesh knows it.
    func raftAddress(of name: MachineName) -> PeerAddress? {
        raftAddresses[name] ?? gossip[name].flatMap(Self.raftAddress)
    }

    private static func raftAddress(of member: GossipMember) -> PeerAddress? {
        guard let tags = MeshTags(member.tags) else { return nil }
        return PeerAddress(ip: member.address.ip, port: tags.raft)
    }

    /// The leader brings the log's membership closer to what the policy wants.
    mutating func wakeMembership(at now: Instant) {
        guard let deadline = membership.deadline, deadline <= now else { return }
        membership.didLook()
        guard raft.role == .leader, !isLeaving else { return }
        let view = MembershipPolicy.View(
            name: configuration.name, membership: raft.membership,
            members: gossip.sortedMembers, caughtUp: raft.caughtUpLearners(at: now),
            barred: identities.removed, votersWanted: configuration.votersWanted)
        guard let change = membership.nextChange(view, at: now) else { return }
        stepRaft(.changeMembership(tickets.next(), change), at: now)
        membership.lookAgain(at: now + configuration.limits.membershipPause)
    }
}
