package import Base
import Raft

/// A leader never overwrites or deletes entries of its log, it only appends (Raft figure 3,
/// "Leader Append-Only"). What it compacts behind a snapshot counts as kept.
package struct LeaderAppendOnly: Sendable {
    private struct Led: Sendable {
        var term: UInt64
        var lastIndex: UInt64
        var lastTerm: UInt64
    }

    private var led: [MachineName: Led] = [:]

    package init() {}

    /// A machine starts again, and does not lead.
    package mutating func forget(_ name: MachineName) { led[name] = nil }

    package mutating func check(_ raft: some RaftLogView) -> String? {
        guard raft.role == .leader else {
            led[raft.name] = nil
            return nil
        }
        let before = led.updateValue(
            Led(term: raft.term, lastIndex: raft.lastIndex, lastTerm: raft.lastTerm),
            forKey: raft.name)
        guard let before, before.term == raft.term else { return nil }
        // Log Matching has looked at all below, so the last entry stands for the log.
        let isKept =
            raft.lastIndex >= before.lastIndex
            && (before.lastIndex < raft.firstIndex
                || raft.entry(at: before.lastIndex)?.term == before.lastTerm)
        return isKept
            ? nil
            : "Leader Append-Only: \(raft.name) leads term \(raft.term) and has changed entry "
                + "\(min(before.lastIndex, raft.lastIndex + 1))"
    }
}
