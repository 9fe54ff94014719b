package import Base

/// Messages as bytes. Numbers are varints; every count and length is bounded, so forged
/// bytes are refused before they allocate much.
///
/// The first byte of a message, a record or an entry's payload says what follows and in which
/// layout. A layout never changes; a new one takes a new number. Memberships were written
/// without C_old in payload 2 and record 4: both are still read, so that a log of version 0.1
/// goes on. The messages 11, 14 and 15 were of that layout and are retired.
package enum RaftCodec {
    /// The most that any message weighs; a link refuses longer frames.
    package static let messageBytesMax = 16 * 1024 * 1024
    static let entriesMax = 65_536
    static let nameBytesMax = 253
    static let membersMax = 1_024

    package static func encode(_ message: RaftMessage) -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        switch message {
        case .preVoteRequest(let request): write(request, kind: 1, to: &writer)
        case .preVoteResponse(let term, let isGranted):
            write([term], kind: 2, to: &writer)
            writer.writeBool(isGranted)
        case .voteRequest(let request): write(request, kind: 3, to: &writer)
        case .voteResponse(let term, let isGranted):
            write([term], kind: 4, to: &writer)
            writer.writeBool(isGranted)
        case .append(let append):
            writer = ByteWriter(capacity: capacity(of: append.entries))
            write(
                [append.term, append.previousIndex, append.previousTerm, append.commit], kind: 5,
                to: &writer)
            write(append.entries, to: &writer)
        case .appendResponse(let term, let match): write([term, match], kind: 6, to: &writer)
        case .appendRejected(let rejection):
            write(
                [
                    rejection.term, rejection.previousIndex, rejection.hintIndex,
                    rejection.hintTerm,
                ], kind: 7, to: &writer)
        case .heartbeat(let term, let commit, let round):
            write([term, commit, round], kind: 8, to: &writer)
        case .heartbeatResponse(let term, let round): write([term, round], kind: 9, to: &writer)
        case .commit(let term, let index): write([term, index], kind: 10, to: &writer)
        case .snapshotChunk(let chunk):
            write([chunk.term, chunk.offset], kind: 18, to: &writer)
            write(chunk.metadata, to: &writer)
            writer.writeBytes(chunk.bytes)
            writer.writeBool(chunk.isLast)
        case .snapshotProgress(let term, let index, let offset):
            write([term, index, offset], kind: 12, to: &writer)
        case .timeoutNow(let term): write([term], kind: 13, to: &writer)
        case .readRequest(let identifier): write([identifier], kind: 16, to: &writer)
        case .readResponse(let identifier, let index):
            write([identifier, index], kind: 17, to: &writer)
        case .forwardProposal(let origin, let bytes):
            writer = ByteWriter(capacity: bytes.count + 32)
            write([origin.life, origin.ticket.number], kind: 19, to: &writer)
            writer.writeBytes(bytes)
        case .forwardMembership(let origin, let change):
            write([origin.life, origin.ticket.number], kind: 20, to: &writer)
            for names in [change.added, change.promoted, change.demoted, change.removed] {
                write(names, to: &writer)
            }
        case .proposalRefused(let origin, let rejection):
            write([origin.life, origin.ticket.number], kind: 21, to: &writer)
            writer.writeByte(rejection.code)
        case .changeRefused(let origin, let rejection):
            write([origin.life, origin.ticket.number], kind: 22, to: &writer)
            writer.writeByte(rejection.code)
        case .readRefused(let identifier, let rejection):
            write([identifier], kind: 23, to: &writer)
            writer.writeByte(rejection.code)
        }
        return writer.bytes
    }

    package static func decode(_ bytes: [UInt8]) throws(DecodeError) -> RaftMessage {
        guard bytes.count <= messageBytesMax else {
            throw DecodeError(expected: "at most \(messageBytesMax) bytes", offset: 0)
        }
        var reader = ByteReader(bytes)
        let message = try readMessage(&reader)
        try reader.expectEnd()
        return message
    }

    private static func readMessage(_ reader: inout ByteReader) throws(DecodeError) -> RaftMessage {
        switch try reader.readByte() {
        case 1: return .preVoteRequest(try readVoteRequest(&reader))
        case 2:
            return .preVoteResponse(
                term: try readNumber(&reader), isGranted: try reader.readBool())
        case 3: return .voteRequest(try readVoteRequest(&reader))
        case 4:
            return .voteResponse(term: try readNumber(&reader), isGranted: try reader.readBool())
        case 5:
            let term = try readNumber(&reader)
            let previousIndex = try readNumber(&reader)
            let previousTerm = try readNumber(&reader)
            let commit = try readNumber(&reader)
            return .append(
                RaftAppend(
                    term: term, previousIndex: previousIndex, previousTerm: previousTerm,
                    entries: try readEntries(&reader), commit: commit))
        case 6:
            return .appendResponse(
                term: try readNumber(&reader), match: try readNumber(&reader))
        case 7:
            return .appendRejected(
                RaftAppendRejection(
                    term: try readNumber(&reader), previousIndex: try readNumber(&reader),
                    hintIndex: try readNumber(&reader), hintTerm: try readNumber(&reader)))
        case 8:
            return .heartbeat(
                term: try readNumber(&reader), commit: try readNumber(&reader),
                round: try readNumber(&reader))
        case 9:
            return .heartbeatResponse(
                term: try readNumber(&reader), round: try readNumber(&reader))
        case 10:
            return .commit(term: try readNumber(&reader), index: try readNumber(&reader))
        case 12:
            return .snapshotProgress(
                term: try readNumber(&reader), index: try readNumber(&reader),
                offset: try readNumber(&reader))
        case 13: return .timeoutNow(term: try readNumber(&reader))
        case 16: return .readRequest(identifier: try reader.readVarint())
        case 17:
            return .readResponse(
                identifier: try reader.readVarint(), index: try readNumber(&reader))
        case 18: return .snapshotChunk(try readChunk(&reader))
        case 19:
            return .forwardProposal(
                try readOrigin(&reader), try reader.readBytes(atMost: messageBytesMax))
        case 20: return .forwardMembership(try readOrigin(&reader), try readChange(&reader))
        case 21: return .proposalRefused(try readOrigin(&reader), try readRejection(&reader))
        case 22: return .changeRefused(try readOrigin(&reader), try readRejection(&reader))
        case 23:
            return .readRefused(
                identifier: try reader.readVarint(), try readRejection(&reader))
        default: throw DecodeError(expected: "a Raft message", offset: 0)
        }
    }
}

