import Base
import Raft
import Testing

/// Messages and records as bytes.
@Suite struct RaftCodecTests {
    private static let membership = RaftMembership(voters: Names.all, learners: [])
    private static let entries = [
        RaftEntry(index: 5, term: 2, payload: .noop),
        RaftEntry(index: 6, term: 2, payload: .command([1, 2, 3])),
        RaftEntry(index: 7, term: 3, payload: .membership(membership)),
    ]
    private static let metadata = RaftSnapshotMetadata(
        index: 7, term: 3,
        membership: RaftMembership(
            voters: [Names.a, Names.c], learners: [Names.b], outgoing: [Names.a, Names.b]))

    /// One of each kind.
    static let messages: [RaftMessage] = [
        .preVoteRequest(RaftVoteRequest(term: 9, lastIndex: 8, lastTerm: 7)),
        .preVoteResponse(term: 300, isGranted: true),
        .voteRequest(RaftVoteRequest(term: 9, lastIndex: 8, lastTerm: 7, isTransfer: true)),
        .voteResponse(term: 1, isGranted: false),
        .append(
            RaftAppend(term: 3, previousIndex: 4, previousTerm: 2, entries: entries, commit: 4)),
        .appendResponse(term: 3, match: 1 << 62),
        .appendRejected(
            RaftAppendRejection(term: 3, previousIndex: 9, hintIndex: 4, hintTerm: 2)),
        .heartbeat(term: 3, commit: 2, round: 1), .heartbeatResponse(term: 3, round: 1),
        .commit(term: 3, index: 70_000),
        .snapshotChunk(
            RaftSnapshotChunk(
                term: 3, metadata: metadata, offset: 1 << 40, bytes: [9, 8], isLast: true)),
        .snapshotProgress(term: 3, index: 7, offset: 12), .timeoutNow(term: 3),
        .forwardProposal(origin, [1, 2]), .forwardMembership(origin, .addLearner(Names.d)),
        .forwardMembership(
            origin,
            RaftMembershipChange(
                added: [Names.a], promoted: [Names.b, Names.c], demoted: [Names.d],
                removed: [Names.e])),
        .proposalRefused(origin, .overloaded), .changeRefused(origin, .contradictory),
        .readRequest(identifier: .max), .readResponse(identifier: .max, index: 3),
        .readRefused(identifier: .max, .noLeader),
    ]
    private static let origin = RaftOrigin(life: .max, ticket: Ticket(7))

    static let records: [RaftRecord] = [
        .hardState(RaftHardState(term: 4)), .hardState(RaftHardState(term: 4, votedFor: Names.c)),
        .entries(entries), .truncate(from: 9), .snapshot(metadata),
    ]

    @Test("every message survives its bytes", arguments: messages)
    func roundTrip(message: RaftMessage) throws {
        #expect(try RaftCodec.decode(RaftCodec.encode(message)) == message)
    }

    @Test("every record survives its bytes", arguments: records)
    func recordRoundTrip(record: RaftRecord) throws {
        #expect(try RaftRecord(decoding: record.encoded()) == record)
    }

    @Test("every reason of a refusal has a code of its own", arguments: RaftRejection.allCases)
    func rejections(rejection: RaftRejection) throws {
        let message = RaftMessage.readRefused(identifier: 1, rejection)
        #expect(try RaftCodec.decode(RaftCodec.encode(message)) == message)
    }

    @Test("records of version 0.1, whose memberships are never joint, are still read")
    func firstVersion() throws {
        let a = [1, UInt8(ascii: "a")]
        let b = [1, UInt8(ascii: "b")]
        let membership = RaftMembership(voters: [Names.a], learners: [Names.b])
        #expect(
            try RaftRecord(decoding: [2, 1, 9, 3, 2, 1] + a + [1] + b)
                == .entries([RaftEntry(index: 9, term: 3, payload: .membership(membership))]))
        #expect(
            try RaftRecord(decoding: [4, 9, 3, 1] + a + [1] + b)
                == .snapshot(RaftSnapshotMetadata(index: 9, term: 3, membership: membership)))
        for kind: UInt8 in [11, 14, 15] {
            #expect(throws: DecodeError(expected: "a Raft message", offset: 0)) {
                try RaftCodec.decode([kind, 1, 1])
            }
        }
    }

    @Test("bytes that are cut short or too long are refused")
    func wrongLength() {
        for message in Self.messages {
            let bytes = RaftCodec.encode(message)
            for count in 0..<bytes.count {
                #expect(throws: DecodeError.self) { try RaftCodec.decode(Array(bytes[..<count])) }
            }
            #expect(throws: DecodeError.self) { try RaftCodec.decode(bytes + [0]) }
        }
    }

    @Test("numbers of more than 62 bits, bad names and forged counts are refused")
    func forged() {
        let huge = RaftMessage.timeoutNow(term: .max)
        #expect(throws: DecodeError(expected: "a number of at most 62 bits", offset: 1)) {
            try RaftCodec.decode(RaftCodec.encode(huge))
        }
        #expect(throws: DecodeError(expected: "a machine's name", offset: 4)) {
            try RaftCodec.decode([20, 0, 0, 1, 1, UInt8(ascii: "-")])
        }
        #expect(throws: DecodeError(expected: "a count of at most 65536", offset: 5)) {
            try RaftCodec.decode([5, 1, 1, 1, 1, 0xFF, 0xFF, 0xFF, 0x7F])
        }
    }

    @Test("bytes with changed, lost and added ones never trap, nor do the messages in them")
    func mutation() {
        var random = Random(seed: 2_026)
        var subject = Subject(term: 3, logTerms: [1, 2, 3])
        var decoded = 0
        for round in 0..<6_000 {
            var bytes = RaftCodec.encode(Self.messages[round % Self.messages.count])
            for _ in 0...random.below(3) {
                let position = random.below(bytes.count)
                switch random.below(4) {
                case 0, 1: bytes[position] = UInt8(truncatingIfNeeded: random.next())
                case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: position)
                default: if bytes.count > 1 { bytes.remove(at: position) }
                }
            }
            _ = try? RaftRecord(decoding: bytes)
            guard let message = try? RaftCodec.decode(bytes) else { continue }
            decoded += 1
            _ = subject.hear(Names.all[1 + random.below(4)], message)
            if random.chance(0.2) { _ = subject.sync() }
            if random.chance(0.1) { _ = subject.wakeAtDeadline() }
            if round % 300 == 0 { subject = Subject(term: 3, logTerms: [1, 2, 3]) }
            if round % 300 == 150 {
                subject = Subject()
                subject.lead()
            }
        }
        #expect(decoded > 500)
    }
}
