import Base
import Gossip

/// What the mesh reads: datagrams before and after their seal is opened.
extension FuzzDecoder {
    static let gossip = FuzzDecoder(
        "gossip", "opened datagrams, rumors, assignment rows, certificates",
        seeds: { MeshSamples.datagrams + MeshSamples.rows + [MeshSamples.certificate.encoded] },
        check: { bytes in
            let datagram = Outcome.roundTrip(
                bytes, decode: GossipCodec.decode, encode: GossipCodec.encode)
            let link = Outcome.roundTrip(
                bytes, decode: GossipCodec.decodeLink, encode: GossipCodec.encode)
            let row = Outcome.roundTrip(
                bytes, decode: GossipCodec.decodeEntry,
                encode: { (entry: AssignmentEntry) in GossipCodec.encode(entry) })
            let certificate = Outcome.roundTrip(
                bytes, decode: GossipCertificate.init(decoding:), encode: \.encoded)
            return datagram.and(link).and(row).and(certificate).and(stepCore(bytes))
        })

    /// A member of a small mesh hears the bytes from another one, and goes on.
    private static func stepCore(_ bytes: [UInt8]) -> Outcome {
        var core = MeshSamples.core
        var outbox = Outbox<GossipEffect>()
        let heard = GossipInput.datagram(
            from: MeshSamples.name("b"), address: MeshSamples.address(2), payload: bytes)
        core.step(heard, at: Instant(nanoseconds: 1_000), into: &outbox)
        core.step(
            .reliable(from: MeshSamples.name("b"), payload: bytes),
            at: Instant(nanoseconds: 2_000), into: &outbox)
        core.step(.wake, at: Instant(nanoseconds: 700_000_000), into: &outbox)
        if let violation = core.invariantViolation { return .broken(violation) }
        for case .send(_, _, let payload) in outbox.effects
        where payload.count > GossipLimits.payloadBytesMax {
            return .broken("a datagram of \(payload.count) bytes would be sent")
        }
        return .refused
    }

    static let sealed = FuzzDecoder(
        "sealed", "sealed datagrams with introductions",
        seeds: { MeshSamples.sealedDatagrams },
        check: { bytes in
            var sealer = MeshSamples.receiver
            guard let opened = sealer.open(bytes, at: MeshSamples.wall) else { return .refused }
            guard opened.sender == MeshSamples.name("b"),
                opened.payload.isEmpty || MeshSamples.datagrams.contains(opened.payload)
            else { return .broken("a datagram opened that nobody sealed") }
            return .accepted
        })
}

/// A mesh of three and what its members say.
private enum MeshSamples {
    static let wall = WallTime(seconds: 1_795_000_000, nanoseconds: 0)

    static func name(_ text: String) -> MachineName {
        guard let name = MachineName(text) else { preconditionFailure("\(text) is a name") }
        return name
    }

    static func address(_ number: Int) -> PeerAddress {
        PeerAddress(ip: "10.0.0.\(number)", port: 7_946)
    }

    private static func identity(_ byte: UInt8) -> GossipIdentity {
        guard let identity = GossipIdentity(secretKey: Array(repeating: byte, count: 32)) else {
            preconditionFailure("32 bytes are a key")
        }
        return identity
    }

    private static let authority: GossipAuthority = {
        guard let authority = GossipAuthority(seed: Array(repeating: 7, count: 32)) else {
            preconditionFailure("32 bytes are a seed")
        }
        return authority
    }()

    private static func certify(_ text: String, _ byte: UInt8) -> GossipCertificate {
        authority.certify(
            name: name(text), publicKey: identity(byte).publicKey, serial: 1,
            expiry: WallTime(seconds: 1_900_000_000, nanoseconds: 0))
    }

    static let certificate = certify("b", 2)

    private static func sealer(_ text: String, _ byte: UInt8) -> DatagramSealer {
        DatagramSealer(
            identity: identity(byte), certificate: certify(text, byte),
            authorityKeys: [authority.publicKey], session: UInt64(byte))
    }

