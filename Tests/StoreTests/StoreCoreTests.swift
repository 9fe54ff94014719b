import Base
import Store
import Testing

@Suite struct StoreCoreTests {
    @Test(arguments: 0..<6)
    func `random transactions agree with a naive model`(seed: Int) throws {
        var limits = StoreLimits()
        limits.historyChangesMax = 300
        var store = StoreCore(limits: limits)
        var model = StoreModel()
        var source = try TransactionSource(seed: seed)
        var held: [Snapshot] = []
        for index in 1...600 {
            let transaction = source.transaction(against: model)
            let before = model.changes.count
            let expected = model.apply(transaction)
            let applied = store.apply(transaction.encode(), index: UInt64(index))
            #expect(applied.id == transaction.id)
            #expect(applied.result == expected)
            #expect(applied.changes == Array(model.changes[before...]))
            if index % 10 == 0 { held.append(store.snapshot) }
            if index == 350 {
                // A restart from a Raft snapshot must make no difference to anything that follows.
                store = try StoreCore(decoding: store.encode(), limits: limits)
            }
        }
        store.checkInvariants()
        #expect(store.revision == model.revision)
        for snapshot in held { expect(snapshot, is: model.past[snapshot.revision]) }
        var readable = 0
        for (revision, documents) in model.past where revision.number % 4 == 1 {
            if let snapshot = store.snapshot(at: revision) {
                expect(snapshot, is: documents)
                readable += 1
            } else {
                #expect(revision < store.timeline.history.compacted)
            }
        }
        #expect(readable > 20 && readable < model.past.count / 4)
        expectReads(of: store.snapshot, agreeWith: model)
        expectHistory(of: store, agreesWith: model)
    }

    private func expect(_ snapshot: Snapshot, is documents: [Key: Document]?) {
        var found: [Key: Document] = [:]
        for (key, document) in snapshot.list(.everything) { found[key] = document }
        #expect(found == documents)
        #expect(snapshot.keys == found.keys.sorted())
        #expect(snapshot.count == found.count)
    }

    private func expectReads(of snapshot: Snapshot, agreeWith model: StoreModel) {
        let ranges: [(KeyRange, (Key) -> Bool)] = [
            (.everything, { _ in true }),
            (.resource(group: "", resource: "pods"), { $0.group == "" && $0.resource == "pods" }),
            (.resource(group: "apps", resource: "nodes"), {
                $0.group == "apps" && $0.resource == "nodes"
            }),
            (.namespace(group: "", resource: "services", namespace: "b"), {
                $0.group == "" && $0.resource == "services" && $0.namespace == "b"
            }),
            (.resource(group: "none", resource: "pods"), { _ in false }),
        ]
        let sorted = model.documents.keys.sorted()
        for (range, belongs) in ranges {
            let expected = sorted.filter(belongs)
            #expect(snapshot.list(range).map(\.key) == expected)
            #expect(snapshot.count(range) == expected.count)
            // Pages of seven, each behind the last key of the page before.
            var pages: [Key] = []
            var after: Key?
            repeat {
                #expect(snapshot.count(range, after: after) == expected.count - pages.count)
                let page = snapshot.list(range, after: after, limit: 7)
                pages += page.map(\.key)
                after = page.last?.key
            } while after != nil
            #expect(pages == expected)
            for after in sorted {
                #expect(snapshot.count(range, after: after) == expected.count { $0 > after })
            }
        }
    }

    private func expectHistory(of store: StoreCore, agreesWith model: StoreModel) {
        let compacted = store.timeline.history.compacted
        #expect(compacted > .zero)
        let range = KeyRange.resource(group: "", resource: "pods")
        for number in 0...model.revision.number {
            let after = Revision(number)
            guard after >= compacted else {
                let read = store.changes(after: after, in: range, limit: .max)
                #expect(read == .compacted(through: compacted))
                continue
            }
            let expected = model.changes.filter { $0.revision > after && range.contains($0.key) }
            // Small reads, each from where the last one ended, must give the same without a gap.
            var found: [Change] = []
            var position = after
            while position < model.revision {
                guard
                    case .changes(let part, let through) =
                        store.changes(after: position, in: range, limit: 3)
                else { break }
                #expect(through > position)
                found += part
                position = through
            }
            #expect(found == expected)
        }
    }

