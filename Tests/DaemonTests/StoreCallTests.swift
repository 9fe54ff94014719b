import API
import Base
import Control
import Daemon
import Gossip
import Kubelet
import Raft
import Services
import Store
import Testing

@Suite struct StoreCallTests {
    private static let key = Key(group: "test.podmesh", resource: "values", name: "a")

    private static func put(_ bytes: [UInt8], absent: Bool = false) -> StoreCall {
        .transact(Transaction.body(absent ? [.absent(key)] : [], [.put(key, bytes)]))
    }

    @Test func `a transaction is answered when it is durable and applied, and not before`() throws {
        var machine = try Machine()
        let revision = machine.core.store.revision
        let asked = machine.give([.call(Ticket(1), Self.put([7]))])
        #expect(asked.answers.isEmpty)
        #expect(machine.core.store.snapshot[Self.key] == nil)
        let synced = machine.sync()
        #expect(
            synced.answers == [
                Answer(1, .committed(Revision(revision.number + 1)))
            ])
        #expect(machine.core.store.snapshot[Self.key]?.bytes == [7])
    }

    @Test func `calls that arrive together share one write`() throws {
        var machine = try Machine()
        let calls = (1...100).map { DaemonInput.call(Ticket($0), Self.put([UInt8($0)])) }
        let effects = machine.give(calls)
        let persists = effects.compactMap { effect -> RaftPersist? in
            if case .persist(let persist) = effect { persist } else { nil }
        }
        #expect(persists.map(\.entries.count) == [100])
        let answers = machine.sync().answers
        #expect(answers.map(\.ticket) == (1...100).map { Ticket($0) })
        #expect(machine.core.store.snapshot[Self.key]?.bytes == [100])
    }

    @Test func `a precondition that does not hold is told with its key`() throws {
        var machine = try Machine()
        _ = machine.give([.call(Ticket(1), Self.put([1]))])
        _ = machine.sync()
        _ = machine.give([.call(Ticket(2), Self.put([2], absent: true))])
        #expect(machine.sync().answers == [Answer(2, .conflict(Self.key))])
        #expect(machine.core.store.snapshot[Self.key]?.bytes == [1])
    }

    @Test func `a read finds what was acknowledged before it`() throws {
        var machine = try Machine()
        let revision = machine.core.store.revision
        #expect(
            machine.give([.call(Ticket(1), .read(Self.key))]).answers == [
                Answer(1, .absent(revision))
            ])
        _ = machine.give([.call(Ticket(2), Self.put([5]))])
        _ = machine.sync()
        #expect(
            machine.give([.call(Ticket(3), .read(Self.key))]).answers == [
                Answer(3, .document([5], modRevision: Revision(revision.number + 1)))
            ])
    }

    @Test func `bytes that are no transaction are refused and change nothing`() throws {
        var machine = try Machine()
        let revision = machine.core.store.revision
        _ = machine.give([.call(Ticket(1), .transact([0xFF, 0xFF]))])
        #expect(machine.sync().answers == [Answer(1, .refused(.malformed))])
        #expect(machine.core.store.revision == revision)
    }

    @Test func `a call beyond the limit is refused at once`() throws {
        var machine = try Machine(pendingMax: 2)
        let effects = machine.give((1...3).map { .call(Ticket($0), Self.put([UInt8($0)])) })
        #expect(effects.answers == [Answer(3, .refused(.overloaded))])
        #expect(machine.sync().answers.map(\.ticket) == [Ticket(1), Ticket(2)])
    }

    @Test func `a transaction that the log does not take in time is given up`() throws {
        var machine = try Machine()
        _ = machine.give([.call(Ticket(1), Self.put([1]))])
        machine.now = machine.now + .seconds(31)
        #expect(machine.give([.wake]).answers == [Answer(1, .refused(.timedOut))])
    }

    // MARK: The codec

    private static let calls: [StoreCall] = [
        .transact([]), .transact([1, 2, 3]), .read(key),
    ]
    private static let answers: [StoreAnswer] = [
        .committed(Revision(7)), .conflict(key), .document([1, 2], modRevision: Revision(300)),
        .absent(Revision(0)), .refused(.overloaded), .refused(.malformed),
    ]

    @Test func `calls and answers come back as they were`() throws {
        for (number, call) in Self.calls.enumerated() {
            let bytes = StoreCallCodec.encode(call, number: UInt64(number) * 1_000)
            let (decoded, found) = try StoreCallCodec.decodeCall(bytes)
            #expect(decoded == call)
            #expect(found == UInt64(number) * 1_000)
        }
        for answer in Self.answers {
            let bytes = StoreCallCodec.encode(answer, number: .max)
            let (decoded, found) = try StoreCallCodec.decodeAnswer(bytes)
            #expect(decoded == answer)
            #expect(found == .max)
        }
    }

    @Test func `the bytes of a read are these`() {
        #expect(
            StoreCallCodec.encode(
                .read(Key(group: "g", resource: "r", namespace: "", name: "n")), number: 300)
                == [64, 0xAC, 2, 2, 1, 0x67, 1, 0x72, 0, 1, 0x6E])
    }

    @Test func `no Raft message can be taken for a call`() {
        for kind in [StoreCallCodec.callKind, StoreCallCodec.answerKind] {
            #expect(throws: DecodeError.self) { try RaftCodec.decode([kind, 0, 0]) }
        }
    }

    @Test func `mutated frames are refused or read, and never trap`() {
        var random = Random(seed: 18)
        let frames =
            Self.calls.map { StoreCallCodec.encode($0, number: 5) }
            + Self.answers.map { StoreCallCodec.encode($0, number: 5) }
        for _ in 0..<20_000 {
            var bytes = frames[random.below(frames.count)]
            for _ in 0...random.below(3) {
                bytes[random.below(bytes.count)] = UInt8(random.below(256))
            }
            if random.below(4) == 0 { bytes.removeLast(random.below(bytes.count)) }
            _ = try? StoreCallCodec.decodeCall(bytes)
            _ = try? StoreCallCodec.decodeAnswer(bytes)
        }
    }
}

