package import Base

/// Deadlines by key, earliest first: a binary heap whose superseded entries are passed over.
package struct DeadlineQueue<Key: Hashable & Comparable & Sendable>: Sendable {
    private var current: [Key: Instant] = [:]
    private var heap: [(at: Instant, key: Key)] = []

    package init() {}

    package var count: Int { current.count }

    /// The earliest deadline.
    package var next: Instant? { heap.first?.at }

    package func deadline(of key: Key) -> Instant? { current[key] }

    /// Sets or moves the deadline of a key.
    package mutating func set(_ key: Key, to instant: Instant) {
        guard current[key] != instant else { return }
        current[key] = instant
        heap.append((instant, key))
        siftUp(heap.count - 1)
        dropSuperseded()
    }

    package mutating func remove(_ key: Key) {
        guard current.removeValue(forKey: key) != nil else { return }
        dropSuperseded()
    }

    /// Takes the earliest key whose deadline is not after `now`.
    package mutating func popDue(at now: Instant) -> Key? {
        guard let first = heap.first, first.at <= now else { return nil }
        current[first.key] = nil
        dropSuperseded()
        return first.key
    }

    /// Keeps the invariant that the top of the heap is current.
    private mutating func dropSuperseded() {
        while let first = heap.first, current[first.key] != first.at {
            let last = heap.removeLast()
            if !heap.isEmpty {
                heap[0] = last
                siftDown()
            }
        }
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at, heap[left].key) < (heap[right].at, heap[right].key)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, precedes(index, (index - 1) / 2) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && precedes(child, least) {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
