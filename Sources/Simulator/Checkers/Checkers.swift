import Base
import Daemon
import Kubelet
import Raft
import Store

/// The rules that are looked at after every step of every machine.
struct Checkers {
    private var raft = RaftChecker()
    private var sinceInvariants: [Int: Int] = [:]
    /// How often each rare branch was taken.
    var marks: [String: Int] = [:]

    /// Looking at the whole Store after each step would cost more than the step.
    private static let stepsBetweenInvariants = 97

    /// The rule that a machine has just broken, or nil.
    mutating func afterStep(_ machine: VirtualMachine, at now: Instant) -> String? {
        guard machine.core != nil else { return nil }
        if let rule = raft.check(machine) { return rule }
        let steps = sinceInvariants[machine.number, default: 0] + 1
        sinceInvariants[machine.number] = steps % Self.stepsBetweenInvariants
        guard steps == Self.stepsBetweenInvariants else { return nil }
        return machine.core?.checkInvariants().map { "\(machine.name): \($0)" }
    }

    /// A machine starts again from its disk, and must agree with everything once more.
    mutating func forget(_ machine: VirtualMachine) { raft.forget(machine) }
}

/// Raft's promises (Raft figure 3): one leader a term, one entry at each committed index; and
/// what follows: one Store at each applied index.
private struct RaftChecker {
    /// Who led in each term.
    private var leaders: [UInt64: MachineName] = [:]
    private var committed: [UInt64: RaftEntry] = [:]
    /// The Store's revision after each index.
    private var revisions: [UInt64: UInt64] = [:]
    /// How far each machine's log was compared.
    private var compared: [Int: UInt64] = [:]

    mutating func forget(_ machine: VirtualMachine) { compared[machine.number] = nil }

    mutating func check(_ machine: VirtualMachine) -> String? {
        let name = machine.name
        guard let term = machine.core?.raft.term, let role = machine.core?.raft.role,
            let commit = machine.core?.raft.commitIndex,
            let applied = machine.core?.store.appliedIndex,
            let revision = machine.core?.store.revision.number
        else { return nil }
        if role == .leader {
            if let other = leaders[term], other != name {
                return "two leaders in term \(term): \(other) and \(name)"
            }
            leaders[term] = name
        }
        if let known = revisions[applied], known != revision {
            return "\(name) has revision \(revision) after entry \(applied), others have \(known)"
        }
        revisions[applied] = revision
        var index = compared[machine.number] ?? 0
        guard index < commit else { return nil }
        while index < commit {
            index += 1
            // What a snapshot replaced was compared on the machine that made it.
            guard let entry = machine.core?.raft.entry(at: index) else { continue }
            if let known = committed[index], known != entry {
                return "\(name) has committed another entry \(index) than others"
            }
            committed[index] = entry
        }
        compared[machine.number] = commit
        return nil
    }
}

/// No container runs twice: of each Pod, by its UID, and each name in it there is at most one live
/// process on all machines together.
enum ContainerChecker {
    static func doubles(_ machines: [VirtualMachine]) -> String? {
        var live: [String: String] = [:]
        for machine in machines where machine.isPowered {
            for container in machine.runtime.containersInOrder where container.isLive {
                let owner = "\(container.podUID)/\(container.state.name)"
                let place = "\(machine.name)/\(container.state.id)"
                if let other = live.updateValue(place, forKey: owner) {
                    return "container \(owner) runs twice: \(other) and \(place)"
                }
            }
        }
        return nil
    }
}