    @Test func `a failed precondition changes nothing and uses no revision`() throws {
        var store = StoreCore()
        var log = TestLog()
        let key = OrderedTreeTests.key(1)
        let other = OrderedTreeTests.key(2)
        let made = try log.apply([.absent(key)], [.put(key, [1])], to: &store)
        #expect(made == .committed(Revision(1)))
        #expect(try log.apply([.absent(key)], [.put(other, [1])], to: &store) == .conflict(key))
        let stale: [Precondition] = [.present(key), .unchanged(key, since: .zero)]
        #expect(try log.apply(stale, [.delete(key)], to: &store) == .conflict(key))
        #expect(store.revision == Revision(1))
        #expect(store.snapshot[other] == nil)
        #expect(store.appliedIndex == 3)
        #expect(
            try log.apply([.unchanged(key, since: Revision(1))], [.put(key, [2])], to: &store)
                == .committed(Revision(2)))
        #expect(
            store.snapshot[key]
                == Document(bytes: [2], createRevision: Revision(1), modRevision: Revision(2)))
    }

    @Test func `deleting what is not there commits without a revision`() throws {
        var store = StoreCore()
        var log = TestLog()
        let result = try log.apply([], [.delete(OrderedTreeTests.key(1))], to: &store)
        #expect(result == .committed(.zero))
        #expect(store.revision == .zero)
    }

    @Test func `history is bounded by bytes as well`() throws {
        var limits = StoreLimits()
        limits.historyBytesMax = 10_000_000
        var store = StoreCore(limits: limits)
        var log = TestLog()
        let big = [UInt8](repeating: 1, count: 1_000_000)
        for number in 0..<40 {
            _ = try log.apply([], [.put(OrderedTreeTests.key(number % 4), big)], to: &store)
            #expect(store.timeline.history.bytes <= 10_000_000)
        }
        #expect(store.timeline.history.compacted > Revision(30))
        #expect(store.snapshot(at: Revision(39))?.count == 4)
        #expect(store.snapshot(at: Revision(10)) == nil)
        #expect(store.snapshot(at: Revision(41)) == nil)
        store.checkInvariants()
    }

    @Test func `old revisions are read exactly across checkpoints`() throws {
        var store = StoreCore()
        var log = TestLog()
        for number in 1...3_000 {
            let key = OrderedTreeTests.key(number % 700)
            let bytes = Array("\(number)".utf8)
            let operation: Operation = number % 5 == 0 ? .delete(key) : .put(key, bytes)
            _ = try log.apply([], [operation, .put(OrderedTreeTests.key(999), bytes)], to: &store)
        }
        for number in stride(from: 1_100, through: 3_000, by: 171) {
            let past = try #require(store.snapshot(at: Revision(UInt64(number))))
            #expect(past.revision.number == UInt64(number))
            #expect(past[OrderedTreeTests.key(999)]?.bytes == Array("\(number)".utf8))
            past.forEach(in: .everything) { _, document in
                #expect(document.modRevision.number <= UInt64(number))
                return true
            }
        }
    }
}

/// Numbers transactions and log entries.
struct TestLog {
    var index: UInt64 = 0

    mutating func apply(
        _ preconditions: [Precondition], _ operations: [Operation], to store: inout StoreCore
    ) throws -> TransactionResult {
        index += 1
        let origin = try #require(MachineName("machine-a"))
        let id = CommandID(origin: origin, epoch: 1, sequence: index)
        let transaction = Transaction(id: id, preconditions: preconditions, operations: operations)
        return store.apply(transaction.encode(), index: index).result
    }
}
