package import Base
import Raft

/// If two logs hold an entry of one index and one term, they are equal up to it (Raft figure 3,
/// "Log Matching").
///
/// It is enough that an index and a term have one entry and one term before it on all machines:
/// then equality goes back entry by entry. So each entry is looked at once on each machine.
package struct LogMatching: Sendable {
    private struct Known: Sendable {
        var entry: RaftEntry
        /// Of the entry before it; nil when the first machine to show it did not hold that one.
        var termBefore: UInt64?
    }

    /// The terms of a machine's entries that were looked at.
    private struct Seen: Sendable {
        var firstIndex: UInt64
        var terms: [UInt64]

        var lastIndex: UInt64 { firstIndex + UInt64(terms.count) - 1 }

        func term(at index: UInt64) -> UInt64? {
            index < firstIndex || index > lastIndex ? nil : terms[Int(index - firstIndex)]
        }
    }

    /// What each index holds, one for each term; index 1 stands first.
    private var known: [[Known]] = []
    private var seen: [MachineName: Seen] = [:]

    package init() {}

    /// A machine starts again with what its disk kept.
    package mutating func forget(_ name: MachineName) { seen[name] = nil }

    package mutating func check(_ raft: some RaftLogView) -> String? {
        var looked = seen[raft.name] ?? Seen(firstIndex: raft.firstIndex, terms: [])
        if looked.firstIndex > raft.firstIndex || looked.lastIndex + 1 < raft.firstIndex {
            looked = Seen(firstIndex: raft.firstIndex, terms: [])
        }
        // A snapshot may take the place of a whole log that ended otherwise.
        if raft.lastIndex > 0, raft.lastIndex + 1 == raft.firstIndex {
            looked = Seen(firstIndex: raft.lastIndex, terms: [raft.lastTerm])
        }
        // Terms only rise in a log, so where the term is still the same nothing was replaced.
        var index = min(looked.lastIndex, raft.lastIndex)
        while index >= max(looked.firstIndex, raft.firstIndex),
            raft.entry(at: index)?.term != looked.term(at: index)
        {
            index -= 1
        }
        looked.terms.removeLast(Int(looked.lastIndex - index))
        // What was compacted needs no look any more.
        if raft.firstIndex > looked.firstIndex + 4_096 {
            looked.terms.removeFirst(Int(raft.firstIndex - looked.firstIndex))
            looked.firstIndex = raft.firstIndex
        }
        while index < raft.lastIndex {
            index += 1
            guard let entry = raft.entry(at: index) else { continue }
            let before = looked.term(at: index - 1) ?? (index == 1 ? 0 : nil)
            if let rule = compare(entry, termBefore: before, of: raft.name) { return rule }
            looked.terms.append(entry.term)
        }
        seen[raft.name] = looked
        return nil
    }

    private mutating func compare(
        _ entry: RaftEntry, termBefore: UInt64?, of name: MachineName
    ) -> String? {
        while known.count < Int(entry.index) { known.append([]) }
        let place = Int(entry.index) - 1
        guard let number = known[place].firstIndex(where: { $0.entry.term == entry.term }) else {
            known[place].append(Known(entry: entry, termBefore: termBefore))
            return nil
        }
        guard known[place][number].entry == entry else {
            return "Log Matching: \(name) holds another entry \(entry.index) of term "
                + "\(entry.term) than others"
        }
        guard let termBefore else { return nil }
        if let other = known[place][number].termBefore, other != termBefore {
            return "Log Matching: \(name) holds entry \(entry.index) of term \(entry.term) "
                + "behind one of term \(termBefore), others behind one of term \(other)"
        }
        known[place][number].termBefore = termBefore
        return nil
    }
}
