package import Base

/// What a table says to an entry that is offered to it.
package enum AssignmentVerdict: Hashable, Sendable {
    /// Unknown key or newer revision: the entry belongs into the table.
    case newer
    /// The table has this revision or a newer one.
    case known
    /// The encoded entry exceeds ``GossipLimits/entryBytesMax``; `bytes` is its size. The
    /// object must be shortened: fewer addresses, ports or services.
    case tooLarge(bytes: Int)
    /// The value is of another kind than the key.
    case kindMismatch
    /// The table holds ``GossipLimits/tableEntriesMax`` entries and the key is new.
    case tableFull
}

/// The assignment table of one machine: for each key the entry of the highest revision seen.
///
/// Merging is commutative, associative and idempotent, so tables that saw the same entries in
/// any order, any number of times, are equal.
///
/// A tombstone stays for ``GossipLimits/tombstoneLifetime`` after this machine first swept it,
/// and refuses older entries meanwhile. It travels to others only during the first half of
/// that time, so that no two machines keep reviving it. A machine that was away longer than
/// that may bring a deleted entry back; the Raft leader, which rebuilds the table from the
/// Store, then publishes the tombstone again.
package struct AssignmentTable: Sendable {
    /// By bucket of the key's hash, so that an exchange reads only the buckets that differ.
    private var buckets = [[AssignmentKey: AssignmentEntry]](
        repeating: [:], count: GossipLimits.tableBuckets)
    /// When a tombstone was first swept; absent until then.
    private var tombstones: [AssignmentKey: Instant?] = [:]
    /// One digest for each bucket of keys, over live entries only: the exclusive or of the
    /// hashes of key and revision. See ``GossipCore`` on the exchange that compares them.
    package private(set) var digests = [UInt64](
        repeating: 0, count: GossipLimits.tableBuckets)

    package init() {}

    /// Live entries and tombstones.
    package private(set) var count = 0

    /// The entry of this key, which may be a tombstone.
    package subscript(key: AssignmentKey) -> AssignmentEntry? {
        buckets[Self.bucket(of: key)][key]
    }

    /// The live Pod of this name.
    package func pod(_ namespace: String, _ name: String) -> PodAssignment? {
        self[.pod(namespace, name)]?.pod
    }

    /// The live Service of this name.
    package func service(_ namespace: String, _ name: String) -> ServiceAssignment? {
        self[.service(namespace, name)]?.service
    }

    /// All entries with tombstones, sorted by key. Costs a sort: keep an index of your own
    /// from the changes where lookups are frequent.
    package var sortedEntries: [AssignmentEntry] {
        buckets.flatMap(\.values).sorted { $0.key < $1.key }
    }

    /// What ``merge(_:)`` would do with the entry, and why.
    package func verdict(on entry: AssignmentEntry) -> AssignmentVerdict {
        switch (entry.key.kind, entry.value) {
        case (.pod, .pod), (.service, .service), (_, .tombstone): break
        default: return .kindMismatch
        }
        if let present = self[entry.key] {
            guard entry.revision > present.revision else { return .known }
        } else if count >= GossipLimits.tableEntriesMax {
            return .tableFull
        }
        let size = GossipCodec.encodedSize(entry)
        guard size <= GossipLimits.entryBytesMax else { return .tooLarge(bytes: size) }
        return .newer
    }

    /// Takes the entry when its verdict is `.newer`; true when the table changed. Anything
    /// else leaves the table as it was.
    @discardableResult
    package mutating func merge(_ entry: AssignmentEntry) -> Bool {
        guard verdict(on: entry) == .newer else { return false }
        let bucket = Self.bucket(of: entry.key)
        if let present = buckets[bucket].updateValue(entry, forKey: entry.key) {
            toggleDigest(of: present)
        } else {
            count += 1
        }
        toggleDigest(of: entry)
        if entry.isTombstone {
            tombstones[entry.key] = .some(nil)
        } else {
            tombstones[entry.key] = nil
        }
        return true
    }

    /// Starts the time of tombstones that are new since the last sweep and forgets those
    /// whose time is over.
    package mutating func sweep(at now: Instant) {
        for key in tombstones.keys.sorted() {
            guard let sweptAt = tombstones[key] ?? nil else {
                tombstones[key] = .some(now)
                continue
            }
            guard now - sweptAt >= GossipLimits.tombstoneLifetime else { continue }
            tombstones[key] = nil
            buckets[Self.bucket(of: key)][key] = nil
            count -= 1
        }
    }

    /// The entries of one bucket to hand to a peer, sorted by key, without tombstones in the
    /// second half of their time.
    func transferable(bucket: Int, at now: Instant) -> [AssignmentEntry] {
        buckets[bucket].values.filter { entry in
            guard entry.isTombstone, let sweptAt = tombstones[entry.key] ?? nil else {
                return true
            }
            return now - sweptAt < GossipLimits.tombstoneLifetime / 2
        }.sorted { $0.key < $1.key }
    }

    static func bucket(of key: AssignmentKey) -> Int {
        Int(hash(key) % UInt64(GossipLimits.tableBuckets))
    }

    private static func hash(_ key: AssignmentKey) -> UInt64 {
        var hash = StableHash()
        hash.combine(UInt64(key.kind.rawValue))
        hash.combine(key.namespace)
        hash.combine(key.name)
        return hash.value
    }

    private mutating func toggleDigest(of entry: AssignmentEntry) {
        guard !entry.isTombstone else { return }
        let keyHash = Self.hash(entry.key)
        var hash = StableHash()
        hash.combine(keyHash)
        hash.combine(entry.revision)
        digests[Int(keyHash % UInt64(GossipLimits.tableBuckets))] ^= hash.value
    }
}