    /// With and without an introduction.
    static let sealedDatagrams: [[UInt8]] = {
        var sender = sealer("b", 2)
        sender.learn(certify("a", 1), at: wall)
        return datagrams.flatMap { sender.seal($0, to: name("a")) }
    }()

    /// Knows nobody, so that introductions are read; the pair's key is found each time.
    static let receiver = sealer("a", 1)

    static let member = GossipMember(
        name: name("b"), address: address(2), incarnation: 1_795_000_000, status: .suspect,
        certificate: certificate, tags: ["raft": "7001", "api": "6443"])

    static let entries: [AssignmentEntry] = [
        AssignmentEntry(
            key: .pod("default", "web-1"), revision: 5,
            value: .pod(
                PodAssignment(
                    uid: "0b9c2d3e-0000-4000-8000-1", node: name("c"), addresses: ["10.244.0.2"],
                    hostname: "host", subdomain: "sub", isReady: true, services: ["web"],
                    ports: [AssignmentPort(name: "http", number: 8_080)]))),
        AssignmentEntry(
            key: .service("default", "web"), revision: 7,
            value: .service(
                ServiceAssignment(
                    clusterIP: "10.96.0.10",
                    ports: [
                        ServiceAssignment.Port(name: "http", port: 80, targetPort: .name("http")),
                        ServiceAssignment.Port(name: "dns", port: 53, protocol: .udp),
                    ],
                    externalName: "example.org", clientIPAffinitySeconds: 10_800,
                    manualEndpoints: [
                        ServiceAssignment.ManualEndpoint(
                            address: "192.0.2.1", hostname: "one", isReady: false,
                            ports: [AssignmentPort(name: "", number: 6_443, protocol: .sctp)])
                    ]))),
        AssignmentEntry(
            key: .pod("default", "gone"), revision: .max, value: .tombstone),
    ]

    static let rows = entries.map { GossipCodec.encode($0) }

    /// The core of member `a`, which knows `b` and `c`.
    static let core: GossipCore = {
        var core = GossipCore(
            local: GossipMember(name: name("a"), address: address(1), incarnation: 1),
            random: Random(seed: 1), now: .zero)
        var outbox = Outbox<GossipEffect>()
        let news = GossipDatagram(
            .gossip,
            rumors: [("b", 2), ("c", 3)].map { text, number in
                .member(
                    GossipMember(name: name(text), address: address(number), incarnation: 1))
            })
        core.step(
            .datagram(from: name("b"), address: address(2), payload: GossipCodec.encode(news)),
            at: .zero, into: &outbox)
        return core
    }()

    /// One of every kind; the offer is the core's own.
    static let datagrams: [[UInt8]] = {
        let plain = [
            GossipDatagram(.ping(sequence: 0xFFFF_FFFF), rumors: [.member(member)]),
            GossipDatagram(.ack(sequence: 1, knowsSender: true, health: 2)),
            GossipDatagram(.join(member)),
            GossipDatagram(.nack(sequence: 2)),
            GossipDatagram(
                .pingRequest(sequence: 3, target: name("c"), address: address(3))),
            GossipDatagram(
                .gossip,
                rumors: [
                    .suspect(name("a"), incarnation: 7, accuser: name("c")),
                    .failed(name("c"), incarnation: 7, accuser: name("b")),
                ] + entries.map { .assignment($0) }),
            GossipDatagram(.state, rumors: [.member(member)]),
        ]
        var core = Self.core
        var outbox = Outbox<GossipEffect>()
        core.step(.compare, at: .zero, into: &outbox)
        let offers = outbox.effects.compactMap { effect -> [UInt8]? in
            guard case .sendReliably(_, let payload) = effect else { return nil }
            return payload
        }
        return plain.map { GossipCodec.encode($0) } + offers
    }()
}
