import Base

/// Rumors that wait to ride on datagrams, each until it was sent often enough (SWIM §4.1).
///
/// A datagram is filled by rank, and within a rank with the less often sent before the more
/// often sent, older before younger. A newer rumor about the same subject replaces the
/// older one.
struct RumorQueue: Sendable {
    enum Subject: Hashable, Sendable {
        case member(MachineName)
        case assignment(AssignmentKey)
    }

    /// What goes first where not everything fits.
    enum Rank: Int, CaseIterable, Sendable {
        /// A suspect or dead member lives: a moment later it would be too late.
        case refutation
        case membership
        case assignment
    }

    private struct Item: Sendable {
        let subject: Subject
        let rank: Rank
        let number: UInt64
        let bytes: [UInt8]
        var sends = 0
    }

    /// First in, first out, without moving the rest for each item taken.
    private struct Line: Sendable {
        private var items: [Item] = []
        private var head = 0

        var count: Int { items.count - head }

        mutating func append(_ item: Item) { items.append(item) }

        mutating func popFirst() -> Item? {
            guard head < items.count else { return nil }
            defer {
                head += 1
                if head > 64, head * 2 > items.count {
                    items.removeFirst(head)
                    head = 0
                }
            }
            return items[head]
        }

        mutating func keep(where isKept: (Item) -> Bool) {
            items = items[head...].filter(isKept)
            head = 0
        }
    }

    /// Lines by rank and by number of sends so far.
    private var lines = [[Line]](repeating: [], count: Rank.allCases.count)
    /// The number of the valid item of each subject; items with another number are stale.
    private var valid: [Subject: UInt64] = [:]
    private var nextNumber: UInt64 = 0
    /// Stale items included.
    private var queued = 0

    /// Rumors that still have to be sent.
    var count: Int { valid.count }
    var isEmpty: Bool { valid.isEmpty }

    /// True when room had to be made: the rumor of the last rank that was sent most often is
    /// gone.
    mutating func enqueue(_ bytes: [UInt8], about subject: Subject, rank: Rank) -> Bool {
        nextNumber += 1
        valid[subject] = nextNumber
        append(Item(subject: subject, rank: rank, number: nextNumber, bytes: bytes), sends: 0)
        queued += 1
        if queued > 2 * valid.count + 64 { removeStale() }
        guard valid.count > GossipLimits.rumorsMax else { return false }
        dropOne()
        return true
    }

    /// Takes rumors for up to `count` datagrams with room for `budget` bytes each, and
    /// counts them as sent to `copies` peers; a rumor that reached `limit` sends is done. No
    /// rumor is in two of the datagrams.
    mutating func take(
        datagrams count: Int = 1, budget: Int, copies: Int = 1, limit: Int
    ) -> [[[UInt8]]] {
        var batches: [[[UInt8]]] = []
        var sent: [Item] = []
        while batches.count < count {
            var taken: [[UInt8]] = []
            var rest = budget
            for group in lines.indices {
                for level in lines[group].indices {
                    takeLevel(group, level, rest: &rest, taken: &taken, sent: &sent)
                }
            }
            if taken.isEmpty { break }
            batches.append(taken)
        }
        for var item in sent {
            item.sends += copies
            if item.sends >= limit {
                valid[item.subject] = nil
                queued -= 1
            } else {
                append(item, sends: item.sends)
            }
        }
        return batches
    }

    private mutating func takeLevel(
        _ group: Int, _ level: Int, rest: inout Int, taken: inout [[UInt8]], sent: inout [Item]
    ) {
        // Looking past a few that do not fit fills the datagram; looking at all costs too much.
        let missesMax = 8
        var misses: [Item] = []
        while rest > 0, misses.count < missesMax, taken.count < GossipLimits.rumorsPerDatagramMax,
            let item = lines[group][level].popFirst()
        {
            guard valid[item.subject] == item.number else {
                queued -= 1
                continue
            }
            if item.bytes.count <= rest {
                rest -= item.bytes.count
                taken.append(item.bytes)
                sent.append(item)
            } else {
                misses.append(item)
            }
        }
        for item in misses { lines[group][level].append(item) }
    }

    private mutating func append(_ item: Item, sends: Int) {
        let group = item.rank.rawValue
        while lines[group].count <= sends { lines[group].append(Line()) }
        lines[group][sends].append(item)
    }

    private mutating func removeStale() {
        var left = 0
        for group in lines.indices {
            for level in lines[group].indices {
                lines[group][level].keep { valid[$0.subject] == $0.number }
                left += lines[group][level].count
            }
        }
        queued = left
    }

    private mutating func dropOne() {
        for group in lines.indices.reversed() {
            for level in lines[group].indices.reversed() {
                while let item = lines[group][level].popFirst() {
                    queued -= 1
                    guard valid[item.subject] == item.number else { continue }
                    valid[item.subject] = nil
                    return
                }
            }
        }
    }
}
