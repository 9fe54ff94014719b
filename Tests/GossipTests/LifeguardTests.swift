import Base
import Gossip
import Testing

/// Lifeguard (Dadgar, Phillips, Currey 2018): input → exact effects.
struct LifeguardTests {
    typealias Bench = GossipCoreTests.Bench

    static func suspicion(of name: String, by accuser: String) -> Rumor {
        .suspect(Samples.name(name), incarnation: 5, accuser: Samples.name(accuser))
    }

    /// How long `g` stays suspect when these accuse it, one after the other, at once.
    static func timeToFailure(
        accusers: [String], peers: [String] = ["b", "c", "d", "e", "f", "g"]
    ) -> Span {
        var configuration = GossipConfiguration()
        // Nobody probes out of turn, so that only the given accusers count.
        configuration.witnessFactor = 0
        configuration.probeInterval = .seconds(60)
        var bench = Bench(peers: peers, configuration: configuration)
        let start = bench.now
        for accuser in accusers {
            _ = bench.hear(from: accuser, .gossip, rumors: [suspicion(of: "g", by: accuser)])
        }
        for _ in 0..<400 where bench.core[Samples.name("g")]?.status == .suspect {
            _ = bench.wakeWithAnswers(except: "g")
        }
        return bench.now - start
    }

    @Test func `a suspicion falls from its longest to its shortest with the logarithm`() {
        // max − (max − min) · log(c + 1) / log(k + 1), IV-B, with 1,800 and 600 ms and k = 3.
        #expect(Self.timeToFailure(accusers: ["b"]).milliseconds == 1_800)
        #expect(Self.timeToFailure(accusers: ["b", "c"]).milliseconds == 1_200)
        #expect(Self.timeToFailure(accusers: ["b", "c", "d"]).milliseconds == 849)
        #expect(Self.timeToFailure(accusers: ["b", "c", "d", "e"]).milliseconds == 600)
        #expect(Self.timeToFailure(accusers: ["b", "c", "d", "e", "f"]).milliseconds == 600)
        // The same accuser confirms nothing.
        #expect(Self.timeToFailure(accusers: ["b", "b", "b"]).milliseconds == 1_800)
        // With four machines nobody could confirm three times.
        #expect(Self.timeToFailure(accusers: ["b"], peers: ["b", "c", "g"]).milliseconds == 600)
    }

    @Test func `a confirmation is passed on, a repeated one starts nothing`() {
        var configuration = GossipConfiguration()
        configuration.witnessFactor = 0
        var bench = Bench(peers: ["b", "c", "d", "e", "f", "g"], configuration: configuration)
        func rumorsTold() -> [Rumor] { Bench.sent(bench.wake()).flatMap(\.datagram.rumors) }
        _ = bench.hear(from: "b", .gossip, rumors: [Self.suspicion(of: "g", by: "b")])
        _ = bench.wake()
        _ = bench.hear(from: "c", .gossip, rumors: [Self.suspicion(of: "g", by: "c")])
        #expect(rumorsTold().contains(Self.suspicion(of: "g", by: "c")))
        // What is known already does not start over again.
        var told = bench
        _ = told.hear(from: "d", .gossip, rumors: [Self.suspicion(of: "g", by: "c")])
        #expect(Bench.sent(told.wake()).count == Bench.sent(bench.wake()).count)
    }

    @Test func `a witness tells the suspect at once and probes it next`() throws {
        var bench = Bench(peers: ["b", "c", "d", "e", "f", "g"])
        let rumor = Self.suspicion(of: "g", by: "b")
        let effects = bench.hear(from: "b", .gossip, rumors: [rumor])
        #expect(effects.contains(.mark(.witnessed)))
        let told = Bench.sent(effects)
        #expect(told.map(\.to) == ["g"])
        #expect(told.first?.datagram.rumors.first == rumor)
        let found = bench.wake(until: GossipCoreTests.isPing)
        let ping = try #require(found)
        #expect(ping.to == "g")
        // The ping tells it first (IV-C, the buddy system).
        #expect(ping.datagram.rumors.first == rumor)
    }

