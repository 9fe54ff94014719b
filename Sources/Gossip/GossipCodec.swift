package import Base

extension GossipCodec {
    /// The sender keeps the result within ``GossipLimits/payloadBytesMax``.
    package static func encode(_ datagram: GossipDatagram) -> [UInt8] {
        encode(datagram.message, rumors: datagram.rumors.map(encode))
    }

    /// The message with rumors that are encoded already.
    static func encode(_ message: GossipMessage, rumors: [[UInt8]]) -> [UInt8] {
        // Most messages are a few bytes, and a buffer for the longest costs more than to write one.
        var writer = ByteWriter(capacity: rumors.reduce(48) { $0 + $1.count })
        write(message, to: &writer)
        // The rumors run to the end of the datagram, so that their count costs nothing.
        for rumor in rumors { writer.writeRaw(rumor) }
        return writer.bytes
    }

    /// Reads what came in a datagram.
    package static func decode(_ payload: [UInt8]) throws(DecodeError) -> GossipDatagram {
        try decode(
            payload, bytesMax: GossipLimits.payloadBytesMax,
            rumorsMax: GossipLimits.rumorsPerDatagramMax)
    }

    /// Reads what came over a link.
    package static func decodeLink(_ payload: [UInt8]) throws(DecodeError) -> GossipDatagram {
        try decode(
            payload, bytesMax: GossipLimits.linkPayloadBytesMax,
            rumorsMax: GossipLimits.linkRumorsMax)
    }

    private static func decode(
        _ payload: [UInt8], bytesMax: Int, rumorsMax: Int
    ) throws(DecodeError) -> GossipDatagram {
        guard payload.count <= bytesMax else {
            throw DecodeError(expected: "at most \(bytesMax) bytes", offset: 0)
        }
        var reader = ByteReader(payload)
        let message = try readMessage(&reader)
        var rumors: [Rumor] = []
        while !reader.isAtEnd {
            guard rumors.count < rumorsMax else {
                throw DecodeError(expected: "fewer rumors", offset: reader.offset)
            }
            rumors.append(try readRumor(&reader))
        }
        return GossipDatagram(message, rumors: rumors)
    }

    package static func encode(_ rumor: Rumor) -> [UInt8] {
        var writer = ByteWriter(capacity: 160)
        switch rumor {
        case .member(let member):
            writer.writeByte(0)
            write(member, to: &writer)
        case .suspect(let name, let incarnation, let accuser):
            writer.writeByte(1)
            writer.writeString(name.text)
            writer.writeVarint(incarnation)
            writer.writeString(accuser.text)
        case .failed(let name, let incarnation, let accuser):
            writer.writeByte(2)
            writer.writeString(name.text)
            writer.writeVarint(incarnation)
            writer.writeString(accuser.text)
        case .assignment(let entry):
            writer.writeByte(3)
            write(entry, to: &writer)
        }
        return writer.bytes
    }

    static func readRumor(_ reader: inout ByteReader) throws(DecodeError) -> Rumor {
        let start = reader.offset
        switch try reader.readByte() {
        case 0: return .member(try readMember(&reader))
        case 1:
            return .suspect(
                try reader.readMachineName(), incarnation: try readIncarnation(&reader),
                accuser: try reader.readMachineName())
        case 2:
            return .failed(
                try reader.readMachineName(), incarnation: try readIncarnation(&reader),
                accuser: try reader.readMachineName())
        case 3: return .assignment(try readEntry(&reader))
        default: throw DecodeError(expected: "a rumor", offset: start)
        }
    }

    private static func write(_ message: GossipMessage, to writer: inout ByteWriter) {
        switch message {
        case .ping(let sequence):
            writer.writeByte(1)
            writer.writeInteger(sequence)
        case .ack(let sequence, let knowsSender, let health):
            writer.writeByte(2)
            writer.writeInteger(sequence)
            writer.writeBool(knowsSender)
            writer.writeByte(health)
        case .nack(let sequence):
            writer.writeByte(3)
            writer.writeInteger(sequence)
        case .pingRequest(let sequence, let target, let address):
            writer.writeByte(4)
            writer.writeInteger(sequence)
            writer.writeString(target.text)
            write(address, to: &writer)
        case .gossip:
            writer.writeByte(5)
        case .state:
            writer.writeByte(6)
        case .offer(let offer):
            writer.writeByte(7)
            write(offer.sender, to: &writer)
            writer.writeBool(offer.wantsAnswer)
            for digest in offer.memberDigests { writer.writeInteger(digest) }
            for digest in offer.tableDigests { writer.writeInteger(digest) }
        case .join(let record):
            writer.writeByte(8)
            write(record, to: &writer)
        }
    }

    private static func readMessage(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> GossipMessage {
        let start = reader.offset
        switch try reader.readByte() {
        case 1: return .ping(sequence: try reader.readInteger())
        case 2:
            return .ack(
                sequence: try reader.readInteger(), knowsSender: try reader.readBool(),
                health: try reader.readByte())
        case 3: return .nack(sequence: try reader.readInteger())
        case 4:
            return .pingRequest(
                sequence: try reader.readInteger(), target: try reader.readMachineName(),
                address: try readAddress(&reader))
        case 5: return .gossip
        case 6: return .state
        case 7:
            let sender = try readMember(&reader)
            let wantsAnswer = try reader.readBool()
            return .offer(
                ExchangeOffer(
                    sender: sender, wantsAnswer: wantsAnswer,
                    memberDigests: try readDigests(GossipLimits.memberGroups, &reader),
                    tableDigests: try readDigests(GossipLimits.tableBuckets, &reader)))
        case 8: return .join(try readMember(&reader))
        default: throw DecodeError(expected: "a message", offset: start)
        }
    }

    private static func readDigests(
        _ count: Int, _ reader: inout ByteReader
    ) throws(DecodeError) -> [UInt32] {
        var digests: [UInt32] = []
        digests.reserveCapacity(count)
        for _ in 0..<count { digests.append(try reader.readInteger()) }
        return digests
    }
}
