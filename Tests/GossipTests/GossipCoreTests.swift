import Base
import Gossip
import Testing

/// One core: input → exact effects.
struct GossipCoreTests {
    /// A core `a` with the given live peers; its first probe starts within 200 ms.
    struct Bench {
        var core: GossipCore
        var now = Instant.zero
        private var outbox = Outbox<GossipEffect>()

        init(peers: [String] = [], configuration: GossipConfiguration = .init()) {
            core = GossipCore(
                configuration: configuration, local: Bench.member("a", incarnation: 100),
                random: Random(seed: 1), now: .zero)
            for peer in peers {
                _ = hear(from: peer, .gossip, rumors: [.member(Bench.member(peer))])
            }
            // The welcome of the peers and its echo; nobody is silent meanwhile.
            for _ in 0..<10 { _ = wakeWithAnswers(except: "") }
        }

        /// Goes on to the deadline, and lets every peer but one answer its ping.
        mutating func wakeWithAnswers(except silent: String) -> [GossipEffect] {
            let effects = wake()
            for sent in Bench.sent(effects) where sent.to != silent {
                guard case .ping(let sequence) = sent.datagram.message else { continue }
                _ = hear(from: sent.to, .ack(sequence: sequence, knowsSender: true))
            }
            return effects
        }

        static func address(_ name: String) -> PeerAddress {
            PeerAddress(ip: "10.0.0.\(name.utf8.first!)", port: 7946)
        }

        static func member(
            _ name: String, incarnation: UInt64 = 5, status: GossipMember.Status = .alive,
            tags: [String: String] = [:]
        ) -> GossipMember {
            GossipMember(
                name: Samples.name(name), address: address(name), incarnation: incarnation,
                status: status, tags: tags)
        }

        mutating func step(_ input: GossipInput) -> [GossipEffect] {
            core.step(input, at: now, into: &outbox)
            return outbox.take()
        }

        mutating func hear(
            from name: String, _ message: GossipMessage, rumors: [Rumor] = []
        ) -> [GossipEffect] {
            step(
                .datagram(
                    from: Samples.name(name), address: Bench.address(name),
                    payload: GossipCodec.encode(GossipDatagram(message, rumors: rumors))))
        }

        /// Goes on to the deadline.
        mutating func wake() -> [GossipEffect] {
            now = max(now, core.deadline ?? now)
            return step(.wake)
        }

        /// Wakes until a datagram with such a message goes out; its recipient and content.
        mutating func wake(
            until isWanted: (GossipMessage) -> Bool
        ) -> (to: String, datagram: GossipDatagram)? {
            for _ in 0..<100 {
                for sent in Bench.sent(wake()) where isWanted(sent.datagram.message) {
                    return sent
                }
            }
            return nil
        }

        static func sent(
            _ effects: [GossipEffect]
        ) -> [(to: String, datagram: GossipDatagram)] {
            effects.compactMap { effect in
                guard case .send(let name, _, let payload) = effect,
                    let datagram = try? GossipCodec.decode(payload)
                else { return nil }
                return (name.text, datagram)
            }
        }
    }

    static func isPing(_ message: GossipMessage) -> Bool {
        if case .ping = message { true } else { false }
    }