// The parts of messages and records.
extension RaftCodec {
    private static func write(_ numbers: [UInt64], kind: UInt8, to writer: inout ByteWriter) {
        writer.writeByte(kind)
        for number in numbers { writer.writeVarint(number) }
    }

    private static func write(
        _ request: RaftVoteRequest, kind: UInt8, to writer: inout ByteWriter
    ) {
        write([request.term, request.lastIndex, request.lastTerm], kind: kind, to: &writer)
        writer.writeBool(request.isTransfer)
    }

    /// Enough for a message or a record of these entries, so that its bytes are written once.
    static func capacity(of entries: [RaftEntry]) -> Int {
        entries.reduce(64) { $0 + $1.byteCount }
    }

    static func write(_ entries: [RaftEntry], to writer: inout ByteWriter) {
        writer.writeCount(entries.count)
        for entry in entries {
            writer.writeVarint(entry.index)
            writer.writeVarint(entry.term)
            switch entry.payload {
            case .noop: writer.writeByte(0)
            case .command(let bytes):
                writer.writeByte(1)
                writer.writeBytes(bytes)
            case .membership(let membership):
                writer.writeByte(3)
                write(membership, to: &writer)
            }
        }
    }

    static func write(_ metadata: RaftSnapshotMetadata, to writer: inout ByteWriter) {
        writer.writeVarint(metadata.index)
        writer.writeVarint(metadata.term)
        write(metadata.membership, to: &writer)
    }

    private static func write(_ membership: RaftMembership, to writer: inout ByteWriter) {
        write(membership.voters, to: &writer)
        write(membership.learners, to: &writer)
        write(membership.outgoing, to: &writer)
    }

    private static func write(_ names: [MachineName], to writer: inout ByteWriter) {
        writer.writeCount(names.count)
        for name in names { writer.writeString(name.text) }
    }

    /// A term, index, offset or round; refuses what no cluster can reach.
    static func readNumber(_ reader: inout ByteReader) throws(DecodeError) -> UInt64 {
        let start = reader.offset
        let number = try reader.readVarint()
        guard number <= RaftLimits.numberMax else {
            throw DecodeError(expected: "a number of at most 62 bits", offset: start)
        }
        return number
    }

