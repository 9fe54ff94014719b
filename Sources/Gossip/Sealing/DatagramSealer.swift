package import Base

/// Seals and opens the datagrams between this machine and every other one it has a certificate
/// for. Not a core: it draws its nonces from the operating system. One owner, no locks.
///
/// A datagram, integers little-endian:
///
///     1  version (1)            8  sender's key id       24  nonce
///     1  flags                  8  recipient's key id   [2 + n  sender's certificate]
///     n  XChaCha20-Poly1305 of: 8 session, 8 counter, payload; with 16 bytes of tag
///
/// Everything before the ciphertext is authenticated with it. The key comes from both machines'
/// key pairs (``GossipIdentity/pairKey(with:)``), so who holds one machine's key can speak for
/// that machine only.
///
/// The counter rises with each datagram to one peer, within a session that is drawn at random
/// when the sealer is made, so a restart needs no memory. A receiver keeps the windows
/// of the last few sessions of each key. A datagram of a session that it does not remember,
/// as after its own restart, can therefore be replayed once: rumors carry incarnations and
/// revisions, so an old one changes nothing.
///
/// A sender adds its certificate until it hears from the peer, and again when it has not
/// heard for some datagrams; so a newcomer, and a peer that lost its memory, learn the key from
/// the first datagram that arrives. A certificate is verified against the authority before
/// anything is opened with its key. Nothing here ever asks for an answer to be sent.
///
/// Nonces are 24 random bytes, so no pair ever uses one twice: after 2^48 datagrams the chance
/// of a first repetition is below 2^-96 (XChaCha draft, §2.1).
package struct DatagramSealer: Sendable {
    /// What came out of a datagram.
    package struct Opened: Equatable, Sendable {
        /// The machine that the seal proves as sender.
        package let sender: MachineName
        /// Empty for an introduction alone, which is nothing for the core.
        package let payload: [UInt8]
    }

    private struct OwnKey: Sendable {
        let identity: GossipIdentity
        let certificate: GossipCertificate
        let id: UInt64
    }

    /// Own keys, newest first; the one before stays for peers that have not heard of the newest.
    private var ownKeys: [OwnKey]
    /// The authorities that certify machines; two while the cluster changes from one to the next.
    private var authorityKeys: [[UInt8]]
    private let session: UInt64
    private var peers: [MachineName: SealedPeer] = [:]
    private var namesByKeyID: [UInt64: MachineName] = [:]
    /// Certificates of these names with at most this serial are refused.
    private var revokedSerials: [MachineName: UInt64] = [:]
    private var introductionSecond: Int64 = 0
    private var introductionsInSecond = 0
    package private(set) var counters = SealerCounters()

    /// Without the certificate: fixed header, nonce, session and counter, tag.
    package static let overheadBytes = 18 + 24 + 16 + 16
    /// Datagrams without an answer after which the certificate is added again.
    private static let introduceAfter = 4

    /// `session` is for tests; leave it out to have it drawn at random.
    package init(
        identity: GossipIdentity, certificate: GossipCertificate, authorityKeys: [[UInt8]],
        session: UInt64? = nil
    ) {
        precondition(
            certificate.publicKey == identity.publicKey, "the certificate is of another key")
        ownKeys = [Self.ownKey(identity, certificate)]
        self.authorityKeys = authorityKeys
        self.session = session ?? Sodium.random(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    package var certificate: GossipCertificate { ownKeys[0].certificate }

    /// The newest certificate known of a peer.
    package func certificate(of name: MachineName) -> GossipCertificate? {
        peers[name]?.keys.first?.certificate
    }

    // MARK: Keys

    /// Takes a peer's certificate from a member record, a join answer or the disk; false and
    /// counted when it is not valid now, older than a known one, or revoked. Knowing it
    /// already is fine. The peer's previous key stays good for opening.
    @discardableResult
    package mutating func learn(_ certificate: GossipCertificate, at now: WallTime) -> Bool {
        let name = certificate.name
        guard name != self.certificate.name else {
            counters.badCertificate += 1
            return false
        }
        let known = peers[name]?.keys ?? []
        if known.contains(where: { $0.certificate == certificate }) { return true }
        let id = GossipIdentity.keyID(of: certificate.publicKey)
        guard certificate.serial > max(revokedSerials[name] ?? 0, known.first?.serial ?? 0),
            namesByKeyID[id] == nil, namesByKeyID.count < GossipLimits.peerKeysMax,
            let authority = authorityKeys.first(where: {
                certificate.isValid(authorityKey: $0, at: now)
            })
        else {
            counters.badCertificate += 1
            return false
        }
        var peer = peers[name] ?? SealedPeer(unanswered: Self.introduceAfter)
        let key = SealedPeer.Key(certificate: certificate, id: id, authority: authority)
        for dropped in peer.add(key) { namesByKeyID[dropped] = nil }
        peers[name] = peer
        namesByKeyID[id] = name
        return true
    }

    /// The machine was removed: nothing of it opens any more, and certificates up to this
    /// serial are refused. A later one admits a new machine of that name.
    package mutating func revoke(_ name: MachineName, upTo serial: UInt64) {
        revokedSerials[name] = max(revokedSerials[name] ?? 0, serial)
        removeKeys(of: name) { $0.serial <= serial }
    }

    /// From now on these authorities certify machines; what others certified opens no more.
    package mutating func trust(_ keys: [[UInt8]]) {
        guard keys != authorityKeys else { return }
        authorityKeys = keys
        for name in peers.keys.sorted() {
            removeKeys(of: name) { !keys.contains($0.authority) }
        }
    }

    private mutating func removeKeys(
        of name: MachineName, where isRemoved: (SealedPeer.Key) -> Bool
    ) {
        guard var peer = peers[name] else { return }
        for dropped in peer.removeKeys(where: isRemoved) { namesByKeyID[dropped] = nil }
        peers[name] = peer.keys.isEmpty ? nil : peer
    }

    /// Changes this machine's key without a stop: datagrams go out under the new key with
    /// its certificate, and those for the previous key still open.
    package mutating func rotate(to identity: GossipIdentity, certificate: GossipCertificate) {
        precondition(
            certificate.publicKey == identity.publicKey, "the certificate is of another key")
        guard certificate != self.certificate else { return }
        ownKeys = [Self.ownKey(identity, certificate), ownKeys[0]]
        for name in peers.keys.sorted() { peers[name]?.unanswered = Self.introduceAfter }
    }

    private static func ownKey(
        _ identity: GossipIdentity, _ certificate: GossipCertificate
    ) -> OwnKey {
        OwnKey(
            identity: identity, certificate: certificate,
            id: GossipIdentity.keyID(of: identity.publicKey))
    }

    // MARK: Sealing

    /// The datagrams that carry the payload to the peer: one, or two where the certificate
    /// does not fit beside it, or none, and counted, when no key of the peer is known.
    package mutating func seal(_ payload: [UInt8], to name: MachineName) -> [[UInt8]] {
        guard payload.count <= GossipLimits.datagramBytesMax - Self.overheadBytes else {
            counters.oversized += 1
            return []
        }
        guard var peer = peers[name], !peer.keys.isEmpty,
            let key = peer.pairKey(index: 0, own: ownKeys[0].identity, ownID: ownKeys[0].id)
        else {
            counters.unknownRecipient += 1
            return []
        }
        let recipient = peer.keys[0].id
        var datagrams: [[UInt8]] = []
        var introduction: [UInt8]?
        if peer.unanswered >= Self.introduceAfter { introduction = certificate.encoded }
        if let encoded = introduction,
            payload.count + encoded.count + 2 + Self.overheadBytes > GossipLimits.datagramBytesMax
        {
            datagrams.append(
                encrypt([], key: key, recipient: recipient, introduction: encoded, peer: &peer))
            introduction = nil
        }
        datagrams.append(
            encrypt(
                payload, key: key, recipient: recipient, introduction: introduction, peer: &peer))
        peer.unanswered = min(peer.unanswered + 1, Self.introduceAfter)
        peer.traffic.sent(datagrams)
        peers[name] = peer
        counters.sealed += UInt64(datagrams.count)
        return datagrams
    }

    private func encrypt(
        _ payload: [UInt8], key: [UInt8], recipient: UInt64, introduction: [UInt8]?,
        peer: inout SealedPeer
    ) -> [UInt8] {
        peer.sendCounter += 1
        let nonce = Sodium.random(Sodium.nonceBytes)
        var header = ByteWriter(capacity: GossipLimits.datagramBytesMax)
        header.writeByte(SealedHead.version)
        header.writeByte(introduction == nil ? 0 : SealedHead.flagCertificate)
        header.writeInteger(ownKeys[0].id)
        header.writeInteger(recipient)
        header.writeRaw(nonce)
        if let introduction {
            header.writeInteger(UInt16(clamping: introduction.count))
            header.writeRaw(introduction)
        }
        var plaintext = ByteWriter(capacity: 16 + payload.count)
        plaintext.writeInteger(session)
        plaintext.writeInteger(peer.sendCounter)
        plaintext.writeRaw(payload)
        return header.bytes
            + Sodium.encrypt(plaintext.bytes, header: header.bytes, nonce: nonce, key: key)
    }

    // MARK: Opening

    /// Whether a datagram with this head is worth copying and opening; counted when it is not. A
    /// stranger who knows neither this machine's key nor a peer's is refused here, before any
    /// cryptography and without touching memory beyond the head.
    package mutating func admits(_ head: SealedHead, bytes count: Int) -> Bool {
        counters.receivedBytes &+= UInt64(clamping: count)
        guard count <= GossipLimits.datagramBytesMax, count >= Self.overheadBytes, head.isOurs
        else {
            counters.malformed += 1
            return false
        }
        guard ownKeys.contains(where: { $0.id == head.recipient }) else {
            counters.misdirected += 1
            return false
        }
        guard head.carriesCertificate || namesByKeyID[head.sender] != nil else {
            counters.unknownSender += 1
            return false
        }
        return true
    }

    /// What went to the peer and came from it, as far as it opened.
    package func traffic(of name: MachineName) -> PeerTraffic {
        peers[name]?.traffic ?? PeerTraffic()
    }

    /// The sender and payload, or nil when the datagram must be dropped in silence; the
    /// counters say why.
    package mutating func open(_ datagram: [UInt8], at now: WallTime) -> Opened? {
        guard datagram.count <= GossipLimits.datagramBytesMax,
            let envelope = try? SealedEnvelope(parsing: datagram)
        else {
            counters.malformed += 1
            return nil
        }
        guard let own = ownKeys.first(where: { $0.id == envelope.recipient }) else {
            counters.misdirected += 1
            return nil
        }
        guard let name = senderName(of: envelope, at: now), var peer = peers[name],
            let index = peer.keys.firstIndex(where: { $0.id == envelope.sender })
        else { return nil }
        guard now.seconds < peer.keys[index].certificate.expiry else {
            counters.badCertificate += 1
            return nil
        }
        guard let key = peer.pairKey(index: index, own: own.identity, ownID: own.id),
            let plaintext = Sodium.decrypt(
                envelope.ciphertext, header: envelope.header, nonce: envelope.nonce, key: key)
        else {
            counters.forged += 1
            return nil
        }
        var reader = ByteReader(plaintext)
        guard let session: UInt64 = try? reader.readInteger(),
            let counter: UInt64 = try? reader.readInteger()
        else {
            counters.malformed += 1
            return nil
        }
        let isFirst = peer.accept(counter, session: session, keyIndex: index)
        if isFirst {
            peer.unanswered = 0
            peer.traffic.received(datagram)
        }
        peers[name] = peer
        guard isFirst else {
            counters.replayed += 1
            return nil
        }
        counters.opened += 1
        return Opened(sender: name, payload: Array(plaintext[reader.offset...]))
    }

    /// The certified name of the sending key, learned from the datagram where it is new.
    private mutating func senderName(
        of envelope: SealedEnvelope, at now: WallTime
    ) -> MachineName? {
        if let name = namesByKeyID[envelope.sender] { return name }
        guard let encoded = envelope.certificate else {
            counters.unknownSender += 1
            return nil
        }
        guard mayVerify(at: now) else {
            counters.flooded += 1
            return nil
        }
        guard let certificate = try? GossipCertificate(decoding: encoded),
            GossipIdentity.keyID(of: certificate.publicKey) == envelope.sender
        else {
            counters.badCertificate += 1
            return nil
        }
        guard learn(certificate, at: now) else { return nil }
        counters.introduced += 1
        return certificate.name
    }

    /// Verifying a signature costs much more than refusing a tag, so strangers may make this
    /// machine do it only so often.
    private mutating func mayVerify(at now: WallTime) -> Bool {
        if introductionSecond != now.seconds {
            introductionSecond = now.seconds
            introductionsInSecond = 0
        }
        introductionsInSecond += 1
        return introductionsInSecond <= GossipLimits.introductionsPerSecondMax
    }
}

/// The first bytes of a datagram, as a socket can read them without copying it.
package struct SealedHead: Sendable {
    package static let bytes = 18
    static let version: UInt8 = 1
    static let flagCertificate: UInt8 = 1

    private let version: UInt8
    private let flags: UInt8
    let sender: UInt64
    let recipient: UInt64

    /// The fields at bytes 0, 1, 2 and 10; the key ids are little-endian.
    package init(version: UInt8, flags: UInt8, sender: UInt64, recipient: UInt64) {
        self.version = version
        self.flags = flags
        self.sender = sender
        self.recipient = recipient
    }

    /// Has the version and the flags of this protocol.
    var isOurs: Bool { version == Self.version && flags <= Self.flagCertificate }
    var carriesCertificate: Bool { flags == Self.flagCertificate }
}

/// The parts of a datagram before anything is opened.
private struct SealedEnvelope {
    let sender: UInt64
    let recipient: UInt64
    let nonce: [UInt8]
    let certificate: [UInt8]?
    /// All bytes before the ciphertext.
    let header: [UInt8]
    let ciphertext: [UInt8]

    init(parsing datagram: [UInt8]) throws(DecodeError) {
        var reader = ByteReader(datagram)
        guard try reader.readByte() == 1 else {
            throw DecodeError(expected: "version 1", offset: 0)
        }
        let flags = try reader.readByte()
        guard flags <= 1 else { throw DecodeError(expected: "flags", offset: 1) }
        sender = try reader.readInteger()
        recipient = try reader.readInteger()
        nonce = try reader.readRaw(Sodium.nonceBytes)
        if flags == 1 {
            let count: UInt16 = try reader.readInteger()
            certificate = try reader.readRaw(Int(count))
        } else {
            certificate = nil
        }
        header = Array(datagram[..<reader.offset])
        ciphertext = try reader.readRaw(reader.remaining)
    }
}
