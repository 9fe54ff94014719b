/// What a sealer keeps of one peer: its certified keys, newest first, the counter of datagrams
/// sent to it, and what of its datagrams arrived.
struct SealedPeer: Sendable {
    struct Key: Sendable {
        let certificate: GossipCertificate
        let id: UInt64
        /// The public key of the authority that certified it.
        let authority: [UInt8]
        /// Keys of the pair, by the id of this machine's key; at most two, newest last.
        var pairKeys: [(ownID: UInt64, key: [UInt8])] = []
        /// Replay windows by the sender's session, least recently used first.
        var sessions: [(session: UInt64, window: ReplayWindow)] = []

        init(certificate: GossipCertificate, id: UInt64, authority: [UInt8]) {
            self.certificate = certificate
            self.id = id
            self.authority = authority
        }

        var serial: UInt64 { certificate.serial }
    }

    private(set) var keys: [Key] = []
    /// One for all keys of the pair: a receiver's window knows nothing of its own rotation.
    var sendCounter: UInt64 = 0
    /// Datagrams sent since one of the peer opened, up to what makes the sealer introduce itself.
    var unanswered: Int
    var traffic = PeerTraffic()

    private static let keysMax = 2
    private static let pairKeysMax = 2

    init(unanswered: Int) { self.unanswered = unanswered }

    /// Adds a newer key; the ids of keys that had to go.
    mutating func add(_ key: Key) -> [UInt64] {
        keys.insert(key, at: 0)
        let dropped = keys.dropFirst(Self.keysMax).map(\.id)
        keys.removeLast(dropped.count)
        return dropped
    }

    /// The ids of the keys removed.
    mutating func removeKeys(where isRemoved: (Key) -> Bool) -> [UInt64] {
        let dropped = keys.filter(isRemoved).map(\.id)
        keys.removeAll { dropped.contains($0.id) }
        return dropped
    }

    /// The cached key of this pair; computed at first use, which costs a scalar multiplication.
    mutating func pairKey(index: Int, own: GossipIdentity, ownID: UInt64) -> [UInt8]? {
        if let cached = keys[index].pairKeys.first(where: { $0.ownID == ownID }) {
            return cached.key
        }
        guard let key = own.pairKey(with: keys[index].certificate.publicKey) else { return nil }
        if keys[index].pairKeys.count >= Self.pairKeysMax { keys[index].pairKeys.removeFirst() }
        keys[index].pairKeys.append((ownID, key))
        return key
    }

    /// True when this counter of this session did not arrive before.
    mutating func accept(_ counter: UInt64, session: UInt64, keyIndex: Int) -> Bool {
        var sessions = keys[keyIndex].sessions
        let position = sessions.firstIndex { $0.session == session }
        var entry = position.map { sessions.remove(at: $0) }
            ?? (session: session, window: ReplayWindow())
        let isFirst = entry.window.accept(counter)
        // A replay must not make a session look recently used.
        if let position, !isFirst {
            sessions.insert(entry, at: position)
        } else if isFirst {
            if sessions.count >= GossipLimits.sessionsPerKeyMax { sessions.removeFirst() }
            sessions.append(entry)
        }
        keys[keyIndex].sessions = sessions
        return isFirst
    }
}
