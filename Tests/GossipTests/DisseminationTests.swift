import Base
import Gossip
import Testing

/// What rides on datagrams, and how often.
struct DisseminationTests {
    typealias Bench = GossipCoreTests.Bench

    @Test func `a datagram is filled with refutations, then claims, then rows`() {
        var bench = Bench(peers: ["b", "c"])
        for _ in 0..<80 { _ = bench.wakeWithAnswers(except: "") }
        _ = bench.step(.publish(Samples.entry(1)))
        let newcomer = Bench.member("d")
        _ = bench.hear(from: "b", .gossip, rumors: [.member(newcomer)])
        let accusation = Rumor.suspect(
            Samples.name("a"), incarnation: bench.core.local.incarnation,
            accuser: Samples.name("c"))
        _ = bench.hear(from: "b", .gossip, rumors: [accusation])
        let told = Bench.sent(bench.hear(from: "b", .ping(sequence: 1)))
        #expect(
            told.map(\.datagram.rumors) == [
                [.member(bench.core.local), .member(newcomer), .assignment(Samples.entry(1))]
            ])
    }

    @Test func `what was sent least goes first where not everything fits`() {
        var bench = Bench(peers: ["b", "c"])
        for _ in 0..<80 { _ = bench.wakeWithAnswers(except: "") }
        func numbers(_ rumors: [Rumor]) -> [Int] {
            rumors.compactMap { rumor in
                guard case .assignment(let entry) = rumor else { return nil }
                return Int(entry.revision) - 1
            }
        }
        for number in 0..<20 { _ = bench.step(.publish(Samples.entry(number))) }
        func ack() -> [Int] {
            Bench.sent(bench.hear(from: "b", .ping(sequence: 1))).flatMap {
                numbers($0.datagram.rumors)
            }
        }
        let first = ack()
        let second = ack()
        #expect(first == Array(0..<first.count))
        #expect((8...10).contains(first.count))
        #expect(second.prefix(8).allSatisfy { $0 >= first.count })
    }

    @Test(arguments: [1, 3, 12])
    func `a machine sends a rumor as often as the logarithm says, and no more`(peers: Int) {
        let names = (0..<peers).map { "peer-\($0)" }
        var bench = Bench(peers: names)
        for _ in 0..<200 { _ = bench.wakeWithAnswers(except: "") }
        _ = bench.step(.publish(Samples.entry(7)))
        var sends = 0
        for _ in 0..<200 {
            for sent in Bench.sent(bench.wakeWithAnswers(except: "")) {
                sends += sent.datagram.rumors.count { $0 == .assignment(Samples.entry(7)) }
            }
        }
        // λ · ⌈ln(n + 1)⌉ with λ = 3; the last round may reach some peers more.
        let limit = [1: 6, 3: 6, 12: 9][peers] ?? 0
        #expect((limit..<limit + 3).contains(sends))
    }

    @Test func `a full queue drops the rows that were sent most, and says so`() {
        var bench = Bench(peers: ["b"])
        var overflows = 0
        for number in 0...GossipLimits.rumorsMax {
            let effects = bench.step(.publish(Samples.entry(number)))
            overflows += effects.count { $0 == .mark(.overflow) }
        }
        #expect(overflows == 1)
        #expect(bench.core.invariantViolation == nil)
        #expect(bench.core.queueSizes.contains { $0.name == "rumors" && $0.size == $0.bound })
    }
}
