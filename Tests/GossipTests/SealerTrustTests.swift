import Base
import Gossip
import Testing

/// Whom a sealer trusts while authorities change, what it refuses before it decrypts, and what it
/// counts.
struct SealerTrustTests {
    private let now = SealerTests.now
    private let a = Samples.name("a")
    private let b = Samples.name("b")

    private func head(of datagram: [UInt8]) -> SealedHead {
        func word(_ start: Int) -> UInt64 {
            datagram[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        return SealedHead(
            version: datagram[0], flags: datagram[1], sender: word(2), recipient: word(10))
    }

    @Test func `machines of two authorities speak while both are trusted, and not after`() {
        let old = SealerTests.Cluster()
        let new = SealerTests.Cluster()
        var (first, second) = old.pair()
        first.trust([old.authority.publicKey, new.authority.publicKey])
        second.trust([old.authority.publicKey, new.authority.publicKey])
        let (identity, certificate) = new.certified("b", serial: 2)
        second.rotate(to: identity, certificate: certificate)
        for datagram in second.seal([7], to: a) {
            #expect(first.open(datagram, at: now)?.sender == b)
        }
        #expect(first.certificate(of: b) == certificate)
        // What was sealed for the old key while the change was under way still opens.
        let late = second.seal([8], to: a)[0]
        first.trust([new.authority.publicKey])
        #expect(first.open(late, at: now)?.payload == [8])
        // The other side has not changed, and is a stranger now.
        second.trust([new.authority.publicKey])
        #expect(second.certificate(of: a) == nil)
        #expect(second.open(first.seal([9], to: b)[0], at: now) == nil)
    }

    @Test func `a head that is not for this machine is refused without a look at the rest`() {
        var (first, second) = SealerTests.Cluster().pair()
        var stranger = SealerTests.Cluster().sealer("c")
        let datagram = first.seal([1], to: b)[0]
        let isAdmitted = second.admits(head(of: datagram), bytes: datagram.count)
        #expect(isAdmitted)
        let isAdmittedByStranger = stranger.admits(head(of: datagram), bytes: datagram.count)
        #expect(!isAdmittedByStranger)
        #expect(stranger.counters.misdirected == 1)
        var other = datagram
        other[3] ^= 1
        let isOtherAdmitted = second.admits(head(of: other), bytes: datagram.count)
        #expect(!isOtherAdmitted)
        #expect(second.counters.unknownSender == 1)
        for (version, flags, count) in [(2, 0, 100), (1, 2, 100), (1, 0, 20), (1, 0, 1_201)] {
            let noise = SealedHead(
                version: UInt8(version), flags: UInt8(flags), sender: 0, recipient: 0)
            let isNoiseAdmitted = second.admits(noise, bytes: count)
            #expect(!isNoiseAdmitted)
        }
        #expect(second.counters.malformed == 4)
    }

    @Test func `what goes to a peer and what of it opens is counted`() {
        var (first, second) = SealerTests.Cluster().pair()
        let before = first.traffic(of: b)
        let datagram = first.seal([1, 2, 3], to: b)[0]
        _ = second.open(datagram, at: now)
        _ = second.open(datagram, at: now)
        #expect(first.traffic(of: b).datagramsOut == before.datagramsOut + 1)
        #expect(first.traffic(of: b).bytesOut == before.bytesOut + UInt64(datagram.count))
        #expect(second.traffic(of: a).datagramsIn == 2, "the first of the pair, and this one once")
        #expect(second.traffic(of: Samples.name("z")) == PeerTraffic())
    }

    @Test func `no nonce comes twice, whatever is sealed`() {
        var (first, _) = SealerTests.Cluster().pair()
        var nonces: Set<[UInt8]> = []
        for _ in 0..<10_000 {
            nonces.insert(Array(first.seal([1], to: b)[0][18..<42]))
        }
        #expect(nonces.count == 10_000)
    }
}
