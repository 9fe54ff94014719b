package import Base

extension GossipCore {
    /// The core of a member of a mesh that is assembled already: it knows all `members`, and
    /// nothing is news to anybody. For worlds of thousands of machines, whose joining
    /// would take longer than what is to be seen. A record of `local`'s own name is left out.
    package init(
        configuration: GossipConfiguration = GossipConfiguration(), local: GossipMember,
        members known: [GossipMember], random: Random, now: Instant
    ) {
        self.init(configuration: configuration, local: local, random: random, now: now)
        let others = known.filter { $0.name != local.name }.sorted { $0.name < $1.name }
        for member in others { store(MemberState(member: member, changedAt: now)) }
        probeOrder = liveNames
        self.random.shuffle(&probeOrder)
        // Members of a mesh that has run for a while compare at different times.
        nextExchangeAt = now + self.random.span(from: .zero, to: configuration.exchangeInterval)
    }
}
