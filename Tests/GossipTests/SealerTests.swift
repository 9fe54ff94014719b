import Base
import Gossip
import Testing

struct SealerTests {
    static let now = WallTime(seconds: 1_795_000_000)
    static let expiry = WallTime(seconds: 1_800_000_000)

    /// An authority and sealers of its machines.
    struct Cluster {
        let authority = GossipAuthority.generate()

        func certified(
            _ name: String, serial: UInt64 = 1, expiry: WallTime = SealerTests.expiry
        ) -> (identity: GossipIdentity, certificate: GossipCertificate) {
            let identity = GossipIdentity.generate()
            return (
                identity,
                authority.certify(
                    name: Samples.name(name), publicKey: identity.publicKey, serial: serial,
                    expiry: expiry)
            )
        }

        func sealer(_ name: String, session: UInt64? = nil) -> DatagramSealer {
            let (identity, certificate) = certified(name)
            return DatagramSealer(
                identity: identity, certificate: certificate, authorityKeys: [authority.publicKey],
                session: session)
        }

        /// Two sealers that know each other and have spoken.
        func pair() -> (a: DatagramSealer, b: DatagramSealer) {
            var a = sealer("a")
            var b = sealer("b")
            a.learn(b.certificate, at: now)
            b.learn(a.certificate, at: now)
            _ = b.open(a.seal([1], to: Samples.name("b"))[0], at: now)
            _ = a.open(b.seal([1], to: Samples.name("a"))[0], at: now)
            return (a, b)
        }
    }

    @Test func `what one machine seals the other opens, and nobody else`() {
        let cluster = Cluster()
        var (a, b) = cluster.pair()
        var c = cluster.sealer("c")
        c.learn(a.certificate, at: Self.now)
        let payload: [UInt8] = Array(0..<100)
        let sealed = a.seal(payload, to: Samples.name("b"))
        #expect(sealed.count == 1)
        #expect(sealed[0].count == payload.count + DatagramSealer.overheadBytes)
        #expect(c.open(sealed[0], at: Self.now) == nil)
        #expect(c.counters.misdirected == 1)
        let opened = b.open(sealed[0], at: Self.now)
        #expect(opened?.sender == Samples.name("a"))
        #expect(opened?.payload == payload)
        #expect(a.open(sealed[0], at: Self.now) == nil)
    }

    @Test func `the largest payload of a core fits a datagram`() {
        var (a, b) = Cluster().pair()
        let payload = [UInt8](repeating: 7, count: GossipLimits.payloadBytesMax)
        let sealed = a.seal(payload, to: Samples.name("b"))
        #expect(sealed.allSatisfy { $0.count <= GossipLimits.datagramBytesMax })
        #expect(b.open(sealed[0], at: Self.now)?.payload == payload)
        #expect(a.seal(payload + payload, to: Samples.name("b")).isEmpty)
        #expect(a.counters.oversized == 1)
    }

    @Test func `a change of any byte, and any truncation, is refused`() {
        var (a, b) = Cluster().pair()
        let sealed = a.seal(Array("hello".utf8), to: Samples.name("b"))[0]
        for index in sealed.indices {
            var tampered = sealed
            tampered[index] ^= 0x01
            #expect(b.open(tampered, at: Self.now) == nil)
            #expect(b.open(Array(sealed.prefix(index)), at: Self.now) == nil)
        }
        #expect(b.counters.dropped == UInt64(2 * sealed.count))
        #expect(b.counters.forged > 0 && b.counters.malformed > 0)
        #expect(b.open(sealed, at: Self.now) != nil)
    }

    @Test func `noise is counted and dropped`() {
        var (_, b) = Cluster().pair()
        var random = Random(seed: 5)
        for size in 0..<1_300 {
            let noise = (0..<size).map { _ in UInt8(random.below(256)) }
            #expect(b.open(noise, at: Self.now) == nil)
        }
        #expect(b.counters.dropped == 1_300)
    }