    static func readName(_ reader: inout ByteReader) throws(DecodeError) -> MachineName {
        let start = reader.offset
        guard let name = MachineName(try reader.readString(atMost: nameBytesMax)) else {
            throw DecodeError(expected: "a machine's name", offset: start)
        }
        return name
    }

    private static func readVoteRequest(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> RaftVoteRequest {
        RaftVoteRequest(
            term: try readNumber(&reader), lastIndex: try readNumber(&reader),
            lastTerm: try readNumber(&reader), isTransfer: try reader.readBool())
    }

    static func readEntries(_ reader: inout ByteReader) throws(DecodeError) -> [RaftEntry] {
        let count = try reader.readCount(atMost: entriesMax)
        var entries: [RaftEntry] = []
        // A count is cheap to forge; an entry takes at least three bytes.
        entries.reserveCapacity(min(count, reader.remaining / 3))
        for _ in 0..<count {
            let index = try readNumber(&reader)
            let term = try readNumber(&reader)
            let start = reader.offset
            let payload: RaftEntryPayload
            switch try reader.readByte() {
            case 0: payload = .noop
            case 1: payload = .command(try reader.readBytes(atMost: messageBytesMax))
            case 2: payload = .membership(try readMembership(&reader, hasOutgoing: false))
            case 3: payload = .membership(try readMembership(&reader))
            default: throw DecodeError(expected: "a kind of entry", offset: start)
            }
            entries.append(RaftEntry(index: index, term: term, payload: payload))
        }
        return entries
    }

    static func readMetadata(
        _ reader: inout ByteReader, hasOutgoing: Bool = true
    ) throws(DecodeError) -> RaftSnapshotMetadata {
        RaftSnapshotMetadata(
            index: try readNumber(&reader), term: try readNumber(&reader),
            membership: try readMembership(&reader, hasOutgoing: hasOutgoing))
    }

    private static func readMembership(
        _ reader: inout ByteReader, hasOutgoing: Bool = true
    ) throws(DecodeError) -> RaftMembership {
        RaftMembership(
            voters: try readNames(&reader), learners: try readNames(&reader),
            outgoing: hasOutgoing ? try readNames(&reader) : [])
    }

    private static func readNames(_ reader: inout ByteReader) throws(DecodeError) -> [MachineName] {
        var names: [MachineName] = []
        for _ in 0..<(try reader.readCount(atMost: membersMax)) {
            names.append(try readName(&reader))
        }
        return names
    }

    private static func readChunk(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> RaftSnapshotChunk {
        let term = try readNumber(&reader)
        let offset = try readNumber(&reader)
        let metadata = try readMetadata(&reader)
        return RaftSnapshotChunk(
            term: term, metadata: metadata, offset: offset,
            bytes: try reader.readBytes(atMost: messageBytesMax), isLast: try reader.readBool())
    }

    private static func readChange(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> RaftMembershipChange {
        RaftMembershipChange(
            added: try readNames(&reader), promoted: try readNames(&reader),
            demoted: try readNames(&reader), removed: try readNames(&reader))
    }

    private static func readOrigin(_ reader: inout ByteReader) throws(DecodeError) -> RaftOrigin {
        RaftOrigin(
            life: try reader.readVarint(), ticket: Ticket(try reader.readVarint()))
    }

    private static func readRejection(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> RaftRejection {
        let start = reader.offset
        guard let rejection = RaftRejection(code: try reader.readByte()) else {
            throw DecodeError(expected: "a reason of a refusal", offset: start)
        }
        return rejection
    }
}

extension RaftRejection {
    /// The place of each reason is its code on the wire: add new ones at the end.
    private static let byCode: [RaftRejection] = [
        .noLeader, .overloaded, .tooLarge, .transferring, .leaderChanged, .timedOut, .notReady,
        .changeInProgress, .alreadyMember, .notMember, .notLearner, .notVoter, .notCaughtUp,
        .lastVoter, .tooManyMembers, .quorumAtRisk, .contradictory,
    ]

    var code: UInt8 { UInt8(clamping: Self.byCode.firstIndex(of: self) ?? 0) }

    init?(code: UInt8) {
        guard Int(code) < Self.byCode.count else { return nil }
        self = Self.byCode[Int(code)]
    }
}
