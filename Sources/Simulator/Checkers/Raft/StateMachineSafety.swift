package import Base
import Raft

/// If a machine has applied an entry at an index, no other applies another one there (Raft
/// figure 3, "State Machine Safety"); and what follows for the Store: one revision behind each
/// index. Nothing is applied that is not committed.
package struct StateMachineSafety: Sendable {
    /// By index; index 1 stands first.
    private var applied: [RaftEntry?] = []
    /// The Store's revision behind an index, as far as a step ended there.
    private var revisions: [UInt64: UInt64] = [:]
    /// How far each machine was compared.
    private var compared: [MachineName: UInt64] = [:]

    package init() {}

    /// A machine starts again and applies once more what its snapshot does not hold.
    package mutating func forget(_ name: MachineName) { compared[name] = nil }

    package mutating func check(
        _ raft: some RaftLogView, appliedIndex: UInt64, revision: UInt64
    ) -> String? {
        guard appliedIndex <= raft.commitIndex else {
            return "State Machine Safety: \(raft.name) has applied entry \(appliedIndex), "
                + "and only \(raft.commitIndex) is committed"
        }
        let known = revisions.updateValue(revision, forKey: appliedIndex)
        if let known, known != revision {
            return "State Machine Safety: \(raft.name) has revision \(revision) after entry "
                + "\(appliedIndex), others have \(known)"
        }
        var index = compared[raft.name] ?? 0
        guard index < appliedIndex else { return nil }
        // What a snapshot replaced was compared on the machine that made it.
        index = max(index, raft.firstIndex - 1)
        while applied.count < Int(appliedIndex) { applied.append(nil) }
        while index < appliedIndex {
            index += 1
            guard let entry = raft.entry(at: index) else { continue }
            if let known = applied[Int(index) - 1], known != entry {
                return "State Machine Safety: \(raft.name) has applied another entry \(index) "
                    + "than others"
            }
            applied[Int(index) - 1] = entry
        }
        compared[raft.name] = appliedIndex
        return nil
    }
}
