import Base
import Daemon
import Gossip
import JSON
import Raft

/// What `podmesh members --output json` shows: a list of objects whose members
/// `docs/operations.md` documents. Members may be added; none changes its meaning.
struct MembersReport {
    let core: DaemonCore
    let now: Instant
    let traffic: (MachineName) -> PeerTraffic

    var json: JSON {
        let names = Set(core.gossip.sortedMembers.map(\.name) + core.raft.membership.members)
        return .array(names.sorted().map(member))
    }

    private func member(_ name: MachineName) -> JSON {
        let isSelf = name == core.configuration.name
        let known = isSelf ? core.gossip.local : core.gossip[name]
        let traffic = traffic(name)
        let contact = core.gossip.contact(name)
        let record = core.identities.records[name]
        return [
            "name": .string(name.text),
            "address": known.map { .string($0.address.ip) } ?? .null,
            "status": known.map { .string("\($0.status)") } ?? "unknown",
            "role": .string(role(of: name)),
            "incarnation": known.map { .integer(Int64(clamping: $0.incarnation)) } ?? .null,
            "isSelf": .bool(isSelf),
            "localHealth": (isSelf ? core.gossip.healthScore : contact?.health)
                .map { .integer(Int64($0)) } ?? .null,
            "roundTripMilliseconds": contact?.roundTrip.map { .number($0.seconds * 1_000) }
                ?? .null,
            "lastHeardSeconds": contact?.lastHeard.map(seconds(since:)) ?? .null,
            "datagramsIn": .integer(Int64(clamping: traffic.datagramsIn)),
            "datagramsOut": .integer(Int64(clamping: traffic.datagramsOut)),
            "bytesIn": .integer(Int64(clamping: traffic.bytesIn)),
            "bytesOut": .integer(Int64(clamping: traffic.bytesOut)),
            "keyID": known?.certificate.map { certificate in
                .string(String(GossipIdentity.keyID(of: certificate.publicKey), radix: 16))
            } ?? .null,
            "certificateExpiry": record.map { .string($0.certified.expiry.rfc3339) } ?? .null,
        ]
    }

    private func seconds(since instant: Instant) -> JSON {
        .number(Double(max(0, (now - instant).milliseconds)) / 1_000)
    }

    private func role(of name: MachineName) -> String {
        let membership = core.raft.membership
        if name == core.raft.leader { return "leader" }
        if membership.voters.contains(name) { return "voter" }
        return membership.learners.contains(name) ? "learner" : ""
    }
}
