import Base
import Store
import Testing

@Suite struct StoreCodecTests {
    private func filled(seed: Int = 3, count: Int = 120) throws -> (StoreCore, [[UInt8]]) {
        var store = StoreCore()
        var model = StoreModel()
        var source = try TransactionSource(seed: seed)
        var commands: [[UInt8]] = []
        for index in 1...count {
            let transaction = source.transaction(against: model)
            _ = model.apply(transaction)
            commands.append(transaction.encode())
            _ = store.apply(transaction.encode(), index: UInt64(index))
        }
        return (store, commands)
    }

    @Test func `a transaction reads back as it was written`() throws {
        let (_, commands) = try filled()
        var model = StoreModel()
        var source = try TransactionSource(seed: 3)
        for command in commands {
            let transaction = source.transaction(against: model)
            _ = model.apply(transaction)
            #expect(try Transaction(decoding: command) == transaction)
        }
    }

    @Test func `every cut of a transaction is refused`() throws {
        let (_, commands) = try filled()
        for command in commands.prefix(30) {
            for length in 0..<command.count {
                #expect(throws: DecodeError.self) {
                    try Transaction(decoding: Array(command[..<length]))
                }
            }
            #expect(throws: DecodeError.self) { try Transaction(decoding: command + [0]) }
        }
    }

    @Test func `malformed entries are rejected alike everywhere and change nothing`() throws {
        var (store, commands) = try filled()
        var random = Random(seed: 11)
        var rejected = 0
        var copy = store
        for number in 0..<1_500 {
            var command = commands[random.below(commands.count)]
            for _ in 0...random.below(3) {
                command[random.below(command.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.chance(0.3) { command.removeLast(random.below(command.count)) }
            let before = store.revision
            let index = UInt64(1_000 + number)
            let applied = store.apply(command, index: index)
            #expect(copy.apply(command, index: index) == applied)
            if case .rejected = applied.result {
                rejected += 1
                #expect(store.revision == before && applied.changes.isEmpty)
            }
        }
        #expect(rejected > 250)
        #expect(store.encode() == copy.encode())
        store.checkInvariants()
    }

    @Test func `limits of transactions hold`() throws {
        var limits = StoreLimits()
        limits.documentBytesMax = 100
        limits.operationsMax = 2
        limits.transactionBytesMax = 400
        limits.keyPartBytesMax = 50
        var store = StoreCore(limits: limits)
        let origin = try #require(MachineName("a"))
        var index: UInt64 = 0
        func isRejected(_ operations: [Operation], _ preconditions: [Precondition] = []) -> Bool {
            index += 1
            let transaction = Transaction(
                id: CommandID(origin: origin, epoch: 1, sequence: index),
                preconditions: preconditions, operations: operations)
            if case .rejected = store.apply(transaction.encode(), index: index).result {
                return true
            }
            return false
        }
        let key = OrderedTreeTests.key
        let long = String(repeating: "x", count: 51)
        #expect(!isRejected([.put(key(1), [UInt8](repeating: 0, count: 100))]))
        #expect(isRejected([.put(key(1), [UInt8](repeating: 0, count: 101))]))
        #expect(isRejected([.delete(key(1)), .delete(key(2)), .delete(key(3))]))
        #expect(isRejected([], [.absent(key(1)), .absent(key(2)), .absent(key(3))]))
        #expect(isRejected([.delete(key(1)), .put(key(1), [])]))
        #expect(isRejected([.delete(Key(group: "", resource: "pods", name: long))]))
        #expect(isRejected([.delete(Key(group: "", resource: "pods", name: ""))]))
        #expect(isRejected([.delete(Key(group: "", resource: "", name: "a"))]))
        #expect(store.revision == Revision(1))
    }

    @Test func `a state reads back equal, with its history`() throws {
        let (store, _) = try filled(count: 400)
        let copy = try StoreCore(decoding: store.encode())
        copy.checkInvariants()
        #expect(copy.encode() == store.encode())
        #expect(copy.revision == store.revision && copy.appliedIndex == store.appliedIndex)
        #expect(
            copy.changes(after: .zero, in: .everything, limit: .max)
                == store.changes(after: .zero, in: .everything, limit: .max))
        let middle = Revision(store.revision.number / 2)
        let past = try #require(copy.snapshot(at: middle))
        #expect(past.keys == store.snapshot(at: middle)?.keys)
        #expect(try StoreCore(decoding: StoreCore().encode()).revision == .zero)
    }

    /// A session held more results than its limit until they were forgotten together, and a
    /// snapshot of that moment could not be read: the machine would not have started again.
    @Test func `a state reads back after any number of transactions of one session`() throws {
        let origin = try #require(MachineName("a"))
        var limits = StoreLimits()
        limits.resultsPerSessionMax = 200
        var store = StoreCore(limits: limits)
        for index in 1...(450 as UInt64) {
            let transaction = Transaction(
                id: CommandID(origin: origin, epoch: 1, sequence: index), preconditions: [],
                operations: [.put(OrderedTreeTests.key(Int(index)), [])])
            _ = store.apply(transaction.encode(), index: index)
            let copy = try StoreCore(decoding: store.encode(), limits: limits)
            #expect(copy.appliedIndex == index)
        }
    }

    @Test func `blocks of any size give the same state, and only in their order`() throws {
        let (store, _) = try filled(count: 200)
        for blockBytes in [1, 300, 1 << 20] {
            var blocks: [[UInt8]] = []
            store.encodeBlocks(of: blockBytes) { blocks.append($0) }
            #expect(blockBytes > 1 || blocks.count > 200)
            #expect(blockBytes < 1 << 20 || blocks.count == 4)
            var decoder = StoreDecoder()
            for block in blocks { try decoder.add(StoreDecoder.part(of: block)) }
            #expect(try decoder.finish().encode() == store.encode())
            for (left, right) in [(0, 1), (1, blocks.count - 1)] where left < right {
                var swapped = blocks
                swapped.swapAt(left, right)
                #expect(throws: DecodeError.self) {
                    var decoder = StoreDecoder()
                    for block in swapped { try decoder.add(StoreDecoder.part(of: block)) }
                    _ = try decoder.finish()
                }
            }
            for missing in blocks.indices {
                #expect(throws: DecodeError.self) {
                    var decoder = StoreDecoder()
                    for (index, block) in blocks.enumerated() where index != missing {
                        try decoder.add(StoreDecoder.part(of: block))
                    }
                    _ = try decoder.finish()
                }
            }
        }
    }

    @Test func `every cut of a state is refused`() throws {
        let (store, _) = try filled(count: 12)
        let bytes = store.encode()
        for length in 0..<bytes.count {
            #expect(throws: DecodeError.self) {
                try StoreCore(decoding: Array(bytes[..<length]))
            }
        }
        #expect(throws: DecodeError.self) { try StoreCore(decoding: bytes + [0]) }
    }

    @Test func `no damaged state traps or breaks an invariant`() throws {
        let (store, commands) = try filled(count: 25)
        let bytes = store.encode()
        var random = Random(seed: 5)
        var refused = 0
        for _ in 0..<1_500 {
            var damaged = bytes
            for _ in 0...random.below(2) {
                let extremes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
                damaged[random.below(damaged.count)] =
                    random.chance(0.5)
                    ? extremes[random.below(5)] : UInt8(truncatingIfNeeded: random.next())
            }
            guard var read = try? StoreCore(decoding: damaged) else {
                refused += 1
                continue
            }
            // What a damaged byte of a document or of a result gives is still a whole state.
            _ = read.apply(commands[0], index: read.appliedIndex + 1)
            read.checkInvariants()
        }
        #expect(refused > 250)
    }
}