    @Test func `a replay is refused, disorder is not`() {
        var (a, b) = Cluster().pair()
        let sealed = (0..<100).map { a.seal([UInt8($0)], to: Samples.name("b"))[0] }
        for datagram in sealed.reversed() { #expect(b.open(datagram, at: Self.now) != nil) }
        for datagram in sealed { #expect(b.open(datagram, at: Self.now) == nil) }
        #expect(b.counters.replayed == 100)
        let old = a.seal([0], to: Samples.name("b"))[0]
        for _ in 0..<128 {
            _ = b.open(a.seal([1], to: Samples.name("b"))[0], at: Self.now)
        }
        #expect(b.open(old, at: Self.now) == nil)
        #expect(b.counters.replayed == 101)
    }

    @Test func `a restarted sender is heard, and its earlier session stays closed`() {
        let cluster = Cluster()
        let (identity, certificate) = cluster.certified("a")
        var b = cluster.sealer("b")
        func start() -> DatagramSealer {
            var sealer = DatagramSealer(
                identity: identity, certificate: certificate,
                authorityKeys: [cluster.authority.publicKey])
            sealer.learn(b.certificate, at: Self.now)
            return sealer
        }
        var first = start()
        let recorded = (0..<3).map { _ in first.seal([1], to: Samples.name("b"))[0] }
        for datagram in recorded { #expect(b.open(datagram, at: Self.now) != nil) }
        var second = start()
        #expect(b.open(second.seal([2], to: Samples.name("b"))[0], at: Self.now) != nil)
        for datagram in recorded { #expect(b.open(datagram, at: Self.now) == nil) }
    }

    @Test func `a newcomer introduces itself with its certificate`() {
        let cluster = Cluster()
        var known = cluster.sealer("a")
        var newcomer = cluster.sealer("new")
        newcomer.learn(known.certificate, at: Self.now)
        #expect(known.seal([1], to: Samples.name("new")).isEmpty)
        #expect(known.counters.unknownRecipient == 1)
        let small = newcomer.seal([9], to: Samples.name("a"))
        #expect(small.count == 1)
        #expect(known.open(small[0], at: Self.now)?.payload == [9])
        #expect(known.counters.introduced == 1)
        #expect(known.certificate(of: Samples.name("new")) == newcomer.certificate)
        // Once heard, it stops carrying the certificate.
        _ = newcomer.open(known.seal([1], to: Samples.name("new"))[0], at: Self.now)
        let later = newcomer.seal([9], to: Samples.name("a"))
        #expect(later[0].count == 1 + DatagramSealer.overheadBytes)
        // After silence it carries it again.
        for _ in 0..<3 { _ = newcomer.seal([9], to: Samples.name("a")) }
        #expect(newcomer.seal([9], to: Samples.name("a"))[0].count > later[0].count)
    }

    @Test func `an introduction that does not fit beside the payload goes first`() {
        let cluster = Cluster()
        var known = cluster.sealer("a")
        var newcomer = cluster.sealer("new")
        newcomer.learn(known.certificate, at: Self.now)
        let payload = [UInt8](repeating: 3, count: GossipLimits.payloadBytesMax)
        let sealed = newcomer.seal(payload, to: Samples.name("a"))
        #expect(sealed.count == 2)
        #expect(sealed.allSatisfy { $0.count <= GossipLimits.datagramBytesMax })
        #expect(known.open(sealed[0], at: Self.now)?.payload == [])
        #expect(known.open(sealed[1], at: Self.now)?.payload == payload)
    }

    @Test func `a stolen key cannot speak for another machine`() {
        let cluster = Cluster()
        var victim = cluster.sealer("victim")
        let a = cluster.sealer("a")
        victim.learn(a.certificate, at: Self.now)
        let (stolen, own) = cluster.certified("thief")
        // The thief claims a's name with its own key, under the signature for its own name …
        let forged = GossipCertificate(
            name: Samples.name("a"), publicKey: stolen.publicKey, serial: 9, expiry: own.expiry,
            signature: own.signature)
        var liar = DatagramSealer(
            identity: stolen, certificate: forged, authorityKeys: [cluster.authority.publicKey])
        liar.learn(victim.certificate, at: Self.now)
        #expect(victim.open(liar.seal([1], to: Samples.name("victim"))[0], at: Self.now) == nil)
        #expect(victim.counters.badCertificate == 1)
        // … and with its true certificate it is itself, whatever it says.
        var honest = DatagramSealer(
            identity: stolen, certificate: own, authorityKeys: [cluster.authority.publicKey])
        honest.learn(victim.certificate, at: Self.now)
        let opened = victim.open(
            honest.seal([1], to: Samples.name("victim"))[0], at: Self.now)
        #expect(opened?.sender == Samples.name("thief"))
        // It cannot pass its key id off as a's either.
        var relabelled = honest.seal([1], to: Samples.name("victim"))[0]
        var truth = a
        truth.learn(victim.certificate, at: Self.now)
        let real = truth.seal([1], to: Samples.name("victim"))[0]
        relabelled.replaceSubrange(2..<10, with: real[2..<10])
        #expect(victim.open(relabelled, at: Self.now) == nil)
    }

    @Test func `another cluster's machine stays a stranger`() {
        var b = Cluster().sealer("b")
        var foreign = Cluster().sealer("a")
        #expect(foreign.learn(b.certificate, at: Self.now) == false)
        #expect(foreign.seal([1], to: Samples.name("b")).isEmpty)
        #expect(b.learn(foreign.certificate, at: Self.now) == false)
        #expect(b.counters.badCertificate == 1)
    }

    @Test func `a removed machine cannot speak until it is certified anew`() {
        let cluster = Cluster()
        var (a, b) = cluster.pair()
        b.revoke(Samples.name("a"), upTo: 1)
        #expect(b.open(a.seal([1], to: Samples.name("b"))[0], at: Self.now) == nil)
        #expect(b.counters.unknownSender == 1)
        // Not by introducing itself again either.
        for _ in 0..<5 {
            #expect(b.open(a.seal([1], to: Samples.name("b"))[0], at: Self.now) == nil)
        }
        #expect(b.counters.badCertificate > 0)
        #expect(b.seal([1], to: Samples.name("a")).isEmpty)
        let (identity, certificate) = cluster.certified("a", serial: 2)
        var again = DatagramSealer(
            identity: identity, certificate: certificate,
            authorityKeys: [cluster.authority.publicKey])
        again.learn(b.certificate, at: Self.now)
        #expect(b.open(again.seal([1], to: Samples.name("b"))[0], at: Self.now) != nil)
    }

    @Test func `an expired key is refused`() {
        let cluster = Cluster()
        var (a, b) = cluster.pair()
        let sealed = a.seal([1], to: Samples.name("b"))[0]
        #expect(b.open(sealed, at: Self.expiry) == nil)
        #expect(b.counters.badCertificate == 1)
        let (_, late) = cluster.certified("c", expiry: Self.now)
        #expect(b.learn(late, at: Self.now) == false)
    }

    @Test func `a key rotates without a datagram lost`() {
        let cluster = Cluster()
        var (a, b) = cluster.pair()
        let underway = b.seal([1], to: Samples.name("a"))[0]
        let older = a.seal([2], to: Samples.name("b"))[0]
        let (identity, certificate) = cluster.certified("a", serial: 2)
        a.rotate(to: identity, certificate: certificate)
        // What b sealed for the old key still opens, and b learns the new one by itself.
        #expect(a.open(underway, at: Self.now)?.payload == [1])
        a.rotate(to: identity, certificate: certificate)
        let (second, newest) = cluster.certified("a", serial: 3)
        var rotated = a
        rotated.rotate(to: second, certificate: newest)
        #expect(b.open(rotated.seal([3], to: Samples.name("b"))[0], at: Self.now)?.payload == [3])
        #expect(b.certificate(of: Samples.name("a"))?.serial == 3)
        #expect(b.open(older, at: Self.now)?.payload == [2])
        #expect(rotated.open(b.seal([4], to: Samples.name("a"))[0], at: Self.now)?.payload == [4])
        // A certificate that is older than the known one does not come back.
        #expect(b.learn(certificate, at: Self.now) == false)
    }

    @Test func `strangers can make it verify only so many signatures a second`() {
        let cluster = Cluster()
        var b = cluster.sealer("b")
        let foreign = Cluster()
        var stranger = foreign.sealer("x")
        var lookalike = b.certificate
        lookalike = foreign.authority.certify(
            name: lookalike.name, publicKey: lookalike.publicKey, serial: 1, expiry: Self.expiry)
        stranger.learn(lookalike, at: Self.now)
        for _ in 0..<(GossipLimits.introductionsPerSecondMax + 10) {
            #expect(b.open(stranger.seal([1], to: Samples.name("b"))[0], at: Self.now) == nil)
        }
        #expect(b.counters.flooded >= 6)
        let next = Self.now + .seconds(1)
        let flooded = b.counters.flooded
        _ = b.open(stranger.seal([1], to: Samples.name("b"))[0], at: next)
        #expect(b.counters.flooded == flooded)
    }

    @Test func `keys are restored from their bytes`() {
        let identity = GossipIdentity.generate()
        #expect(GossipIdentity(secretKey: identity.secretKey)?.publicKey == identity.publicKey)
        #expect(GossipIdentity(secretKey: [1, 2, 3]) == nil)
        let authority = GossipAuthority.generate()
        #expect(GossipAuthority(seed: authority.seed)?.publicKey == authority.publicKey)
        #expect(GossipAuthority(seed: []) == nil)
    }

    @Test func `a certificate with any field changed is invalid`() {
        let cluster = Cluster()
        let (_, good) = cluster.certified("a")
        func isValid(_ certificate: GossipCertificate) -> Bool {
            certificate.isValid(authorityKey: cluster.authority.publicKey, at: Self.now)
        }
        #expect(isValid(good))
        let encoded = good.encoded
        for index in encoded.indices {
            var tampered = encoded
            tampered[index] ^= 0x10
            guard let certificate = try? GossipCertificate(decoding: tampered) else { continue }
            #expect(!isValid(certificate))
        }
    }
}
