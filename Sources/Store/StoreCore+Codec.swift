package import Base

/// The bytes of a Raft snapshot; the shell adds the checksum. Equal states have equal bytes.
///
///     magic(4) version(1) appliedIndex(u64) revision(varint)
///     count × { origin epoch(u64) lastIndex [forgottenThrough] count × { sequence result } }
///     count × { key createRevision modRevision bytes }                        documents
///     compacted count × { revision key [previous document] }                  history
///
/// The history holds only what each change replaced. What it made is what the next change of the
/// same key replaced, or the present document, so it is found by walking backwards.
extension StoreCore {
    private static let magic: [UInt8] = Array("PMST".utf8)
    private static let version: UInt8 = 1

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.writeRaw(Self.magic)
        writer.writeByte(Self.version)
        writer.writeInteger(appliedIndex)
        writer.writeVarint(revision.number)
        writer.writeCount(memory.sessions.count)
        for session in memory.sessions { writer.write(session) }
        writer.writeCount(snapshot.tree.count)
        snapshot.tree.forEach { key, document in
            writer.write(key)
            writer.write(document)
            return true
        }
        writer.writeVarint(timeline.history.compacted.number)
        writer.writeCount(timeline.history.count)
        timeline.history.forEach { change in
            writer.writeVarint(change.revision.number)
            writer.write(change.key)
            writer.writeBool(change.previous != nil)
            if let previous = change.previous { writer.write(previous) }
        }
        return writer.bytes
    }

    package init(
        decoding bytes: [UInt8], limits: StoreLimits = StoreLimits()
    ) throws(DecodeError) {
        var reader = ByteReader(bytes)
        guard try reader.readRaw(Self.magic.count) == Self.magic,
            try reader.readByte() == Self.version
        else { throw DecodeError(expected: "a Store of version \(Self.version)", offset: 0) }
        let appliedIndex = try reader.readInteger(UInt64.self)
        let revision = Revision(try reader.readVarint())
        // Leaves room to count on, so that no forged revision makes a later one overflow.
        guard revision.number <= UInt64(Int64.max), appliedIndex <= UInt64(Int64.max) else {
            throw DecodeError(expected: "a revision and index of 63 bits", offset: 5)
        }
        var memory = CommandMemory()
        for _ in 0..<(try reader.readCount(atMost: limits.sessionsMax)) {
            let start = reader.offset
            guard memory.append(try reader.readSession(limits)),
                memory.resultCount <= limits.resultsMax
            else { throw DecodeError(expected: "sessions in order", offset: start) }
        }
        var snapshot = Snapshot()
        snapshot.revision = revision
        try reader.readDocuments(into: &snapshot, limits)
        let history = try reader.readHistory(before: snapshot, limits)
        try reader.expectEnd()
        self.init(
            limits: limits, timeline: StoreTimeline(snapshot: snapshot, history: history),
            appliedIndex: appliedIndex, memory: memory)
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ document: Document) {
        writeVarint(document.createRevision.number)
        writeVarint(document.modRevision.number)
        writeBytes(document.bytes)
    }

    fileprivate mutating func write(_ session: CommandMemory.Session) {
        writeString(session.origin.text)
        writeInteger(session.epoch)
        writeVarint(session.lastIndex)
        writeBool(session.forgottenThrough != nil)
        if let floor = session.forgottenThrough { writeVarint(floor) }
        writeCount(session.results.count)
        for remembered in session.results {
            writeVarint(remembered.sequence)
            switch remembered.result {
            case .committed(let revision):
                writeByte(0)
                writeVarint(revision.number)
            case .conflict(let key):
                writeByte(1)
                write(key)
            case .duplicate, .rejected:
                preconditionFailure("\(remembered.result) is never remembered")
            }
        }
    }
}

