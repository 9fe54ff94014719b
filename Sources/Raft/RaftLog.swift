import Base

/// What one entry of the log does when it is applied.
package enum RaftEntryPayload: Hashable, Sendable {
    /// Nothing: a new leader commits one to learn what is committed (Raft §8).
    case noop
    /// Bytes for the state machine; Raft never looks inside.
    case command([UInt8])
    /// Replaces the membership as soon as it is appended.
    case membership(RaftMembership)
}

/// One entry of the replicated log.
package struct RaftEntry: Hashable, Sendable {
    /// The position in the log; the first entry has 1.
    package var index: UInt64
    /// The term of the leader that made it.
    package var term: UInt64
    package var payload: RaftEntryPayload

    package init(index: UInt64, term: UInt64, payload: RaftEntryPayload) {
        self.index = index
        self.term = term
        self.payload = payload
    }

    /// Roughly what the entry weighs in memory, in a message and on disk.
    var byteCount: Int {
        switch payload {
        case .noop: 24
        case .command(let bytes): 24 + bytes.count
        case .membership(let membership):
            (membership.voters + membership.learners + membership.outgoing)
                .reduce(24) { $0 + $1.text.utf8.count + 2 }
        }
    }
}

/// The entries that this machine holds in memory.
///
/// Invariants: (1) entries are contiguous and follow the base; (2) terms never fall.
struct RaftLog: Equatable, Sendable {
    /// The entry just before the first one: its index and term are known, its payload is not.
    private(set) var baseIndex: UInt64
    private(set) var baseTerm: UInt64
    private(set) var entries: [RaftEntry]
    /// The weight of all entries, in bytes.
    private(set) var byteCount: Int
    /// The last batch that was handed out. One proposal asks for the same entries once for each
    /// member and once for the disk; all of them share this array.
    private var batch: Batch?

    private struct Batch: Equatable, Sendable {
        var entries: [RaftEntry]
        var bytes: Int
        /// The limits that it was cut by.
        var countMax: Int
        var bytesMax: Int
    }

    init(baseIndex: UInt64, baseTerm: UInt64, entries: [RaftEntry] = []) {
        self.baseIndex = baseIndex
        self.baseTerm = baseTerm
        self.entries = entries
        byteCount = entries.reduce(0) { $0 + $1.byteCount }
    }

    var lastIndex: UInt64 { baseIndex + UInt64(entries.count) }
    var lastTerm: UInt64 { entries.last?.term ?? baseTerm }

    /// The term at an index; nil when the log does not reach there on either side.
    func term(at index: UInt64) -> UInt64? {
        if index == baseIndex { return baseTerm }
        return entry(at: index)?.term
    }

    func entry(at index: UInt64) -> RaftEntry? {
        guard index > baseIndex, index <= lastIndex else { return nil }
        return entries[Int(index - baseIndex) - 1]
    }

    /// Entries from `index` on, as many as both limits allow but at least one if there is one,
    /// with their weight.
    mutating func entries(
        from index: UInt64, countMax: Int, bytesMax: Int
    ) -> (entries: [RaftEntry], bytes: Int) {
        guard index > baseIndex, index <= lastIndex, countMax > 0 else { return ([], 0) }
        if let batch, batch.entries.first?.index == index, batch.countMax == countMax,
            batch.bytesMax == bytesMax
        {
            return (batch.entries, batch.bytes)
        }
        let start = Int(index - baseIndex) - 1
        var end = start
        var bytes = 0
        while end < entries.count, end - start < countMax {
            let weight = entries[end].byteCount
            if bytes + weight > bytesMax, end > start { break }
            bytes += weight
            end += 1
        }
        let cut = Array(entries[start..<end])
        batch = Batch(entries: cut, bytes: bytes, countMax: countMax, bytesMax: bytesMax)
        return (cut, bytes)
    }

    /// Everything from `index` on, or as far back as the log reaches.
    func tail(from index: UInt64) -> [RaftEntry] {
        if let batch, batch.entries.first?.index == index,
            batch.entries.last?.index == lastIndex
        {
            return batch.entries
        }
        return Array(entries(from: index, through: lastIndex))
    }

    /// Entries in `first...last`; the part that the log does not hold is left out.
    func entries(from first: UInt64, through last: UInt64) -> ArraySlice<RaftEntry> {
        let low = max(first, baseIndex + 1)
        let high = min(last, lastIndex)
        guard low <= high else { return [] }
        return entries[Int(low - baseIndex) - 1...Int(high - baseIndex) - 1]
    }

    /// The last index that is at most `index` and whose term is at most `term`; both logs can
    /// only agree at or before it (the fast backtracking of Raft §5.3). Not below the base.
    func lastIndex(atMost index: UInt64, termAtMost term: UInt64) -> UInt64 {
        guard index > baseIndex else { return baseIndex }
        var low = 0
        var high = Int(min(index, lastIndex) - baseIndex)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].term <= term { low = middle + 1 } else { high = middle }
        }
        return baseIndex + UInt64(low)
    }

    /// True when a log that ends so is at least as up to date as this one (Raft §5.4.1).
    func isAtMost(lastIndex otherIndex: UInt64, lastTerm otherTerm: UInt64) -> Bool {
        otherTerm > lastTerm || (otherTerm == lastTerm && otherIndex >= lastIndex)
    }

    mutating func append(_ entry: RaftEntry) {
        precondition(entry.index == lastIndex + 1, "an entry must follow the last one")
        entries.append(entry)
        byteCount += entry.byteCount
        batch = nil
    }

    /// Drops the entries from `index` on.
    mutating func truncate(from index: UInt64) {
        batch = nil
        while let last = entries.last, last.index >= index {
            byteCount -= last.byteCount
            entries.removeLast()
        }
    }

    /// Drops the entries up to `index`, which becomes the base.
    mutating func compact(to index: UInt64) {
        guard index > baseIndex, let term = term(at: index) else { return }
        batch = nil
        let count = Int(index - baseIndex)
        for entry in entries[..<count] { byteCount -= entry.byteCount }
        entries.removeFirst(count)
        baseIndex = index
        baseTerm = term
    }

    /// The lowest base at which the entries up to `last` weigh at most `bytesMax`.
    func index(keepingBytes bytesMax: Int, behind last: UInt64) -> UInt64 {
        var index = min(last, lastIndex)
        var bytes = 0
        while index > baseIndex, let entry = entry(at: index) {
            bytes += entry.byteCount
            if bytes > bytesMax { break }
            index -= 1
        }
        return index
    }

    func checkInvariants() {
        guard let first = entries.first, let last = entries.last else { return }
        precondition(first.index == baseIndex + 1, "the log starts after its base")
        precondition(last.index == lastIndex, "the log is contiguous")
        precondition(first.term >= baseTerm && last.term >= first.term, "terms never fall")
    }
}