    @Test func `a ping is answered with an ack to its source`() {
        var bench = Bench(peers: ["b"])
        let effects = bench.hear(from: "b", .ping(sequence: 9))
        let ack = GossipCodec.encode(GossipDatagram(.ack(sequence: 9, knowsSender: true)))
        #expect(
            effects == [
                .send(to: Samples.name("b"), address: Bench.address("b"), payload: ack)
            ])
    }

    @Test func `a stranger's ping is answered with a question`() {
        var bench = Bench(peers: ["b"])
        let sent = Bench.sent(bench.hear(from: "z", .ping(sequence: 9)))
        #expect(sent.map(\.datagram.message) == [.ack(sequence: 9, knowsSender: false)])
        let answer = Bench.sent(bench.hear(from: "z", .ack(sequence: 1, knowsSender: false)))
        #expect(answer.first?.to == "z")
        #expect(answer.first?.datagram.message == .join(bench.core.local))
    }

    @Test func `silence leads from ping through helpers to suspicion and failure`() throws {
        var bench = Bench(peers: ["b", "c"])
        let found = bench.wake(until: Self.isPing)
        let ping = try #require(found)
        let other = ping.to == "b" ? "c" : "b"
        guard case .ping(let sequence) = ping.datagram.message else { return }
        let start = bench.now
        let requests = Bench.sent(bench.wake())
        #expect(bench.now - start == .milliseconds(100))
        #expect(requests.map(\.to) == [other])
        #expect(
            requests.first?.datagram.message
                == .pingRequest(
                    sequence: sequence, target: Samples.name(ping.to),
                    address: Bench.address(ping.to)))
        let suspicion = bench.wake()
        #expect(bench.now - start == .milliseconds(200))
        #expect(
            suspicion.first
                == .memberChanged(Bench.member(ping.to, status: .suspect), previous: .alive))
        // The suspect is told at once.
        let told = Bench.sent(suspicion).first { $0.to == ping.to }
        #expect(
            told?.datagram.rumors
                == [.suspect(Samples.name(ping.to), incarnation: 5, accuser: Samples.name("a"))])
        // The helper keeps answering; the suspect does not.
        var failedAt: Instant?
        for _ in 0..<60 where failedAt == nil {
            for effect in bench.wakeWithAnswers(except: ping.to) {
                if case .memberChanged(let member, _) = effect, member.status == .failed {
                    failedAt = bench.now
                    #expect(member.name.text == ping.to)
                }
            }
        }
        #expect(failedAt.map { $0 - start } == .milliseconds(800))
    }

    @Test func `a helper's ack saves the target, its nack saves the prober's health`() throws {
        var saved = Bench(peers: ["b", "c"])
        let found = saved.wake(until: Self.isPing)
        let ping = try #require(found)
        guard case .ping(let sequence) = ping.datagram.message else { return }
        let helper = ping.to == "b" ? "c" : "b"
        _ = saved.wake()
        var silent = saved
        var nacked = saved
        _ = saved.hear(from: helper, .ack(sequence: sequence, knowsSender: true))
        _ = saved.wake()
        #expect(saved.core[Samples.name(ping.to)]?.status == .alive)
        _ = silent.wake()
        #expect(silent.core[Samples.name(ping.to)]?.status == .suspect)
        #expect(silent.core.healthScore == 1)
        _ = nacked.hear(from: helper, .nack(sequence: sequence))
        _ = nacked.wake()
        #expect(nacked.core[Samples.name(ping.to)]?.status == .suspect)
        #expect(nacked.core.healthScore == 0)
    }

    @Test func `an ack from someone who was not asked counts for nothing`() throws {
        var bench = Bench(peers: ["b", "c"])
        let found = bench.wake(until: Self.isPing)
        let ping = try #require(found)
        guard case .ping(let sequence) = ping.datagram.message else { return }
        let other = ping.to == "b" ? "c" : "b"
        _ = bench.hear(from: other, .ack(sequence: sequence, knowsSender: true))
        _ = bench.wake()
        _ = bench.wake()
        #expect(bench.core[Samples.name(ping.to)]?.status == .suspect)
    }

    @Test func `a relay pings the target, passes its ack on, or says nack after 80 ms`() {
        var bench = Bench(peers: ["b", "c"])
        let request = GossipMessage.pingRequest(
            sequence: 77, target: Samples.name("c"), address: Bench.address("c"))
        let relayed = Bench.sent(bench.hear(from: "b", request))
        guard relayed.map(\.to) == ["c"], case .ping(let own) = relayed[0].datagram.message else {
            Issue.record("no ping to the target")
            return
        }
        var silent = bench
        let passed = Bench.sent(bench.hear(from: "c", .ack(sequence: own, knowsSender: true)))
        #expect(passed.map(\.to) == ["b"])
        #expect(passed.map(\.datagram.message) == [.ack(sequence: 77, knowsSender: true)])
        let start = silent.now
        let nack = silent.wake { $0 == .nack(sequence: 77) }
        #expect(nack?.to == "b")
        #expect(silent.now - start == .milliseconds(80))
    }

    @Test func `an accused machine refutes with a higher incarnation, and tells at once`() {
        var bench = Bench(peers: ["b", "c"])
        let rumor = Rumor.suspect(
            Samples.name("a"), incarnation: 100, accuser: Samples.name("c"))
        let refutation = bench.hear(from: "b", .gossip, rumors: [rumor])
        #expect(refutation == [.mark(.refuted)])
        #expect(bench.core.local.incarnation == 101)
        let start = bench.now
        let told = Bench.sent(bench.wake())
        #expect(bench.now == start)
        #expect(Set(told.map(\.to)) == ["b", "c"])
        #expect(told.allSatisfy { $0.datagram.rumors == [.member(bench.core.local)] })
        let forged = Rumor.failed(
            Samples.name("a"), incarnation: 7_000, accuser: Samples.name("c"))
        _ = bench.hear(from: "b", .gossip, rumors: [forged])
        #expect(bench.core.local.incarnation == 7_001)
    }

    @Test func `claims win and lose by the table of precedence`() {
        typealias Status = GossipMember.Status
        func outcome(of status: Status, _ incarnation: UInt64, over before: Status) -> Status? {
            var bench = Bench(peers: ["b", "c", "d"])
            // Long after anything was heard of `d`, so that a verdict is not doubted.
            bench.now = bench.now + .seconds(2)
            let name = Samples.name("d")
            let accuser = Samples.name("c")
            func rumor(_ status: Status, _ incarnation: UInt64) -> Rumor {
                switch status {
                case .suspect: .suspect(name, incarnation: incarnation, accuser: accuser)
                case .failed: .failed(name, incarnation: incarnation, accuser: accuser)
                default:
                    .member(Bench.member("d", incarnation: incarnation, status: status))
                }
            }
            _ = bench.hear(from: "b", .gossip, rumors: [rumor(before, 5)])
            _ = bench.hear(from: "b", .gossip, rumors: [rumor(status, incarnation)])
            return bench.core[name]?.status
        }
        #expect(outcome(of: .suspect, 5, over: .alive) == .suspect)
        #expect(outcome(of: .suspect, 4, over: .alive) == .alive)
        #expect(outcome(of: .failed, 5, over: .alive) == .failed)
        #expect(outcome(of: .failed, 4, over: .alive) == .alive)
        #expect(outcome(of: .left, 5, over: .alive) == .left)
        #expect(outcome(of: .left, 4, over: .alive) == .alive)
        #expect(outcome(of: .alive, 5, over: .suspect) == .suspect)
        #expect(outcome(of: .alive, 6, over: .suspect) == .alive)
        #expect(outcome(of: .failed, 5, over: .suspect) == .failed)
        #expect(outcome(of: .alive, 5, over: .failed) == .failed)
        #expect(outcome(of: .alive, 6, over: .failed) == .alive)
        #expect(outcome(of: .suspect, 6, over: .failed) == .failed)
        #expect(outcome(of: .left, 5, over: .failed) == .left)
        #expect(outcome(of: .failed, 5, over: .left) == .left)
        #expect(outcome(of: .alive, 6, over: .left) == .alive)
    }

    @Test func `a verdict on a member heard a moment ago is only a suspicion`() {
        var bench = Bench(peers: ["b", "c"])
        _ = bench.hear(from: "c", .gossip)
        let verdict = Rumor.failed(Samples.name("c"), incarnation: 5, accuser: Samples.name("b"))
        let effects = bench.hear(from: "b", .gossip, rumors: [verdict])
        #expect(effects.first == .mark(.failureDoubted))
        #expect(bench.core[Samples.name("c")]?.status == .suspect)
    }

    @Test func `confirmations shorten a suspicion`() {
        let peers = ["b", "c", "d", "e", "f", "g"]
        func timeToFailure(accusers: [String]) -> Int64 {
            var bench = Bench(peers: peers)
            let start = bench.now
            for accuser in accusers {
                let rumor = Rumor.suspect(
                    Samples.name("g"), incarnation: 5, accuser: Samples.name(accuser))
                _ = bench.hear(from: accuser, .gossip, rumors: [rumor])
            }
            for _ in 0..<200 where bench.core[Samples.name("g")]?.status == .suspect {
                _ = bench.wakeWithAnswers(except: "g")
            }
            #expect(bench.core[Samples.name("g")]?.status == .failed)
            return (bench.now - start).milliseconds
        }
        #expect(timeToFailure(accusers: ["b", "c", "d", "e"]) == 600)
        #expect(timeToFailure(accusers: ["b", "b", "b", "b"]) > 1_000)
        #expect((601..<1_800).contains(timeToFailure(accusers: ["b", "c"])))
    }

    @Test func `a failed member that talks is told, so that it can refute`() {
        var bench = Bench(peers: ["b", "c"])
        bench.now = bench.now + .seconds(1)
        let verdict = Rumor.failed(Samples.name("c"), incarnation: 5, accuser: Samples.name("b"))
        _ = bench.hear(from: "b", .gossip, rumors: [verdict])
        let told = Bench.sent(bench.hear(from: "c", .gossip)).first { $0.to == "c" }
        #expect(
            told?.datagram.rumors.first
                == .failed(Samples.name("c"), incarnation: 5, accuser: Samples.name("a")))
        let back = bench.hear(
            from: "c", .gossip, rumors: [.member(Bench.member("c", incarnation: 6))])
        #expect(back.contains(.memberChanged(Bench.member("c", incarnation: 6), previous: .failed)))
    }

    @Test func `a failed member is asked once a second whether it is back`() {
        var bench = Bench(peers: ["b"])
        bench.now = bench.now + .seconds(1)
        let verdict = Rumor.failed(Samples.name("b"), incarnation: 5, accuser: Samples.name("z"))
        _ = bench.hear(from: "z", .gossip, rumors: [verdict])
        let start = bench.now
        for second in 1...3 {
            let ping = bench.wake(until: Self.isPing)
            #expect(bench.now - start == .seconds(Int64(second)))
            #expect(ping?.to == "b")
            #expect(ping?.datagram.rumors.contains(.member(bench.core.local)) == true)
        }
    }

    @Test func `new tags raise the incarnation, and too many are refused`() {
        var bench = Bench(peers: ["b"])
        #expect(bench.step(.updateTags(["raft": "7001"])) == [])
        #expect(bench.core.local.incarnation == 101)
        #expect(bench.core.local.tags == ["raft": "7001"])
        let long = String(repeating: "x", count: GossipLimits.tagBytesMax)
        #expect(bench.step(.updateTags(["raft": long])) == [.tagsRefused])
        #expect(bench.core.local.tags == ["raft": "7001"])
    }

    @Test func `a peer's new tags are reported, its mere refutation is not`() {
        var bench = Bench(peers: ["b"])
        let same = Bench.member("b", incarnation: 6)
        #expect(bench.hear(from: "b", .gossip, rumors: [.member(same)]) == [])
        let tagged = Bench.member("b", incarnation: 7, tags: ["api": "6443"])
        #expect(
            bench.hear(from: "b", .gossip, rumors: [.member(tagged)])
                == [.memberChanged(tagged, previous: .alive)])
    }

    @Test func `publishing changes the table once and refuses what does not fit`() {
        var bench = Bench()
        let entry = Samples.entry(1)
        #expect(bench.step(.publish(entry)) == [.assignmentChanged(entry)])
        #expect(bench.step(.publish(entry)) == [.publishRefused(entry.key, .known)])
        var pod = Samples.pod(2)
        pod.services = (0..<20).map { "a-service-with-a-name-of-about-sixty-bytes-\($0)-and-more" }
        let large = AssignmentEntry(key: .pod("default", "x"), revision: 9, value: .pod(pod))
        let size = GossipCodec.encodedSize(large)
        #expect(
            bench.step(.publish(large)) == [.publishRefused(large.key, .tooLarge(bytes: size))])
    }

    @Test func `noise from an authenticated peer is reported and changes nothing`() {
        var bench = Bench(peers: ["b"])
        let effects = bench.step(
            .datagram(from: Samples.name("b"), address: Bench.address("b"), payload: [99]))
        #expect(
            effects == [
                .malformed(
                    from: Samples.name("b"), DecodeError(expected: "a message", offset: 0))
            ])
    }

    @Test func `a lone machine leaves at its next wake and is silent then`() {
        var bench = Bench()
        #expect(bench.step(.leave) == [])
        #expect(bench.wake() == [.left])
        #expect(bench.core.deadline == nil)
        #expect(bench.hear(from: "b", .ping(sequence: 1)) == [])
    }

    @Test func `a message over a link that is no part of an exchange is refused`() {
        var bench = Bench(peers: ["b"])
        let ping = GossipCodec.encode(GossipDatagram(.ping(sequence: 1)))
        #expect(
            bench.step(.reliable(from: Samples.name("b"), payload: ping)) == [
                .malformed(
                    from: Samples.name("b"),
                    DecodeError(expected: "state or an offer", offset: 0))
            ])
    }
}
