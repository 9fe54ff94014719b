import Base

/// What happens next in a ``MeshSimulation``: a binary heap of small plain values, because
/// worlds of thousands of machines spend much of their time in it.
struct MeshEventQueue: Sendable {
    struct Event: Sendable {
        enum Kind: UInt8, Sendable {
            /// `subject` is a slot of datagrams under way.
            case delivery
            /// For these `subject` is a machine.
            case wake
            case stall
            case resume
        }

        let at: Instant
        /// Ties happen in the order in which they were scheduled.
        let order: UInt64
        let kind: Kind
        let subject: Int32

        func isBefore(_ other: Event) -> Bool {
            at == other.at ? order < other.order : at < other.at
        }
    }

    private var heap: [Event] = []
    private var nextOrder: UInt64 = 0

    var first: Event? { heap.first }

    mutating func schedule(_ kind: Event.Kind, _ subject: Int, at instant: Instant) {
        nextOrder += 1
        heap.append(
            Event(at: instant, order: nextOrder, kind: kind, subject: Int32(subject)))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[smallest]) {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
