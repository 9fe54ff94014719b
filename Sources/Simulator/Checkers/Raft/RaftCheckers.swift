import Base
import Daemon
import Raft
import Store

/// The five safety properties of Raft (figure 3), each by a checker of its own, after every step
/// of every machine. A step that changed nothing that they look at costs a comparison.
struct RaftCheckers {
    /// What each machine showed after its last step, by number.
    private var glances: [DaemonGlance?] = []
    private var electionSafety = ElectionSafety()
    private var leaderAppendOnly = LeaderAppendOnly()
    private var logMatching = LogMatching()
    private var leaderCompleteness = LeaderCompleteness()
    private var stateMachineSafety = StateMachineSafety()

    mutating func forget(_ machine: VirtualMachine) {
        if machine.number < glances.count { glances[machine.number] = nil }
        leaderAppendOnly.forget(machine.name)
        logMatching.forget(machine.name)
        stateMachineSafety.forget(machine.name)
    }

    /// The rule that a machine has just broken, or nil.
    ///
    /// - Parameter others: asked for when a leader of an old term commits something.
    mutating func afterStep(
        _ machine: VirtualMachine, _ glance: DaemonGlance, others: () -> [VirtualMachine]
    ) -> String? {
        while glances.count <= machine.number { glances.append(nil) }
        let before = glances[machine.number]
        guard before != glance, let raft = machine.core?.inspect({ $0.raft }) else { return nil }
        glances[machine.number] = glance
        if let rule = electionSafety.check(raft) ?? leaderAppendOnly.check(raft)
            ?? logMatching.check(raft) ?? leaderCompleteness.check(raft)
        {
            return rule
        }
        if before?.raft.commitIndex != glance.raft.commitIndex, leaderCompleteness.isOutrun(raft) {
            let leaders = others().compactMap { $0.core?.inspect { $0.raft } }
                .filter { $0.role == .leader }
            if let rule = leaderCompleteness.check(laterLeaders: leaders) { return rule }
        }
        return stateMachineSafety.check(
            raft, appliedIndex: glance.appliedIndex, revision: glance.revision)
    }
}
