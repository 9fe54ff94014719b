import Base
import Gossip
import Testing

/// The full exchange over links.
struct ExchangeTests {
    /// Two cores with a link each way between them.
    struct Pair {
        var cores: [GossipCore] = []
        var offers = 0
        var messages: [[UInt8]] = []
        private var outbox = Outbox<GossipEffect>()

        init() {
            for name in ["a", "b"] {
                cores.append(
                    GossipCore(
                        local: GossipCoreTests.Bench.member(name), random: Random(seed: 1),
                        now: .zero))
            }
        }

        mutating func step(_ index: Int, _ input: GossipInput) {
            cores[index].step(input, at: .zero, into: &outbox)
            for effect in outbox.take() {
                guard case .sendReliably(let name, let payload) = effect, name.text.count == 1,
                    name == cores[1 - index].local.name
                else { continue }
                messages.append(payload)
                if case .offer? = (try? GossipCodec.decodeLink(payload))?.message { offers += 1 }
                step(
                    1 - index, .reliable(from: cores[index].local.name, payload: payload))
            }
        }

        mutating func introduce() {
            for index in 0...1 {
                let rumor = GossipDatagram(.gossip, rumors: [.member(cores[1 - index].local)])
                step(
                    index,
                    .datagram(
                        from: cores[1 - index].local.name, address: cores[1 - index].local.address,
                        payload: GossipCodec.encode(rumor)))
            }
        }
    }

    @Test func `one exchange makes two tables equal, whatever each of them lacks`() {
        var pair = Pair()
        pair.introduce()
        for number in 0..<3_000 { pair.step(number % 2, .publish(Samples.entry(number))) }
        for number in 0..<200 {
            pair.step(number / 100, .publish(Samples.tombstone(number, revision: 9_000)))
        }
        for number in 0..<500 {
            let member = GossipCoreTests.Bench.member("m\(number)", incarnation: 7)
            pair.step(
                number % 2,
                .datagram(
                    from: pair.cores[1 - number % 2].local.name,
                    address: pair.cores[1 - number % 2].local.address,
                    payload: GossipCodec.encode(
                        GossipDatagram(.gossip, rumors: [.member(member)]))))
        }
        pair.messages = []
        pair.offers = 0
        // With whom is chosen at random among all that it knows.
        while pair.offers == 0 { pair.step(0, .compare) }
        #expect(pair.offers == 2)
        let areEqual =
            pair.cores[0].table.sortedEntries == pair.cores[1].table.sortedEntries
            && pair.cores[0].sortedMembers == pair.cores[1].sortedMembers
        #expect(areEqual)
        #expect(pair.cores[0].table.count == 3_000)
        #expect(pair.cores[0].sortedMembers.count == 502)
        #expect(pair.messages.allSatisfy { $0.count <= GossipLimits.linkPayloadBytesMax })
        #expect(pair.messages.count > 4)
        pair.messages = []
        while pair.messages.isEmpty { pair.step(0, .compare) }
        #expect(pair.messages.count == 2)
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func `a machine that lost all datagrams for a minute needs one exchange`(seed: UInt64) {
        var configuration = GossipConfiguration()
        // Only the exchange of its return counts, not the periodic ones.
        configuration.exchangeInterval = .minutes(60)
        var mesh = VirtualMesh(5, seed: seed, configuration: configuration)
        mesh.assemble()
        mesh.machines[3].losesDatagrams = true
        for number in 0..<600 {
            mesh.step(number % 3, .publish(Samples.entry(number)))
            mesh.run(for: .milliseconds(100))
        }
        for number in 0..<100 {
            mesh.step(0, .publish(Samples.tombstone(number * 3, revision: 9_000)))
        }
        mesh.run(for: .seconds(1))
        #expect(mesh.machines[3].core.table.count == 0)
        #expect(mesh.status(of: 3, at: 0) == .failed)
        let offersBefore = mesh.machines.map(\.offers).reduce(0, +)
        mesh.machines[3].losesDatagrams = false
        #expect(mesh.run(within: .seconds(3)) { $0.isWhole && $0.tablesAgree } != nil)
        #expect(mesh.machines[3].core.table.count == 600)
        // Some of the others asked it, and it them; nobody a second time.
        let offers = mesh.machines.map(\.offers).reduce(0, +) - offersBefore
        #expect((2...16).contains(offers))
    }

    @Test func `a state that is too long for one message is refused`() {
        var pair = Pair()
        var outbox = Outbox<GossipEffect>()
        let bytes = [UInt8](repeating: 6, count: GossipLimits.linkPayloadBytesMax + 1)
        pair.cores[0].step(
            .reliable(from: Samples.name("b"), payload: bytes), at: .zero, into: &outbox)
        #expect(
            outbox.take() == [
                .malformed(
                    from: Samples.name("b"),
                    DecodeError(expected: "at most 65536 bytes", offset: 0))
            ])
    }
}
