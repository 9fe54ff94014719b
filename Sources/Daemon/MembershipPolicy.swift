import Base
import Gossip
import Raft

/// Decides who votes. Only the leader asks; one change at a time.
///
/// 1. Every live machine of the mesh follows the log as a learner.
/// 2. Learners become voters as far as that makes the number of voters odd and no larger than
///    wanted: two machines with two votes would stop when either stops.
/// 3. A voter that failed and stays away gives its place to a healthy learner.
/// 4. A machine that left the mesh leaves the log.
struct MembershipPolicy: Sendable {
    /// When to look again.
    private(set) var deadline: Instant?
    /// When each failed voter failed.
    private var failedSince: [MachineName: Instant] = [:]

    mutating func noteStatus(
        _ name: MachineName, _ status: GossipMember.Status, at now: Instant
    ) {
        if status == .failed {
            failedSince[name] = failedSince[name] ?? now
        } else {
            failedSince[name] = nil
        }
    }

    mutating func lookAgain(at instant: Instant) {
        deadline = min(deadline ?? .distantFuture, instant)
    }

    mutating func didLook() { deadline = nil }

    /// The next change that the membership needs, or nil when it is as it should be.
    mutating func nextChange(
        _ membership: RaftMembership, members: [GossipMember], votersWanted: Int,
        replacementDelay: Span, at now: Instant
    ) -> RaftMembershipChange? {
        let live = members.filter(\.isLive).map(\.name)
        if let departed = members.first(where: {
            $0.status == .left && membership.contains($0.name)
        }) {
            return .remove(departed.name)
        }
        if let newcomer = live.first(where: { !membership.contains($0) }) {
            return .addLearner(newcomer)
        }
        let candidates = membership.learners.filter(live.contains)
        let voters = membership.voters.count
        let reachable = min(votersWanted, voters + candidates.count)
        let target = reachable % 2 == 1 ? reachable : reachable - 1
        if voters < target, let candidate = candidates.first { return .promote(candidate) }
        return replacement(
            membership, candidates, votersWanted, replacementDelay, at: now)
    }

    /// First the healthy machine votes, then the failed one stops to: the quorum never shrinks
    /// to machines of which one is known to be gone.
    private mutating func replacement(
        _ membership: RaftMembership, _ candidates: [MachineName], _ votersWanted: Int,
        _ delay: Span, at now: Instant
    ) -> RaftMembershipChange? {
        let failed = membership.voters.filter { failedSince[$0] != nil }
        guard let longest = failed.min(by: { since($0) < since($1) }) else { return nil }
        if membership.voters.count > votersWanted { return .remove(longest) }
        guard !candidates.isEmpty else { return nil }
        let due = since(longest) + delay
        guard due <= now else {
            lookAgain(at: due)
            return nil
        }
        return .promote(candidates[0])
    }

    private func since(_ name: MachineName) -> Instant { failedSince[name] ?? .distantFuture }
}

/// The facts that a machine tells of itself in the mesh.
struct MeshTags {
    var api: UInt16
    var raft: UInt16

    private static let apiKey = "api"
    private static let raftKey = "raft"

    init(api: UInt16, raft: UInt16) {
        self.api = api
        self.raft = raft
    }

    /// Nil when a peer tells no usable ports.
    init?(_ tags: [String: String]) {
        guard let api = tags[Self.apiKey].flatMap({ UInt16($0) }),
            let raft = tags[Self.raftKey].flatMap({ UInt16($0) })
        else { return nil }
        self.init(api: api, raft: raft)
    }

    var tags: [String: String] { [Self.apiKey: String(api), Self.raftKey: String(raft)] }
}
