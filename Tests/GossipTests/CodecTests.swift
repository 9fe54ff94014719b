import Base
import Gossip
import Testing

struct CodecTests {
    static let certificate = GossipCertificate(
        name: Samples.name("b"), publicKey: Array(0..<32), serial: 3, expiry: 2_000_000_000,
        signature: Array(100..<164))
    static let member = GossipMember(
        name: Samples.name("b"), address: PeerAddress(ip: "fd00::1", port: 7_946),
        incarnation: 1_795_000_000, session: 1_794_000_000, status: .suspect,
        certificate: certificate,
        tags: ["raft": "7001", "api": "6443"])
    static let datagrams = [
        GossipDatagram(.ping(sequence: 0xFFFF_FFFF), rumors: [.member(member)]),
        GossipDatagram(.ack(sequence: 1, knowsSender: true, health: 3)),
        GossipDatagram(.join(member)),
        GossipDatagram(.nack(sequence: 2)),
        GossipDatagram(
            .pingRequest(sequence: 3, target: Samples.name("c"), address: member.address)),
        GossipDatagram(
            .gossip,
            rumors: [
                .suspect(Samples.name("b"), incarnation: 7, accuser: Samples.name("c")),
                .failed(Samples.name("b"), incarnation: 7, accuser: Samples.name("c")),
                .assignment(Samples.entry(4)), .assignment(Samples.service),
                .assignment(Samples.tombstone(5, revision: .max)),
            ]),
        GossipDatagram(.state, rumors: [.member(member)]),
    ]

    @Test func `every message and rumor survives its encoding`() throws {
        for datagram in Self.datagrams {
            #expect(try GossipCodec.decode(GossipCodec.encode(datagram)) == datagram)
        }
        let entry = Samples.service
        #expect(try GossipCodec.decodeEntry(GossipCodec.encode(entry)) == entry)
        #expect(try GossipCertificate(decoding: Self.certificate.encoded) == Self.certificate)
    }

    @Test func `a Pod's row takes about a tenth of a datagram`() {
        #expect(GossipCodec.encodedSize(Samples.entry(1)) < 140)
    }

    @Test func `every truncation is refused or ends between rumors`() {
        for datagram in Self.datagrams {
            let bytes = GossipCodec.encode(datagram)
            for count in 0..<bytes.count {
                guard let shorter = try? GossipCodec.decode(Array(bytes.prefix(count)))
                else { continue }
                #expect(shorter.message == datagram.message)
                #expect(shorter.rumors.count < datagram.rumors.count)
            }
        }
    }

    @Test func `hostile bytes never trap the codec or a core`() {
        var random = Random(seed: 42)
        var core = GossipCore(
            local: GossipMember(name: Samples.name("a"), address: Self.member.address),
            random: Random(seed: 1), now: .zero)
        var outbox = Outbox<GossipEffect>()
        var accepted = 0
        for round in 0..<8_000 {
            var bytes = GossipCodec.encode(Self.datagrams[round % Self.datagrams.count])
            for _ in 0..<(1 + random.below(4)) {
                switch random.below(4) {
                case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
                case 1: bytes.removeLast(random.below(bytes.count))
                case 2: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count))
                default: bytes = (0..<40).map { _ in UInt8(random.below(256)) }
                }
                if bytes.isEmpty { bytes = [5] }
            }
            let now = Instant(nanoseconds: Int64(round) * 1_000_000)
            core.step(
                .datagram(
                    from: Samples.name("b"), address: Self.member.address, payload: bytes),
                at: now, into: &outbox)
            if round % 10 == 0 { core.step(.wake, at: now, into: &outbox) }
            let isRefused = outbox.take().contains { effect in
                if case .malformed = effect { true } else { false }
            }
            if !isRefused { accepted += 1 }
        }
        #expect(core.invariantViolation == nil)
        #expect(accepted > 0 && accepted < 8_000)
    }

    @Test func `an incarnation near overflow is refused`() {
        var forged = Self.member
        forged.incarnation = .max
        let bytes = GossipCodec.encode(GossipDatagram(.gossip, rumors: [.member(forged)]))
        #expect(throws: DecodeError.self) { try GossipCodec.decode(bytes) }
    }

    @Test func `a payload above the limit is refused before it is read`() {
        let bytes = [UInt8](repeating: 5, count: GossipLimits.payloadBytesMax + 1)
        #expect(throws: DecodeError(expected: "at most 1120 bytes", offset: 0)) {
            try GossipCodec.decode(bytes)
        }
    }
}