    @Test func `an unhealthy machine waits longer, and recovers with each answer`() throws {
        var bench = Bench(peers: ["b", "c"])
        // Each accusation that must be refuted speaks against this machine's own health.
        for incarnation in [100, 101] as [UInt64] {
            let rumor = Rumor.suspect(
                Samples.name("a"), incarnation: incarnation, accuser: Samples.name("c"))
            _ = bench.hear(from: "b", .gossip, rumors: [rumor])
        }
        #expect(bench.core.healthScore == 2)
        let found = bench.wake(until: GossipCoreTests.isPing)
        let ping = try #require(found)
        let start = bench.now
        let request = bench.wake { if case .pingRequest = $0 { true } else { false } }
        #expect(request != nil)
        #expect(bench.now - start == .milliseconds(300))
        while bench.core[Samples.name(ping.to)]?.status == .alive {
            _ = bench.wakeWithAnswers(except: ping.to)
        }
        #expect(bench.now - start == .milliseconds(600))
        // Up by one, as its helper said neither ack nor nack, and down by one for the answer to
        // the next probe, which began at once.
        #expect(bench.core.healthScore == 2)
        for _ in 0..<400 { _ = bench.wakeWithAnswers(except: "") }
        #expect(bench.core.healthScore == 0)
    }

    @Test func `a late wake-up speaks against one's own health, accuses nobody`() throws {
        var bench = Bench(peers: ["b", "c"])
        let found = bench.wake(until: GossipCoreTests.isPing)
        let ping = try #require(found)
        bench.now = bench.now + .seconds(3)
        let effects = bench.step(.wake)
        #expect(effects.contains(.mark(.stallAbsorbed)))
        #expect(bench.core.healthScore == 1)
        #expect(bench.core[Samples.name(ping.to)]?.status == .alive)
    }

    @Test func `the answering peer tells its health, and answers are timed`() throws {
        var bench = Bench(peers: ["b"])
        let name = Samples.name("b")
        for (trip, smoothed) in [(8, 1_000), (8, 1_875)] {
            let found = bench.wake(until: GossipCoreTests.isPing)
            let ping = try #require(found)
            guard case .ping(let sequence) = ping.datagram.message else { return }
            bench.now = bench.now + .milliseconds(Int64(trip))
            _ = bench.hear(from: "b", .ack(sequence: sequence, knowsSender: true, health: 2))
            // The answers before took no time, so each counts an eighth.
            let roundTrip = try #require(bench.core.contact(name)?.roundTrip)
            #expect(roundTrip == .microseconds(Int64(smoothed)))
            #expect(bench.core.contact(name)?.health == 2)
            #expect(bench.core.contact(name)?.lastHeard == bench.now)
        }
        #expect(bench.core.contact(Samples.name("z")) == nil)
    }

    @Test func `an answer through a helper is no round trip`() throws {
        var bench = Bench(peers: ["b", "c"])
        let found = bench.wake(until: GossipCoreTests.isPing)
        let ping = try #require(found)
        guard case .ping(let sequence) = ping.datagram.message else { return }
        let before = bench.core.contact(Samples.name(ping.to))?.roundTrip
        _ = bench.wake()
        let helper = ping.to == "b" ? "c" : "b"
        _ = bench.hear(from: helper, .ack(sequence: sequence, knowsSender: true))
        #expect(bench.core.contact(Samples.name(ping.to))?.roundTrip == before)
    }

    @Test func `every second probe goes to the next on the ring`() {
        let peers = ["b", "c", "d", "e", "f", "g"]
        var bench = Bench(peers: peers)
        var targets: [String] = []
        while targets.count < 24 {
            for sent in Bench.sent(bench.wakeWithAnswers(except: ""))
            where GossipCoreTests.isPing(sent.datagram.message) { targets.append(sent.to) }
        }
        let even = Set(stride(from: 0, to: 24, by: 2).map { targets[$0] })
        let odd = Set(stride(from: 1, to: 24, by: 2).map { targets[$0] })
        #expect(min(even.count, odd.count) == 1)
        #expect(max(even.count, odd.count) == peers.count)
    }
}
