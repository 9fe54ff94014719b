import Base
import Store
import Testing

@Suite struct CommandMemoryTests {
    private func command(
        _ sequence: UInt64, origin: String = "a", epoch: UInt64 = 1,
        _ preconditions: [Precondition] = []
    ) throws -> [UInt8] {
        let id = CommandID(
            origin: try #require(MachineName(origin)), epoch: epoch, sequence: sequence)
        let key = OrderedTreeTests.key(Int(sequence))
        return Transaction(
            id: id, preconditions: preconditions, operations: [.put(key, [1])]
        ).encode()
    }

    @Test func `a retry gets the first result and changes nothing`() throws {
        var store = StoreCore()
        let key = OrderedTreeTests.key(1)
        let first = store.apply(try command(1, [.absent(key)]), index: 1)
        #expect(first.result == .committed(Revision(1)))
        _ = store.apply(try command(2), index: 2)
        let retry = store.apply(try command(1, [.absent(key)]), index: 3)
        #expect(retry == Applied(id: first.id, result: first.result, changes: []))
        #expect(store.revision == Revision(2))
        // A conflict stays a conflict even when its precondition holds by now.
        let refused = store.apply(try command(7, [.present(OrderedTreeTests.key(8))]), index: 4)
        #expect(refused.result == .conflict(OrderedTreeTests.key(8)))
        _ = store.apply(try command(8), index: 5)
        #expect(
            store.apply(try command(7, [.present(OrderedTreeTests.key(8))]), index: 6).result
                == refused.result)
    }

    @Test func `another epoch or origin is another transaction`() throws {
        var store = StoreCore()
        _ = store.apply(try command(1), index: 1)
        #expect(store.apply(try command(1, epoch: 2), index: 2).result == .committed(Revision(2)))
        let other = store.apply(try command(1, origin: "b"), index: 3)
        #expect(other.result == .committed(Revision(3)))
    }

    @Test func `sequence numbers may come late, but not behind the window`() throws {
        var limits = StoreLimits()
        limits.resultsPerSessionMax = 4
        var store = StoreCore(limits: limits)
        var index: UInt64 = 0
        for sequence: UInt64 in [5, 3, 9, 8, 10] {
            index += 1
            let applied = store.apply(try command(sequence), index: index)
            #expect(applied.result == .committed(Revision(index)))
        }
        #expect(store.apply(try command(4), index: 6).result == .committed(Revision(6)))
        // 4 was at once the oldest of five and forgotten; a retry of it is refused, not repeated.
        #expect(store.apply(try command(4), index: 7).result == .duplicate(through: 4))
        #expect(store.apply(try command(3), index: 8).result == .duplicate(through: 4))
        #expect(store.apply(try command(5), index: 9).result == .committed(Revision(1)))
        #expect(store.revision == Revision(6))
    }

    @Test func `the session that was silent longest is forgotten first`() throws {
        var limits = StoreLimits()
        limits.sessionsMax = 2
        var store = StoreCore(limits: limits)
        _ = store.apply(try command(1, origin: "a"), index: 1)
        _ = store.apply(try command(1, origin: "b"), index: 2)
        _ = store.apply(try command(2, origin: "a"), index: 3)
        _ = store.apply(try command(1, origin: "c"), index: 4)
        let known = store.apply(try command(1, origin: "a"), index: 5)
        #expect(known.result == .committed(Revision(1)))
        let forgotten = store.apply(try command(1, origin: "b"), index: 6)
        #expect(forgotten.result == .committed(Revision(5)))
    }

    @Test func `results survive the encoding`() throws {
        var limits = StoreLimits()
        limits.resultsPerSessionMax = 3
        var store = StoreCore(limits: limits)
        for sequence: UInt64 in 1...5 {
            _ = store.apply(
                try command(sequence, sequence == 4 ? [.present(OrderedTreeTests.key(99))] : []),
                index: sequence)
        }
        var copy = try StoreCore(decoding: store.encode(), limits: limits)
        #expect(copy.appliedIndex == 5)
        for sequence: UInt64 in 1...5 {
            let again = try command(sequence)
            #expect(
                copy.apply(again, index: 5 + sequence) == store.apply(again, index: 5 + sequence))
        }
        #expect(copy.encode() == store.encode())
        #expect(copy.revision == Revision(4))
    }
}
