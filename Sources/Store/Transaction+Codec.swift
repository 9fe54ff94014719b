package import Base

/// The bytes of a log entry:
///
///     version(1 byte) origin(string) epoch(u64) sequence(varint)
///     count(varint) × { tag(1 byte) key [since(varint)] }      preconditions
///     count(varint) × { tag(1 byte) key [bytes] }              operations
///
/// A key is four strings. Strings and bytes carry their length, as ``ByteWriter`` writes them.
extension Transaction {
    private static let version: UInt8 = 1

    package func encode() -> [UInt8] {
        Self.encode(id, body: Self.body(preconditions, operations))
    }

    /// A transaction whose body another program has encoded. A body that is malformed or over a
    /// limit is rejected by every voter when the entry is applied.
    package static func encode(_ id: CommandID, body: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(capacity: 32 + id.origin.text.utf8.count + body.count)
        writer.writeByte(version)
        writer.writeString(id.origin.text)
        writer.writeInteger(id.epoch)
        writer.writeVarint(id.sequence)
        writer.writeRaw(body)
        return writer.bytes
    }

    /// What follows the identity: the preconditions and the operations.
    package static func body(
        _ preconditions: [Precondition], _ operations: [Operation]
    ) -> [UInt8] {
        var size = 16 + (preconditions.count + operations.count) * 128
        for case .put(_, let bytes) in operations { size += bytes.count }
        var writer = ByteWriter(capacity: size)
        writer.writeCount(preconditions.count)
        for precondition in preconditions { writer.write(precondition) }
        writer.writeCount(operations.count)
        for operation in operations { writer.write(operation) }
        return writer.bytes
    }

    package init(
        decoding bytes: [UInt8], limits: StoreLimits = StoreLimits()
    ) throws(DecodeError) {
        guard bytes.count <= limits.transactionBytesMax else {
            throw DecodeError(
                expected: "at most \(limits.transactionBytesMax) bytes",
                offset: limits.transactionBytesMax)
        }
        var reader = ByteReader(bytes)
        try self.init(id: Self.readID(&reader), rest: &reader, limits: limits)
    }

    /// Reads the head of a transaction, which tells whose it is even when the rest is malformed.
    static func readID(_ reader: inout ByteReader) throws(DecodeError) -> CommandID {
        guard try reader.readByte() == version else {
            throw DecodeError(expected: "a transaction of version \(version)", offset: 0)
        }
        return CommandID(
            origin: try reader.readMachineName(),
            epoch: try reader.readInteger(),
            sequence: try reader.readVarint())
    }

    init(
        id: CommandID, rest reader: inout ByteReader, limits: StoreLimits
    ) throws(DecodeError) {
        self.init(id: id, preconditions: [], operations: [])
        for _ in 0..<(try reader.readCount(atMost: limits.operationsMax)) {
            preconditions.append(try reader.readPrecondition(limits))
        }
        var written = Set<Key>()
        let count = try reader.readCount(atMost: limits.operationsMax)
        for _ in 0..<count {
            let start = reader.offset
            let operation = try reader.readOperation(limits)
            // One operation, as nearly all have, is alone with its key.
            guard count == 1 || written.insert(operation.key).inserted else {
                throw DecodeError(expected: "one operation for each key", offset: start)
            }
            operations.append(operation)
        }
        try reader.expectEnd()
    }
}

extension ByteWriter {
    package mutating func write(_ key: Key) {
        writeString(key.group)
        writeString(key.resource)
        writeString(key.namespace)
        writeString(key.name)
    }

    fileprivate mutating func write(_ precondition: Precondition) {
        switch precondition {
        case .unchanged(let key, let since):
            writeByte(0)
            write(key)
            writeVarint(since.number)
        case .absent(let key):
            writeByte(1)
            write(key)
        case .present(let key):
            writeByte(2)
            write(key)
        }
    }

    fileprivate mutating func write(_ operation: Operation) {
        switch operation {
        case .put(let key, let bytes):
            writeByte(0)
            write(key)
            writeBytes(bytes)
        case .delete(let key):
            writeByte(1)
            write(key)
        }
    }
}

extension ByteReader {
    mutating func readMachineName() throws(DecodeError) -> MachineName {
        let start = offset
        guard let name = MachineName(try readString(atMost: 253)) else {
            throw DecodeError(expected: "a machine name", offset: start)
        }
        return name
    }

    /// Resource and name are never empty.
    package mutating func readKey(_ limits: StoreLimits) throws(DecodeError) -> Key {
        let start = offset
        let limit = limits.keyPartBytesMax
        let key = Key(
            group: try readString(atMost: limit), resource: try readString(atMost: limit),
            namespace: try readString(atMost: limit), name: try readString(atMost: limit))
        guard !key.resource.isEmpty, !key.name.isEmpty else {
            throw DecodeError(expected: "a key with a resource and a name", offset: start)
        }
        return key
    }

    fileprivate mutating func readPrecondition(
        _ limits: StoreLimits
    ) throws(DecodeError) -> Precondition {
        let start = offset
        switch try readByte() {
        case 0: return .unchanged(try readKey(limits), since: Revision(try readVarint()))
        case 1: return .absent(try readKey(limits))
        case 2: return .present(try readKey(limits))
        default: throw DecodeError(expected: "a precondition", offset: start)
        }
    }

    fileprivate mutating func readOperation(
        _ limits: StoreLimits
    ) throws(DecodeError) -> Operation {
        let start = offset
        switch try readByte() {
        case 0:
            let key = try readKey(limits)
            return .put(key, try readBytes(atMost: limits.documentBytesMax))
        case 1: return .delete(try readKey(limits))
        default: throw DecodeError(expected: "an operation", offset: start)
        }
    }
}
