import Base

/// A heap of what will happen, by time and then by order of planning.
struct EventQueue<Event> {
    private struct Item {
        var time: Instant
        var number: UInt64
        var event: Event

        func precedes(_ other: Item) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var items: [Item] = []
    private var lastNumber: UInt64 = 0

    mutating func add(_ event: Event, at time: Instant) {
        lastNumber += 1
        items.append(Item(time: time, number: lastNumber, event: event))
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].precedes(items[parent]) else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (time: Instant, event: Event)? {
        guard let first = items.first else { return nil }
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            sink()
        }
        return (first.time, first.event)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if items[child].precedes(items[least]) { least = child }
            }
            if least == parent { return }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
