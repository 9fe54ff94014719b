import Base
import Testing

@Suite struct DeadlineQueueTests {
    @Test func `keys come out by instant, then by key, and not before they are due`() {
        var queue = DeadlineQueue<Int>()
        for (key, instant) in [(3, 20), (1, 10), (2, 10), (4, 30)] {
            queue.schedule(key, at: Instant(nanoseconds: Int64(instant)))
        }
        #expect(queue.deadline == Instant(nanoseconds: 10))
        #expect(take(&queue, at: 9) == [])
        #expect(take(&queue, at: 20) == [1, 2, 3])
        #expect(queue.deadline == Instant(nanoseconds: 30))
        #expect(queue.count == 1)
    }

    @Test func `the deadline moves with its key, later and earlier`() {
        var queue = DeadlineQueue<Int>()
        queue.schedule(1, at: Instant(nanoseconds: 10))
        queue.schedule(1, at: Instant(nanoseconds: 50))
        #expect(queue.deadline == Instant(nanoseconds: 50))
        #expect(take(&queue, at: 49) == [])
        queue.schedule(1, at: Instant(nanoseconds: 5))
        #expect(queue.deadline == Instant(nanoseconds: 5))
        #expect(take(&queue, at: 100) == [1], "once, not once for each move")
        #expect(queue.deadline == nil)
    }

    @Test func `a cancelled key is gone, and an unknown one is no matter`() {
        var queue = DeadlineQueue<Int>()
        queue.schedule(1, at: .zero)
        queue.cancel(1)
        queue.cancel(2)
        #expect(queue.deadline == nil)
        #expect(take(&queue, at: 100) == [])
    }

    @Test func `keys that move for ever need no more memory`() {
        var queue = DeadlineQueue<Int>()
        for round in 0..<10_000 {
            let instant = Instant(nanoseconds: Int64(1_000_000 - round))
            for key in 0..<4 { queue.schedule(key, at: instant) }
        }
        #expect(queue.count == 4)
        #expect(queue.entries <= 2 * 4 + 64)
        #expect(take(&queue, at: 2_000_000) == [0, 1, 2, 3])
    }

    @Test("the queue does what a sorted dictionary does", arguments: 0..<20 as Range<UInt64>)
    func model(_ seed: UInt64) {
        var random = Random(seed: seed)
        var queue = DeadlineQueue<Int>()
        var model: [Int: Int64] = [:]
        for _ in 0..<1_000 {
            let key = random.below(12)
            switch random.below(6) {
            case 0...2:
                let instant = Int64(random.below(40))
                queue.schedule(key, at: Instant(nanoseconds: instant))
                model[key] = instant
            case 3:
                queue.cancel(key)
                model[key] = nil
            default:
                let now = Int64(random.below(40))
                let due = model.filter { $0.value <= now }
                    .sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
                #expect(take(&queue, at: now) == due)
                for key in due { model[key] = nil }
            }
            #expect(queue.deadline == model.values.min().map(Instant.init))
            #expect(queue[key] == model[key].map(Instant.init))
            #expect(queue.count == model.count)
        }
    }

    private func take(_ queue: inout DeadlineQueue<Int>, at now: Int64) -> [Int] {
        var keys: [Int] = []
        while let key = queue.popDue(at: Instant(nanoseconds: now)) { keys.append(key) }
        return keys
    }
}
