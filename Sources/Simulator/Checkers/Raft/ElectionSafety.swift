import Base
import Raft

/// At most one leader is elected in a term (Raft figure 3, "Election Safety").
package struct ElectionSafety: Sendable {
    private var leaders: [UInt64: MachineName] = [:]

    package init() {}

    /// The rule that is broken, or nil.
    package mutating func check(_ raft: some RaftLogView) -> String? {
        guard raft.role == .leader else { return nil }
        let known = leaders.updateValue(raft.name, forKey: raft.term)
        guard let known, known != raft.name else { return nil }
        return "Election Safety: \(known) and \(raft.name) both lead in term \(raft.term)"
    }
}
