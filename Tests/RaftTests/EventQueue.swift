import Base

/// A heap of what will happen, by time and then by order of planning.
struct EventQueue<Event> {
    /// Small, so that moving it costs little; the event itself stays in its slot.
    private struct Item {
        var time: Int64
        var number: UInt64
        var slot: Int

        func precedes(_ other: Item) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var items: [Item] = []
    private var slots: [Event?] = []
    private var freeSlots: [Int] = []
    private var lastNumber: UInt64 = 0

    mutating func add(_ event: Event, at time: Instant) {
        lastNumber += 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            slots[slot] = event
        } else {
            slot = slots.count
            slots.append(event)
        }
        items.append(Item(time: time.nanoseconds, number: lastNumber, slot: slot))
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
        guard let event = slots[first.slot] else { return nil }
        slots[first.slot] = nil
        freeSlots.append(first.slot)
        return (Instant(nanoseconds: first.time), event)
    }

    private mutating func sink() {
        let moved = items[0]
        let count = items.count
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= count { break }
            if child + 1 < count, items[child + 1].precedes(items[child]) { child += 1 }
            guard items[child].precedes(moved) else { break }
            items[parent] = items[child]
            parent = child
        }
        items[parent] = moved
    }
}