extension ByteReader {
    fileprivate mutating func readDocument(
        atMost revision: Revision, _ limits: StoreLimits
    ) throws(DecodeError) -> Document {
        let start = offset
        let created = Revision(try readVarint())
        let modified = Revision(try readVarint())
        guard created > .zero, created <= modified, modified <= revision else {
            throw DecodeError(expected: "revisions of at most \(revision)", offset: start)
        }
        return Document(
            bytes: try readBytes(atMost: limits.documentBytesMax),
            createRevision: created, modRevision: modified)
    }

    fileprivate mutating func readSession(
        _ limits: StoreLimits
    ) throws(DecodeError) -> CommandMemory.Session {
        var session = CommandMemory.Session(
            origin: try readMachineName(), epoch: try readInteger(), lastIndex: try readVarint())
        if try readBool() { session.forgottenThrough = try readVarint() }
        var last = session.forgottenThrough
        for _ in 0..<(try readCount(atMost: limits.resultsPerSessionMax)) {
            let start = offset
            let sequence = try readVarint()
            if let last, sequence <= last {
                throw DecodeError(expected: "a sequence number above \(last)", offset: start)
            }
            last = sequence
            let result = try readResult(limits)
            session.results.append(CommandMemory.Remembered(sequence: sequence, result: result))
        }
        return session
    }

    private mutating func readResult(
        _ limits: StoreLimits
    ) throws(DecodeError) -> TransactionResult {
        let start = offset
        switch try readByte() {
        case 0: return .committed(Revision(try readVarint()))
        case 1: return .conflict(try readKey(limits))
        default: throw DecodeError(expected: "a result", offset: start)
        }
    }

    fileprivate mutating func readDocuments(
        into snapshot: inout Snapshot, _ limits: StoreLimits
    ) throws(DecodeError) {
        var last: Key?
        for _ in 0..<(try readCount(atMost: remaining)) {
            let start = offset
            let key = try readKey(limits)
            if let last, key <= last {
                throw DecodeError(expected: "a key behind \(last)", offset: start)
            }
            last = key
            snapshot.tree.updateValue(
                try readDocument(atMost: snapshot.revision, limits), forKey: key)
        }
    }

    /// Reads what each change replaced, then finds what it made.
    fileprivate mutating func readHistory(
        before present: Snapshot, _ limits: StoreLimits
    ) throws(DecodeError) -> History {
        let start = offset
        let compacted = Revision(try readVarint())
        var changes: [Change] = []
        var last = compacted
        for _ in 0..<(try readCount(atMost: remaining)) {
            let start = offset
            let revision = Revision(try readVarint())
            guard revision <= present.revision, revision > compacted,
                revision == last || revision.number - 1 == last.number
            else { throw DecodeError(expected: "the revision after \(last)", offset: start) }
            last = revision
            var change = Change(
                revision: revision, key: try readKey(limits), document: nil, previous: nil)
            if try readBool() {
                change.previous = try readDocument(
                    atMost: Revision(revision.number - 1), limits)
            }
            changes.append(change)
        }
        guard last == present.revision else {
            throw DecodeError(expected: "a history up to \(present.revision)", offset: start)
        }
        var past = present.tree
        for index in changes.indices.reversed() {
            let change = changes[index]
            changes[index].document = past[change.key]
            guard changes[index].isPlausible else {
                throw DecodeError(expected: "a change of \(change.key)", offset: start)
            }
            if let previous = change.previous {
                past.updateValue(previous, forKey: change.key)
            } else {
                past.removeValue(forKey: change.key)
            }
        }
        return History(changes, after: compacted, limits: limits)
    }
}

extension Change {
    /// Whether a change like this can have happened.
    fileprivate var isPlausible: Bool {
        guard let document else { return previous != nil }
        let created = previous?.createRevision ?? revision
        return document.modRevision == revision && document.createRevision == created
    }
}

extension History {
    fileprivate init(_ changes: [Change], after revision: Revision, limits: StoreLimits) {
        self.init(after: revision)
        var start = 0
        for index in changes.indices
        where index + 1 == changes.count || changes[index + 1].revision != changes[index].revision {
            append(Array(changes[start...index]), limits: limits)
            start = index + 1
        }
    }
}
