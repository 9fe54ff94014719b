import Base

/// What the responder says to upstream servers and hears from them, where it does not just pass
/// a client's bytes on: to complete an alias.
extension DNSCodec {
    /// A query with identifier 0, recursion desired; nil for a name that the format cannot hold.
    package static func encodeQuery(_ question: DNSQuestion) -> [UInt8]? {
        var bytes: [UInt8] = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in question.name.split(separator: ".") {
            guard label.utf8.count <= labelBytesMax else { return nil }
            bytes.append(UInt8(label.utf8.count))
            bytes.append(contentsOf: label.utf8)
        }
        bytes.append(0)
        guard bytes.count - headerBytes <= nameBytesMax else { return nil }
        for number in [question.type.rawValue, question.class] {
            bytes.append(UInt8(number >> 8))
            bytes.append(UInt8(number & 0xFF))
        }
        return bytes
    }

    /// The code, addresses and aliases of an upstream server's response; other records are left
    /// out. SERVFAIL for bytes that are no response.
    package static func decodeAnswer(_ bytes: [UInt8]) -> DNSAnswer {
        do throws(DecodeError) {
            return try readAnswer(bytes)
        } catch {
            return DNSAnswer(code: .serverFailure, isAuthoritative: false)
        }
    }

    private static func readAnswer(_ bytes: [UInt8]) throws(DecodeError) -> DNSAnswer {
        var reader = Reader(bytes)
        try reader.skip(2)
        let flags = try reader.readInteger()
        guard flags & 0x8000 != 0 else { throw DecodeError(expected: "a response", offset: 2) }
        let questions = try reader.readInteger()
        let count = try reader.readInteger()
        try reader.skip(4)
        for _ in 0..<questions {
            _ = try reader.readName()
            try reader.skip(4)
        }
        let code = DNSResponseCode(rawValue: UInt8(flags & 0xF)) ?? .serverFailure
        var answer = DNSAnswer(code: code, isAuthoritative: false)
        for _ in 0..<count {
            if let record = try readRecord(&reader) { answer.answers.append(record) }
        }
        return answer
    }

    private static func readRecord(_ reader: inout Reader) throws(DecodeError) -> DNSRecord? {
        let name = try reader.readName()
        let type = DNSType(rawValue: try reader.readInteger())
        try reader.skip(2)
        let timeToLive = UInt32(try reader.readInteger()) << 16 | UInt32(try reader.readInteger())
        let length = Int(try reader.readInteger())
        let end = reader.position + length
        let data: DNSRecord.Data?
        switch (type, length) {
        case (.a, 4): data = .a(try reader.readRaw(4))
        case (.aaaa, 16): data = .aaaa(try reader.readRaw(16))
        case (.cname, _): data = .cname(try reader.readName())
        default:
            try reader.skip(length)
            data = nil
        }
        guard reader.position == end else {
            throw DecodeError(expected: "the record's end", offset: reader.position)
        }
        return data.map { DNSRecord(name: name, timeToLive: timeToLive, data: $0) }
    }
}
