import Base
import Raft

/// An entry that is committed in a term is in the log of the leaders of all later terms (Raft
/// figure 3, "Leader Completeness").
///
/// Given Log Matching it is enough to look for the last such entry: who holds it holds all
/// before it.
package struct LeaderCompleteness: Sendable {
    private struct Committed: Sendable {
        var index: UInt64
        var term: UInt64
        /// The term of the leader that committed it.
        var committedIn: UInt64
    }

    /// The last entry that each leader committed, in the order of the terms.
    private var committed: [Committed] = []
    /// The newest term of which each machine was seen to lead.
    private var led: [MachineName: UInt64] = [:]

    package init() {}

    package mutating func check(_ raft: some RaftLogView) -> String? {
        guard raft.role == .leader else { return nil }
        let isNew = led.updateValue(raft.term, forKey: raft.name) != raft.term
        if isNew, let rule = lacking(raft) { return rule }
        note(raft)
        return nil
    }

    /// A leader has committed more: leaders of later terms must hold it, though they were
    /// elected before.
    ///
    /// - Parameter leaders: all machines that lead now.
    package func check(laterLeaders leaders: [some RaftLogView]) -> String? {
        for raft in leaders {
            if let rule = lacking(raft) { return rule }
        }
        return nil
    }

    /// Whether a leader of an older term than the newest one has just committed something.
    package func isOutrun(_ raft: some RaftLogView) -> Bool {
        raft.role == .leader && (led.values.max() ?? 0) > raft.term
    }

    private func lacking(_ raft: some RaftLogView) -> String? {
        guard let last = committed.last(where: { $0.committedIn < raft.term }),
            last.index >= raft.firstIndex, raft.entry(at: last.index)?.term != last.term
        else { return nil }
        return "Leader Completeness: \(raft.name) leads term \(raft.term) without entry "
            + "\(last.index), which was committed in term \(last.committedIn)"
    }

    private mutating func note(_ raft: some RaftLogView) {
        guard let entry = raft.entry(at: raft.commitIndex) else { return }
        let fresh = Committed(index: entry.index, term: entry.term, committedIn: raft.term)
        if let place = committed.firstIndex(where: { $0.committedIn >= raft.term }) {
            guard committed[place].committedIn == raft.term else {
                committed.insert(fresh, at: place)
                return
            }
            if committed[place].index < fresh.index { committed[place] = fresh }
        } else if fresh.index > (committed.last?.index ?? 0) {
            committed.append(fresh)
        }
    }
}
