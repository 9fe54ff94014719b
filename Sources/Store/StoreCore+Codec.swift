package import Base

/// The bytes of a Raft snapshot, in blocks that can be written, sent and read one after the other;
/// the shell adds checksums. Equal states have equal blocks.
///
///     head       0 magic(4) version(1) appliedIndex(u64) revision(varint)
///                sessions(varint) documents(varint) compacted(varint) changes(varint)
///     sessions   1 { origin epoch(u64) lastIndex [forgottenThrough] count × { sequence result } }
///     documents  2 { key createRevision modRevision bytes }
///     history    3 { revision key [previous document] }
///
/// A head stands first and says how many of each follow, in that order; a block of them goes to its
/// end. The history holds only what each change replaced. What it made is what the next change of
/// the same key replaced, or the present document, so it is found by walking backwards.
extension StoreCore {
    static let magic: [UInt8] = Array("PMST".utf8)
    static let formatVersion: UInt8 = 2
    /// A block is given away when it is so long; the last thing in it may make it longer.
    package static let blockBytes = 262_144

    /// The first byte of a block.
    enum BlockKind: UInt8 {
        case head, sessions, documents, history
    }

    /// Gives the state to `sink` block by block, so that no second copy of it is ever in memory.
    package func encodeBlocks(
        of blockBytes: Int = StoreCore.blockBytes, to sink: ([UInt8]) throws -> Void
    ) rethrows {
        try sink(encodeHead())
        var writer = BlockWriter(bytesMax: blockBytes)
        for session in memory.sessions {
            writer.begin(.sessions)
            writer.bytes.write(session)
            if let block = writer.takeIfFull() { try sink(block) }
        }
        if let block = writer.takeRest() { try sink(block) }
        try snapshot.tree.forEach { key, document in
            writer.begin(.documents)
            writer.bytes.write(key)
            writer.bytes.write(document)
            if let block = writer.takeIfFull() { try sink(block) }
            return true
        }
        if let block = writer.takeRest() { try sink(block) }
        try timeline.history.forEach { change in
            writer.begin(.history)
            writer.bytes.writeVarint(change.revision.number)
            writer.bytes.write(change.key)
            writer.bytes.writeBool(change.previous != nil)
            if let previous = change.previous { writer.bytes.write(previous) }
            if let block = writer.takeIfFull() { try sink(block) }
        }
        if let block = writer.takeRest() { try sink(block) }
    }

    private func encodeHead() -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        writer.writeByte(BlockKind.head.rawValue)
        writer.writeRaw(Self.magic)
        writer.writeByte(Self.formatVersion)
        writer.writeInteger(appliedIndex)
        writer.writeVarint(revision.number)
        writer.writeCount(memory.sessions.count)
        writer.writeCount(snapshot.tree.count)
        writer.writeVarint(timeline.history.compacted.number)
        writer.writeCount(timeline.history.count)
        return writer.bytes
    }

    /// All blocks in one piece, each behind its length.
    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        encodeBlocks { writer.writeBytes($0) }
        return writer.bytes
    }

    /// Reads what ``encode()`` wrote.
    package init(
        decoding bytes: [UInt8], limits: StoreLimits = StoreLimits()
    ) throws(DecodeError) {
        var reader = ByteReader(bytes)
        var decoder = StoreDecoder(limits: limits)
        while !reader.isAtEnd {
            let block = try reader.readBytes(atMost: reader.remaining)
            try decoder.add(StoreDecoder.part(of: block, limits: limits))
        }
        self = try decoder.finish()
    }
}

/// Gathers things of one kind until a block is full.
private struct BlockWriter {
    let bytesMax: Int
    var bytes = ByteWriter()

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    mutating func begin(_ kind: StoreCore.BlockKind) {
        if bytes.bytes.isEmpty {
            bytes = ByteWriter(capacity: bytesMax + bytesMax / 8)
            bytes.writeByte(kind.rawValue)
        }
    }

    mutating func takeIfFull() -> [UInt8]? { bytes.bytes.count >= bytesMax ? bytes.take() : nil }
    mutating func takeRest() -> [UInt8]? { bytes.bytes.isEmpty ? nil : bytes.take() }
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