/// The answer of one call.
private struct Answer: Equatable {
    var ticket: Ticket
    var answer: StoreAnswer

    init(_ number: UInt64, _ answer: StoreAnswer) { self.init(Ticket(number), answer) }

    init(_ ticket: Ticket, _ answer: StoreAnswer) {
        self.ticket = ticket
        self.answer = answer
    }
}

extension [DaemonEffect] {
    fileprivate var answers: [Answer] {
        compactMap { effect in
            guard case .answerCall(let ticket, let answer) = effect else { return nil }
            return Answer(ticket, answer)
        }
    }
}

/// A daemon that is its cluster's only voter and leads it.
private struct Machine {
    var core: DaemonCore
    var now = Instant.zero
    private var lastPersist = RaftPersistence(sequence: 0)

    init(pendingMax: Int = 4_096) throws {
        let name = try #require(MachineName("machine-1"))
        let pods = try #require(IPv4Network("10.244.0.0/16"))
        let services = try #require(IPv4Network("10.96.0.0/16"))
        var configuration = DaemonConfiguration(
            name: name, address: "192.0.2.1", apiPort: 6_443, meshPort: 7_946, raftPort: 7_947,
            votersWanted: 1, epoch: 1, certificate: nil, gossip: GossipConfiguration(),
            raft: RaftConfiguration(name: name), api: APIConfiguration(serviceNetwork: services),
            control: ControlConfiguration(
                clusterCIDR: pods, serviceCIDR: services, authorityPEM: "authority"),
            kubelet: KubeletConfiguration(nodeName: name.text, addresses: ["192.0.2.1"]),
            proxy: ServiceProxy.Configuration(clusterCIDR: pods, serviceCIDR: services),
            clusterDomain: "cluster.local")
        configuration.limits.pendingMax = pendingMax
        let restored = try RaftRestoredState.replay(
            records: RaftRestoredState.bootstrapRecords(voter: name), snapshot: nil)
        core = DaemonCore(
            configuration: configuration, restored: restored, store: StoreCore(),
            random: Random(seed: 1), now: .zero, wallTime: WallTime(seconds: 1_000_000))
        for _ in 0..<20 where core.raft.role != .leader {
            now = max(now, core.deadline ?? now)
            _ = give([.wake])
            _ = sync()
        }
        // What the controllers of a new cluster write comes to rest.
        for _ in 0..<20 { _ = sync() }
    }

    mutating func give(_ inputs: [DaemonInput]) -> [DaemonEffect] {
        var out = Outbox<DaemonEffect>()
        core.step(inputs, at: now, into: &out)
        let effects = out.take()
        for case .persist(let persist) in effects { lastPersist = persist.persistence }
        return effects
    }

    /// The disk has everything.
    mutating func sync() -> [DaemonEffect] { give([.persisted(lastPersist)]) }
}
