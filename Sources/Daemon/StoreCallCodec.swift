package import Base
package import Store

/// Calls and their answers as frames of a link between machines:
///
///     call     64 number(varint) { 1 body | 2 key }
///     answer   65 number(varint) { 1 revision | 2 key | 3 revision document | 4 revision
///                                | 5 reason(1 byte) }
///
/// The caller draws the numbers; answers come in any order. No Raft message begins with 64 or 65.
package enum StoreCallCodec {
    package static let callKind: UInt8 = 64
    package static let answerKind: UInt8 = 65

    package static func encode(_ call: StoreCall, number: UInt64) -> [UInt8] {
        var writer: ByteWriter
        switch call {
        case .transact(let body):
            writer = ByteWriter(capacity: body.count + 24)
            writer.writeByte(callKind)
            writer.writeVarint(number)
            writer.writeByte(1)
            writer.writeBytes(body)
        case .read(let key):
            writer = ByteWriter(capacity: 96)
            writer.writeByte(callKind)
            writer.writeVarint(number)
            writer.writeByte(2)
            writer.write(key)
        }
        return writer.bytes
    }

    package static func encode(_ answer: StoreAnswer, number: UInt64) -> [UInt8] {
        var writer = ByteWriter(capacity: 24)
        writer.writeByte(answerKind)
        writer.writeVarint(number)
        switch answer {
        case .committed(let revision):
            writer.writeByte(1)
            writer.writeVarint(revision.number)
        case .conflict(let key):
            writer.writeByte(2)
            writer.write(key)
        case .document(let bytes, let revision):
            writer.writeByte(3)
            writer.writeVarint(revision.number)
            writer.writeBytes(bytes)
        case .absent(let revision):
            writer.writeByte(4)
            writer.writeVarint(revision.number)
        case .refused(let refusal):
            writer.writeByte(5)
            writer.writeByte(refusal.rawValue)
        }
        return writer.bytes
    }

    package static func decodeCall(
        _ bytes: [UInt8], limits: StoreLimits = StoreLimits()
    ) throws(DecodeError) -> (call: StoreCall, number: UInt64) {
        var reader = ByteReader(bytes)
        let number = try readHead(&reader, kind: callKind)
        let start = reader.offset
        let call: StoreCall
        switch try reader.readByte() {
        case 1: call = .transact(try reader.readBytes(atMost: limits.transactionBytesMax))
        case 2: call = .read(try reader.readKey(limits))
        default: throw DecodeError(expected: "a kind of call", offset: start)
        }
        try reader.expectEnd()
        return (call, number)
    }

    package static func decodeAnswer(
        _ bytes: [UInt8], limits: StoreLimits = StoreLimits()
    ) throws(DecodeError) -> (answer: StoreAnswer, number: UInt64) {
        var reader = ByteReader(bytes)
        let number = try readHead(&reader, kind: answerKind)
        let start = reader.offset
        let answer: StoreAnswer
        switch try reader.readByte() {
        case 1: answer = .committed(Revision(try reader.readVarint()))
        case 2: answer = .conflict(try reader.readKey(limits))
        case 3:
            let revision = Revision(try reader.readVarint())
            answer = .document(
                try reader.readBytes(atMost: limits.documentBytesMax), modRevision: revision)
        case 4: answer = .absent(Revision(try reader.readVarint()))
        case 5:
            guard let refusal = StoreRefusal(rawValue: try reader.readByte()) else {
                throw DecodeError(expected: "a reason", offset: start + 1)
            }
            answer = .refused(refusal)
        default: throw DecodeError(expected: "a kind of answer", offset: start)
        }
        try reader.expectEnd()
        return (answer, number)
    }

    private static func readHead(
        _ reader: inout ByteReader, kind: UInt8
    ) throws(DecodeError) -> UInt64 {
        guard try reader.readByte() == kind else {
            throw DecodeError(expected: "a frame of kind \(kind)", offset: 0)
        }
        return try reader.readVarint()
    }
}
