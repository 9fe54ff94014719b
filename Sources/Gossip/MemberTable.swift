package import Base

/// The records of a machine's peers.
///
/// They lie in groups by the leading bits of their names' hashes. An exchange compares the groups
/// by digest; the ring of probing (``successor(of:)``) is read from them in order; and tables
/// that were copied share the groups that have not changed since, so that ten thousand
/// simulated machines do not need a hundred million records.
///
/// Invariants:
/// 1. `suspectNames`, `failedNames` and `leftNames` are sorted and hold exactly the members of
///    that status; `liveCount` counts those that are alive or suspect.
/// 2. `digests` are those of the live members of each group.
package struct MemberTable: Sendable {
    struct Entry: Sendable {
        var member: GossipMember
        /// When the status last changed.
        var changedAt: Instant
    }

    private var groups = [[MachineName: Entry]](repeating: [:], count: GossipLimits.memberGroups)
    /// For each group the exclusive or of the hashes of name and incarnation of its live members.
    /// Dead ones are forgotten at different times on different machines and so must not count.
    private(set) var digests = [UInt64](repeating: 0, count: GossipLimits.memberGroups)
    /// Members, dead ones included.
    package private(set) var count = 0
    /// Members that are alive or suspect.
    package private(set) var liveCount = 0
    private(set) var suspectNames: [MachineName] = []
    private(set) var failedNames: [MachineName] = []
    private(set) var leftNames: [MachineName] = []

    package init() {}

    /// A table of these members, as of the given time; for meshes that begin assembled.
    package init(_ members: [GossipMember], at now: Instant = .zero) {
        for member in members { update(Entry(member: member, changedAt: now)) }
    }

    package subscript(name: MachineName) -> GossipMember? { entry(of: name)?.member }

    func contains(_ name: MachineName) -> Bool {
        groups[Self.group(of: name)].index(forKey: name) != nil
    }

    /// Nobody is suspect, dead or gone.
    var areAllAlive: Bool { suspectNames.isEmpty && failedNames.isEmpty && leftNames.isEmpty }

    func isLive(_ name: MachineName) -> Bool {
        groups[Self.group(of: name)][name]?.member.isLive ?? false
    }

    func entry(of name: MachineName) -> Entry? { groups[Self.group(of: name)][name] }

    /// All records, sorted by name. Costs a sort.
    package var sorted: [GossipMember] {
        groups.flatMap { $0.values.map(\.member) }.sorted { $0.name < $1.name }
    }

    /// The entries of one group, sorted by name.
    func entries(ofGroup group: Int) -> [Entry] {
        groups[group].values.sorted { $0.member.name < $1.member.name }
    }

    /// Writes the entry under its member's name.
    mutating func update(_ entry: Entry) {
        let member = entry.member
        let hash = Self.hash(member.name)
        let group = Self.group(ofHash: hash)
        let previous = groups[group].updateValue(entry, forKey: member.name)?.member
        if previous == nil { count += 1 }
        note(previous, member, hash: hash)
    }

    mutating func remove(_ name: MachineName) {
        let hash = Self.hash(name)
        guard let previous = groups[Self.group(ofHash: hash)].removeValue(forKey: name)
        else { return }
        count -= 1
        note(previous.member, nil, hash: hash)
    }

    /// Keeps digests, counts and lists with a change of one record.
    private mutating func note(_ old: GossipMember?, _ new: GossipMember?, hash: UInt64) {
        let group = Self.group(ofHash: hash)
        for member in [old, new] {
            guard let member, member.isLive else { continue }
            digests[group] ^= Self.digest(of: member)
        }
        liveCount += (new?.isLive == true ? 1 : 0) - (old?.isLive == true ? 1 : 0)
        guard old?.status != new?.status, let name = (new ?? old)?.name else { return }
        Self.list(name, in: &suspectNames, if: new?.status == .suspect)
        Self.list(name, in: &failedNames, if: new?.status == .failed)
        Self.list(name, in: &leftNames, if: new?.status == .left)
    }

    private static func list(_ name: MachineName, in names: inout [MachineName], if isIn: Bool) {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        let isPresent = low < names.count && names[low] == name
        if isIn, !isPresent {
            names.insert(name, at: low)
        } else if !isIn, isPresent {
            names.remove(at: low)
        }
    }

    // MARK: The ring

    /// The live member that follows the given machine on the ring of hashed names.
    func successor(of name: MachineName) -> MachineName? {
        let own = Self.hash(name)
        let start = Self.group(ofHash: own)
        for step in 0...groups.count {
            let group = groups[(start + step) % groups.count]
            var nearest: (hash: UInt64, name: MachineName)?
            for entry in group.values where entry.member.isLive {
                let candidate = (hash: Self.hash(entry.member.name), name: entry.member.name)
                // In its own group the machine's followers come first, the others last.
                if step == 0, candidate <= (own, name) { continue }
                if step == groups.count, candidate >= (own, name) { continue }
                if nearest.map({ candidate < $0 }) ?? true { nearest = candidate }
            }
            if let nearest { return nearest.name }
        }
        return nil
    }

    static func group(of name: MachineName) -> Int { group(ofHash: hash(name)) }

    /// By the leading bits, so that the groups follow each other as the ring does.
    private static func group(ofHash hash: UInt64) -> Int {
        Int(hash.multipliedFullWidth(by: UInt64(GossipLimits.memberGroups)).high)
    }

    private static func hash(_ name: MachineName) -> UInt64 {
        var hash = StableHash()
        hash.combine(name.text)
        return hash.value
    }

    /// What a live member adds to the digest of its group.
    static func digest(of member: GossipMember) -> UInt64 {
        var hash = StableHash()
        hash.combine(member.name.text)
        hash.combine(member.incarnation)
        return hash.value
    }

    // MARK: Invariants

    /// What is wrong, or nil. Costs a sort.
    var violation: String? {
        let members = sorted
        func names(_ status: GossipMember.Status) -> [MachineName] {
            members.filter { $0.status == status }.map(\.name)
        }
        let live = members.filter(\.isLive)
        if live.count != liveCount { return "\(live.count) are live, counted are \(liveCount)" }
        if members.count != count { return "\(members.count) are known, counted are \(count)" }
        if names(.suspect) != suspectNames { return "suspects are not \(suspectNames)" }
        if names(.failed) != failedNames { return "failed are not \(failedNames)" }
        if names(.left) != leftNames { return "departed are not \(leftNames)" }
        var expected = [UInt64](repeating: 0, count: GossipLimits.memberGroups)
        for member in live { expected[Self.group(of: member.name)] ^= Self.digest(of: member) }
        return expected == digests ? nil : "a digest of members is wrong"
    }
}
