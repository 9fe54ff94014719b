/// Keys with the instants at which they are due, earliest first; ties leave in key order, so that
/// a run is repeatable. A key has one instant at a time: scheduling it again moves it.
public struct DeadlineQueue<Key: Hashable & Comparable & Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        var instant: Instant
        var key: Key

        static func < (left: Entry, right: Entry) -> Bool {
            left.instant == right.instant ? left.key < right.key : left.instant < right.instant
        }
    }

    /// A binary heap; entries whose instant is no longer the key's are passed over. The first
    /// one is always current, and at most half of a long heap is not.
    private var heap: [Entry] = []
    private var instants: [Key: Instant] = [:]

    public init() {}

    public var count: Int { instants.count }
    /// Entries in memory, those that were passed over included.
    public var entries: Int { heap.count }

    /// When the earliest key is due. Kept, not computed: other rooms, which know no entries, ask
    /// for it after every step.
    public private(set) var deadline: Instant?

    public subscript(key: Key) -> Instant? { instants[key] }

    public mutating func schedule(_ key: Key, at instant: Instant) {
        guard instants[key] != instant else { return }
        instants[key] = instant
        heap.append(Entry(instant: instant, key: key))
        siftUp(heap.count - 1)
        if heap.count > 2 * instants.count + 64 { compact() }
        dropStale()
    }

    public mutating func cancel(_ key: Key) {
        guard instants.removeValue(forKey: key) != nil else { return }
        dropStale()
    }

    /// Takes the earliest key that is due, or nil.
    public mutating func popDue(at now: Instant) -> Key? {
        guard let first = heap.first, first.instant <= now else { return nil }
        removeFirst()
        instants[first.key] = nil
        dropStale()
        return first.key
    }

    private mutating func dropStale() {
        while let first = heap.first, instants[first.key] != first.instant { removeFirst() }
        deadline = heap.first?.instant
    }

    /// Keys that are moved often would otherwise leave an entry behind for each move.
    private mutating func compact() {
        // An array in heap order is one that is sorted.
        heap = instants.map { Entry(instant: $0.value, key: $0.key) }.sorted()
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child] < heap[smallest] {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }
}

/// Deadlines of tickets. A generic of this room that is used in another one is compiled there
/// without knowing its types, which costs each request of a daemon more than the log does; here
/// they are known.
public struct TicketDeadlines: Sendable {
    private var queue = DeadlineQueue<Ticket>()

    public init() {}

    /// See ``DeadlineQueue/deadline``.
    public var deadline: Instant? { queue.deadline }

    /// See ``DeadlineQueue/schedule(_:at:)``.
    public mutating func schedule(_ ticket: Ticket, at instant: Instant) {
        queue.schedule(ticket, at: instant)
    }

    public mutating func cancel(_ ticket: Ticket) { queue.cancel(ticket) }

    /// See ``DeadlineQueue/popDue(at:)``.
    public mutating func popDue(at now: Instant) -> Ticket? { queue.popDue(at: now) }
}
