package import Base

/// Rebuilds a Store from the blocks of ``StoreCore/encodeBlocks(of:to:)``. Reading a block needs
/// no other, so blocks may be read on several threads and then be added in their order.
package struct StoreDecoder: Sendable {
    /// What a block says.
    package struct Part: Sendable {
        fileprivate enum Content: Sendable {
            case head(Head)
            case sessions([CommandMemory.Session])
            case documents([OrderedTree<Document>.Entry], revisionMax: Revision)
            case history([Change])
        }

        fileprivate var content: Content
    }

    fileprivate struct Head: Sendable {
        var appliedIndex: UInt64
        var revision: Revision
        var sessionCount: Int
        var documentCount: Int
        var compacted: Revision
        var changeCount: Int
    }

    private let limits: StoreLimits
    private var head: Head?
    private var memory = CommandMemory()
    private var documents: [OrderedTree<Document>.Entry] = []
    private var changes: [Change] = []

    package init(limits: StoreLimits = StoreLimits()) { self.limits = limits }

    /// Reads one block.
    package static func part(
        of block: [UInt8], limits: StoreLimits = StoreLimits()
    ) throws(DecodeError) -> Part {
        var reader = ByteReader(block)
        switch StoreCore.BlockKind(rawValue: try reader.readByte()) {
        case .head: return Part(content: .head(try reader.readHead(limits)))
        case .sessions:
            var sessions: [CommandMemory.Session] = []
            while !reader.isAtEnd { sessions.append(try reader.readSession(limits)) }
            return Part(content: .sessions(sessions))
        case .documents: return try documents(&reader, limits)
        case .history:
            var changes: [Change] = []
            while !reader.isAtEnd { changes.append(try reader.readChange(limits)) }
            return Part(content: .history(changes))
        case nil: throw DecodeError(expected: "a block of a Store", offset: 0)
        }
    }

    private static func documents(
        _ reader: inout ByteReader, _ limits: StoreLimits
    ) throws(DecodeError) -> Part {
        var entries: [OrderedTree<Document>.Entry] = []
        var revisionMax = Revision.zero
        while !reader.isAtEnd {
            let start = reader.offset
            let key = try reader.readKey(limits, like: entries.last?.key)
            if let last = entries.last?.key, key <= last {
                throw DecodeError(expected: "a key behind \(last)", offset: start)
            }
            let document = try reader.readDocument(limits)
            revisionMax = max(revisionMax, document.modRevision)
            entries.append((key, document))
        }
        return Part(content: .documents(entries, revisionMax: revisionMax))
    }

    /// Takes in what the next block says. The order of blocks is part of the format.
    package mutating func add(_ part: Part) throws(DecodeError) {
        switch part.content {
        case .head(let head):
            guard self.head == nil else {
                throw DecodeError(expected: "one head", offset: 0)
            }
            self.head = head
            documents.reserveCapacity(min(head.documentCount, Self.reservedMax))
        case .sessions(let sessions):
            guard head != nil, documents.isEmpty, changes.isEmpty else { throw misplaced }
            for session in sessions {
                guard memory.append(session), memory.resultCount <= limits.resultsMax,
                    memory.sessions.count <= limits.sessionsMax
                else { throw DecodeError(expected: "sessions in order", offset: 0) }
            }
        case .documents(let entries, let revisionMax):
            guard let head, changes.isEmpty else { throw misplaced }
            guard revisionMax <= head.revision else {
                throw DecodeError(
                    expected: "revisions of at most \(head.revision)", offset: 0)
            }
            if let last = documents.last?.key, let first = entries.first?.key, first <= last {
                throw DecodeError(expected: "a key behind \(last)", offset: 0)
            }
            documents.append(contentsOf: entries)
        case .history(let fresh):
            guard head != nil else { throw misplaced }
            changes.append(contentsOf: fresh)
        }
    }

    /// The Store, when all that its head promised is there.
    package consuming func finish() throws(DecodeError) -> StoreCore {
        guard let head else { throw DecodeError(expected: "a head", offset: 0) }
        guard memory.sessions.count == head.sessionCount, documents.count == head.documentCount,
            changes.count == head.changeCount
        else {
            throw DecodeError(
                expected: "\(head.sessionCount) sessions, \(head.documentCount) documents and"
                    + " \(head.changeCount) changes", offset: 0)
        }
        var snapshot = Snapshot()
        snapshot.revision = head.revision
        snapshot.tree = OrderedTree(ascending: documents)
        documents = []
        let history = try Self.history(changes, after: head.compacted, before: snapshot, limits)
        return StoreCore(
            limits: limits, timeline: StoreTimeline(snapshot: snapshot, history: history),
            appliedIndex: head.appliedIndex, memory: memory)
    }

    private var misplaced: DecodeError {
        DecodeError(expected: "blocks in their order", offset: 0)
    }

    /// A forged count must not make room for what does not come.
    private static let reservedMax = 1 << 20

    /// Checks that revisions follow each other and finds what each change made.
    private static func history(
        _ changes: [Change], after compacted: Revision, before present: Snapshot,
        _ limits: StoreLimits
    ) throws(DecodeError) -> History {
        var changes = changes
        var last = compacted
        for change in changes {
            guard change.revision <= present.revision, change.revision > compacted,
                change.revision == last || change.revision.number - 1 == last.number
            else { throw DecodeError(expected: "the revision after \(last)", offset: 0) }
            last = change.revision
        }
        guard last == present.revision else {
            throw DecodeError(expected: "a history up to \(present.revision)", offset: 0)
        }
        var past = present.tree
        for index in changes.indices.reversed() {
            let change = changes[index]
            changes[index].document = past[change.key]
            guard changes[index].isPlausible else {
                throw DecodeError(expected: "a change of \(change.key)", offset: 0)
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

extension ByteReader {
    fileprivate mutating func readHead(
        _ limits: StoreLimits
    ) throws(DecodeError) -> StoreDecoder.Head {
        guard try readRaw(StoreCore.magic.count) == StoreCore.magic,
            try readByte() == StoreCore.formatVersion
        else {
            throw DecodeError(
                expected: "a Store of version \(StoreCore.formatVersion)", offset: 1)
        }
        let start = offset
        let head = StoreDecoder.Head(
            appliedIndex: try readInteger(), revision: Revision(try readVarint()),
            sessionCount: try readCount(atMost: limits.sessionsMax),
            documentCount: try readCount(atMost: Int.max),
            compacted: Revision(try readVarint()), changeCount: try readCount(atMost: Int.max))
        // Leaves room to count on, so that no forged revision makes a later one overflow.
        guard head.revision.number <= UInt64(Int64.max), head.appliedIndex <= UInt64(Int64.max)
        else { throw DecodeError(expected: "a revision and index of 63 bits", offset: start) }
        try expectEnd()
        return head
    }

    /// Keys that stand together have parts in common; they share the text.
    fileprivate mutating func readKey(
        _ limits: StoreLimits, like neighbour: Key?
    ) throws(DecodeError) -> Key {
        var key = try readKey(limits)
        guard let neighbour else { return key }
        if neighbour.group.utf8.elementsEqual(key.group.utf8) { key.group = neighbour.group }
        if neighbour.resource.utf8.elementsEqual(key.resource.utf8) {
            key.resource = neighbour.resource
        }
        if neighbour.namespace.utf8.elementsEqual(key.namespace.utf8) {
            key.namespace = neighbour.namespace
        }
        return key
    }

    fileprivate mutating func readDocument(
        _ limits: StoreLimits
    ) throws(DecodeError) -> Document {
        let start = offset
        let created = Revision(try readVarint())
        let modified = Revision(try readVarint())
        guard created > .zero, created <= modified else {
            throw DecodeError(expected: "a revision that made the document", offset: start)
        }
        return Document(
            bytes: try readBytes(atMost: limits.documentBytesMax),
            createRevision: created, modRevision: modified)
    }

    fileprivate mutating func readChange(_ limits: StoreLimits) throws(DecodeError) -> Change {
        let start = offset
        var change = Change(
            revision: Revision(try readVarint()), key: try readKey(limits), document: nil,
            previous: nil)
        guard try readBool() else { return change }
        let previous = try readDocument(limits)
        guard previous.modRevision < change.revision else {
            throw DecodeError(expected: "an older document", offset: start)
        }
        change.previous = previous
        return change
    }

    fileprivate mutating func readSession(
        _ limits: StoreLimits
    ) throws(DecodeError) -> CommandMemory.Session {
        var session = CommandMemory.Session(
            origin: try readMachineName(), epoch: try readInteger(), lastIndex: try readVarint())
        if try readBool() { session.forgottenThrough = try readVarint() }
        var last = session.forgottenThrough
        for _ in 0..<(try readCount(atMost: limits.resultsHeldPerSessionMax)) {
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
