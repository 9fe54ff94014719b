package import Base

/// Spaces out the reports of what could not be done, such as why a Pod fits nowhere: nothing else
/// waits for them, and a client that makes thousands of such Pods would have the machine write
/// three times what he writes. `kube-scheduler` spaces them by the rate limit of its client.
///
/// A report takes a token; one that finds none waits in line. Tokens come at a steady rate, and as
/// many as a burst are kept. Whose turn it is decides anew, so what is written in the end is what
/// holds then.
package struct ReportPacer: Sendable {
    private let interval: Span
    private let burst: Int64
    /// When all tokens that were taken would have come one by one.
    private var paidAt = Instant.zero
    /// Who waits, in order from `front` on. Entries that are no members have left the line.
    private var line: [WorkItem] = []
    private var front = 0
    private var members: Set<WorkItem> = []
    /// Whose turn has come; each holds a token, which is lost when nothing is left to report.
    private var called: Set<WorkItem> = []

    package init(perSecond: Int, burst: Int) {
        interval = Span.seconds(1) / Int64(max(1, perSecond))
        self.burst = Int64(max(1, burst))
    }

    package var waitingCount: Int { members.count }

    /// When the next in line has its turn.
    package var deadline: Instant? { members.isEmpty ? nil : freeAt }

    /// From when on there is a token.
    private var freeAt: Instant { paidAt + interval * (1 - burst) }

    private mutating func takeToken(_ now: Instant) -> Bool {
        guard freeAt <= now else { return false }
        paidAt = max(paidAt, now) + interval
        return true
    }

    /// Whether the item may report now; if not it waits in line.
    package mutating func admits(_ item: WorkItem, at now: Instant) -> Bool {
        if called.remove(item) != nil { return true }
        if members.isEmpty, takeToken(now) { return true }
        if members.insert(item).inserted { line.append(item) }
        return false
    }

    /// The next whose turn has come.
    package mutating func popDue(at now: Instant) -> WorkItem? {
        guard !members.isEmpty, takeToken(now) else { return nil }
        while front < line.count {
            let item = line[front]
            front += 1
            guard members.remove(item) != nil else { continue }
            called.insert(item)
            tidy()
            return item
        }
        return nil
    }

    /// The item has nothing to report any more.
    package mutating func leave(_ item: WorkItem) {
        called.remove(item)
        if members.remove(item) != nil { tidy() }
    }

    /// At most half of a long line is over.
    private mutating func tidy() {
        guard line.count > 2 * members.count + 64 else { return }
        line = line[front...].filter(members.contains)
        front = 0
    }
}
