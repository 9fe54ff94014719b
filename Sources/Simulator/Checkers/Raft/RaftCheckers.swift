import Base
import Daemon
import Raft
import Store

/// The five safety properties of Raft (figure 3), each by a checker of its own, after every step
/// of every machine. A step that changed nothing that they look at costs a comparison.
struct RaftCheckers {
    /// What must differ for any property to be in danger.
    private struct Digest: Equatable {
        var term: UInt64
        var role: RaftRole
        var lastIndex: UInt64
        var lastTerm: UInt64
        var commitIndex: UInt64
        var appliedIndex: UInt64
        var revision: UInt64
    }

    private var digests: [Int: Digest] = [:]
    private var electionSafety = ElectionSafety()
    private var leaderAppendOnly = LeaderAppendOnly()
    private var logMatching = LogMatching()
    private var leaderCompleteness = LeaderCompleteness()
    private var stateMachineSafety = StateMachineSafety()

    mutating func forget(_ machine: VirtualMachine) {
        digests[machine.number] = nil
        leaderAppendOnly.forget(machine.name)
        logMatching.forget(machine.name)
        stateMachineSafety.forget(machine.name)
    }

    /// The rule that a machine has just broken, or nil.
    ///
    /// - Parameter others: asked for when a leader of an old term commits something.
    mutating func afterStep(
        _ machine: VirtualMachine, others: () -> [VirtualMachine]
    ) -> String? {
        guard let digest = Self.digest(machine), digests[machine.number] != digest,
            let raft = machine.core?.raft
        else { return nil }
        let hasCommitted = digests[machine.number]?.commitIndex != digest.commitIndex
        digests[machine.number] = digest
        if let rule = electionSafety.check(raft) ?? leaderAppendOnly.check(raft)
            ?? logMatching.check(raft) ?? leaderCompleteness.check(raft)
        {
            return rule
        }
        if hasCommitted, leaderCompleteness.isOutrun(raft) {
            let leaders = others().compactMap(\.core?.raft).filter { $0.role == .leader }
            if let rule = leaderCompleteness.check(laterLeaders: leaders) { return rule }
        }
        return stateMachineSafety.check(
            raft, appliedIndex: digest.appliedIndex, revision: digest.revision)
    }

    private static func digest(_ machine: VirtualMachine) -> Digest? {
        guard let term = machine.core?.raft.term, let role = machine.core?.raft.role,
            let lastIndex = machine.core?.raft.lastIndex,
            let lastTerm = machine.core?.raft.lastTerm,
            let commitIndex = machine.core?.raft.commitIndex,
            let appliedIndex = machine.core?.store.appliedIndex,
            let revision = machine.core?.store.revision.number
        else { return nil }
        return Digest(
            term: term, role: role, lastIndex: lastIndex, lastTerm: lastTerm,
            commitIndex: commitIndex, appliedIndex: appliedIndex, revision: revision)
    }
}
