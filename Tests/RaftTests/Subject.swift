import Base
import Raft

/// Five machines that tests talk about; ``a`` is the one under test.
enum Names {
    static let all = ["a", "b", "c", "d", "e"].compactMap { MachineName($0) }
    static var a: MachineName { all[0] }
    static var b: MachineName { all[1] }
    static var c: MachineName { all[2] }
    static var d: MachineName { all[3] }
    static var e: MachineName { all[4] }
    static let three = RaftMembership(voters: Array(all[..<3]))
}

/// One core under test, at a time that the test moves.
struct Subject {
    var core: RaftCore
    var now = Instant.zero
    /// The last persist effect that was seen.
    var lastPersist = RaftPersistence(sequence: 0)

    /// A machine whose log holds the membership as entry 1 of term 1, then one command for
    /// each given term.
    init(
        _ membership: RaftMembership = Names.three, term: UInt64 = 1, logTerms: [UInt64] = [],
        votedFor: MachineName? = nil, limits: RaftLimits = RaftLimits()
    ) {
        var entries = [RaftEntry(index: 1, term: 1, payload: .membership(membership))]
        for (offset, term) in logTerms.enumerated() {
            entries.append(command(UInt64(offset) + 2, term))
        }
        self.init(
            restored: RaftRestoredState(
                hardState: RaftHardState(term: term, votedFor: votedFor), snapshot: .empty,
                entries: entries), limits: limits)
    }

    init(restored: RaftRestoredState, limits: RaftLimits = RaftLimits()) {
        var configuration = RaftConfiguration(name: Names.a)
        configuration.limits = limits
        self.init(restored: restored, configuration: configuration)
    }

    init(restored: RaftRestoredState, configuration: RaftConfiguration) {
        core = RaftCore(
            configuration: configuration, restored: restored, random: Random(seed: 1), now: .zero)
    }

    mutating func give(_ input: RaftInput) -> [RaftEffect] {
        var out = Outbox<RaftEffect>()
        core.step(input, at: now, into: &out)
        core.checkInvariants()
        let effects = out.take()
        for case .persist(let persist) in effects { lastPersist = persist.persistence }
        return effects
    }

    mutating func hear(_ peer: MachineName, _ message: RaftMessage) -> [RaftEffect] {
        give(.message(from: peer, message))
    }

    /// The disk has everything.
    mutating func sync() -> [RaftEffect] { give(.persisted(upTo: lastPersist)) }

    /// How this run marks what it forwards; learned by forwarding something.
    func origin(_ ticket: Ticket) -> RaftOrigin {
        var copy = core
        var out = Outbox<RaftEffect>()
        copy.step(.propose(ticket, []), at: now, into: &out)
        for case .send(_, .forwardProposal(let origin, _)) in out.take() { return origin }
        return RaftOrigin(life: 0, ticket: ticket)
    }

    mutating func wait(_ span: Span) { now = now + span }

    /// Waits until the core wants to be woken, and wakes it.
    mutating func wakeAtDeadline() -> [RaftEffect] {
        now = max(now, core.deadline ?? now)
        return give(.wake)
    }

    /// Campaigns and wins by the vote of `voter`; its own entry is durable afterwards.
    mutating func win(with voter: MachineName = Names.b) {
        _ = wakeAtDeadline()
        _ = hear(voter, .preVoteResponse(term: core.term + 1, isGranted: true))
        _ = sync()
        _ = hear(voter, .voteResponse(term: core.term, isGranted: true))
        _ = sync()
    }

    /// A leader whose first entry is committed with the help of `voter`.
    mutating func lead(with voter: MachineName = Names.b) {
        win(with: voter)
        _ = hear(voter, .appendResponse(term: core.term, match: core.lastIndex))
    }
}

func command(_ index: UInt64, _ term: UInt64) -> RaftEntry {
    RaftEntry(index: index, term: term, payload: .command([UInt8(truncatingIfNeeded: index)]))
}

func sends(_ effects: [RaftEffect]) -> [RaftEffect] {
    effects.filter { if case .send = $0 { true } else { false } }
}

func applied(_ effects: [RaftEffect]) -> [UInt64] {
    effects.flatMap { effect -> [UInt64] in
        if case .apply(let entries) = effect { entries.map(\.index) } else { [] }
    }
}
