package import Base

/// What one machine's Raft says to another's. Every term, index, offset and round comes from
/// outside; none is trusted.
package enum RaftMessage: Hashable, Sendable {
    /// Would you vote for me? (thesis §9.6) The term is the one that a campaign would have.
    case preVoteRequest(RaftVoteRequest)
    /// A grant repeats the asked term; a refusal carries the refuser's own.
    case preVoteResponse(term: UInt64, isGranted: Bool)
    /// RequestVote (Raft §5.2).
    case voteRequest(RaftVoteRequest)
    case voteResponse(term: UInt64, isGranted: Bool)
    /// AppendEntries (Raft §5.3).
    case append(RaftAppend)
    /// The log of the sender agrees with the leader's up to `match`, durably.
    case appendResponse(term: UInt64, match: UInt64)
    case appendRejected(RaftAppendRejection)
    /// The leader lives. `commit` is never beyond what the receiver has acknowledged. The answer
    /// repeats `round`, which is how reads are confirmed (thesis §6.4).
    case heartbeat(term: UInt64, commit: UInt64, round: UInt64)
    case heartbeatResponse(term: UInt64, round: UInt64)
    /// News of the commit index between heartbeats, without an answer.
    case commit(term: UInt64, index: UInt64)
    /// InstallSnapshot (Raft §7), one chunk.
    case snapshotChunk(RaftSnapshotChunk)
    /// The receiver of a snapshot at `index` has this many bytes and waits for the next.
    case snapshotProgress(term: UInt64, index: UInt64, offset: UInt64)
    /// Campaign at once: you are to be the leader (thesis §3.10).
    case timeoutNow(term: UInt64)
    /// A command for the leader to propose. Success shows as its entry; a refusal is answered.
    case forwardProposal(RaftOrigin, [UInt8])
    case proposalRefused(RaftOrigin, RaftRejection)
    /// A membership change for the leader; its effect is the answer, or a refusal.
    case forwardMembership(RaftOrigin, RaftMembershipChange)
    case changeRefused(RaftOrigin, RaftRejection)
    /// Asks the leader for a read index. `identifier` belongs to the asker.
    case readRequest(identifier: UInt64)
    case readResponse(identifier: UInt64, index: UInt64)
    case readRefused(identifier: UInt64, RaftRejection)
}

/// Whose request a forwarded one is. The leader repeats it in a refusal and keeps nothing.
package struct RaftOrigin: Hashable, Sendable {
    /// Drawn at each start of the asker, so that no answer to an earlier life is taken.
    package var life: UInt64
    package var ticket: Ticket

    package init(life: UInt64, ticket: Ticket) {
        self.life = life
        self.ticket = ticket
    }
}

/// RequestVote and its pre-vote.
package struct RaftVoteRequest: Hashable, Sendable {
    package var term: UInt64
    /// The end of the candidate's log (Raft §5.4.1).
    package var lastIndex: UInt64
    package var lastTerm: UInt64
    /// True when the leader asked for this campaign, so a living leader is no reason to refuse.
    package var isTransfer: Bool

    package init(term: UInt64, lastIndex: UInt64, lastTerm: UInt64, isTransfer: Bool = false) {
        self.term = term
        self.lastIndex = lastIndex
        self.lastTerm = lastTerm
        self.isTransfer = isTransfer
    }
}

/// AppendEntries.
package struct RaftAppend: Hashable, Sendable {
    package var term: UInt64
    /// The entry before the first one here.
    package var previousIndex: UInt64
    package var previousTerm: UInt64
    package var entries: [RaftEntry]
    package var commit: UInt64

    package init(
        term: UInt64, previousIndex: UInt64, previousTerm: UInt64, entries: [RaftEntry],
        commit: UInt64
    ) {
        self.term = term
        self.previousIndex = previousIndex
        self.previousTerm = previousTerm
        self.entries = entries
        self.commit = commit
    }
}

/// The receiver's log has no entry with the previous index and term. The hint is the last
/// of its entries that may agree with the leader's.
package struct RaftAppendRejection: Hashable, Sendable {
    package var term: UInt64
    package var previousIndex: UInt64
    package var hintIndex: UInt64
    package var hintTerm: UInt64

    package init(term: UInt64, previousIndex: UInt64, hintIndex: UInt64, hintTerm: UInt64) {
        self.term = term
        self.previousIndex = previousIndex
        self.hintIndex = hintIndex
        self.hintTerm = hintTerm
    }
}

/// What a snapshot stands for: all entries up to `index`.
package struct RaftSnapshotMetadata: Hashable, Sendable {
    package var index: UInt64
    package var term: UInt64
    /// In effect at `index`.
    package var membership: RaftMembership

    /// Before the first entry.
    package static let empty = RaftSnapshotMetadata(index: 0, term: 0, membership: .empty)

    package init(index: UInt64, term: UInt64, membership: RaftMembership) {
        self.index = index
        self.term = term
        self.membership = membership
    }
}

/// One piece of a snapshot.
package struct RaftSnapshotChunk: Hashable, Sendable {
    package var term: UInt64
    package var metadata: RaftSnapshotMetadata
    package var offset: UInt64
    package var bytes: [UInt8]
    package var isLast: Bool

    package init(
        term: UInt64, metadata: RaftSnapshotMetadata, offset: UInt64, bytes: [UInt8],
        isLast: Bool
    ) {
        self.term = term
        self.metadata = metadata
        self.offset = offset
        self.bytes = bytes
        self.isLast = isLast
    }
}

extension RaftMessage {
    /// True when every number is one that a real cluster can reach, so sums cannot overflow.
    var isPlausible: Bool {
        switch self {
        case .preVoteRequest(let request), .voteRequest(let request):
            Self.isSmall(request.term, request.lastIndex, request.lastTerm)
        case .preVoteResponse(let term, _), .voteResponse(let term, _), .timeoutNow(let term):
            Self.isSmall(term)
        case .append(let append):
            Self.isSmall(append.term, append.previousIndex, append.previousTerm, append.commit)
        case .appendResponse(let term, let index), .commit(let term, let index),
            .heartbeatResponse(let term, let index):
            Self.isSmall(term, index)
        case .appendRejected(let rejection):
            Self.isSmall(
                rejection.term, rejection.previousIndex, rejection.hintIndex, rejection.hintTerm)
        case .heartbeat(let term, let commit, let round): Self.isSmall(term, commit, round)
        case .snapshotChunk(let chunk):
            Self.isSmall(
                chunk.term, chunk.metadata.index, chunk.metadata.term, chunk.offset)
        case .snapshotProgress(let term, let index, let offset):
            Self.isSmall(term, index, offset)
        case .readResponse(_, let index): Self.isSmall(index)
        case .forwardProposal, .proposalRefused, .forwardMembership, .changeRefused,
            .readRequest, .readRefused:
            true
        }
    }

    /// Without an array: every message passes here.
    private static func isSmall(
        _ first: UInt64, _ second: UInt64 = 0, _ third: UInt64 = 0, _ fourth: UInt64 = 0
    ) -> Bool {
        max(max(first, second), max(third, fourth)) <= RaftLimits.numberMax
    }
}
