package import Base

/// The wire form of DNS messages (RFC 1035 §4.1, RFC 6891). Queries are hostile until read.
package enum DNSCodec {
    /// The answer size over UDP that avoids fragments on common paths (DNS Flag Day 2020).
    package static let payloadBytesMax = 1_232

    static let headerBytes = 12
    static let nameBytesMax = 255
    static let labelBytesMax = 63

    /// Reads a query with exactly one question; records behind it are passed over but for OPT.
    package static func decodeQuery(_ bytes: [UInt8]) throws(DecodeError) -> DNSQuery {
        var reader = Reader(bytes)
        let id = try reader.readInteger()
        let flags = try reader.readInteger()
        guard flags & 0x8000 == 0 else { throw DecodeError(expected: "a query", offset: 2) }
        let questions = try reader.readInteger()
        let answers = try reader.readInteger()
        let authorities = try reader.readInteger()
        let additionals = try reader.readInteger()
        guard questions == 1 else { throw DecodeError(expected: "one question", offset: 4) }
        let name = try reader.readName()
        let type = DNSType(rawValue: try reader.readInteger())
        let question = DNSQuestion(name: name, type: type, class: try reader.readInteger())
        var query = DNSQuery(
            id: id, opcode: UInt8(truncatingIfNeeded: flags >> 11) & 0xF,
            recursionDesired: flags & 0x0100 != 0, question: question)
        for _ in 0..<(Int(answers) + Int(authorities) + Int(additionals)) {
            _ = try reader.readName()
            let type = DNSType(rawValue: try reader.readInteger())
            let size = try reader.readInteger()
            try reader.skip(4)
            try reader.skip(Int(try reader.readInteger()))
            if type == .opt {
                query.hasOPT = true
                query.payloadBytesMax = min(max(512, Int(size)), payloadBytesMax)
            }
        }
        return query
    }

    /// Writes the response to a query. One that is longer than what the client takes goes out
    /// empty with the TC bit set, so that the client asks again over TCP; one with a name that
    /// the format cannot hold (a label of an `externalName` may be too long) becomes SERVFAIL.
    package static func encode(
        _ answer: DNSAnswer, to query: DNSQuery, bytesMax: Int
    ) -> [UInt8] {
        var writer = Writer()
        let whole = [answer.answers, answer.authority, answer.additional]
        let isWritten = writer.write(query, answer, sections: whole)
        if isWritten, writer.bytes.count <= bytesMax { return writer.bytes }
        var empty = answer
        if !isWritten { empty.code = .serverFailure }
        writer = Writer()
        _ = writer.write(query, empty, sections: [[], [], []], isTruncated: isWritten)
        return writer.bytes
    }

    /// The response to bytes that hold no readable query, if they hold at least an identifier.
    package static func formatError(for bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= headerBytes, bytes[2] & 0x80 == 0 else { return nil }
        return [bytes[0], bytes[1], 0x80 | (bytes[2] & 0x01), 1, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func readByte() throws(DecodeError) -> UInt8 {
            guard position < bytes.count else {
                throw DecodeError(expected: "a byte", offset: position)
            }
            defer { position += 1 }
            return bytes[position]
        }

        mutating func readInteger() throws(DecodeError) -> UInt16 {
            let high = try readByte()
            return UInt16(high) << 8 | UInt16(try readByte())
        }

        mutating func skip(_ count: Int) throws(DecodeError) {
            guard bytes.count - position >= count else {
                throw DecodeError(expected: "\(count) bytes", offset: position)
            }
            position += count
        }

        mutating func readRaw(_ count: Int) throws(DecodeError) -> [UInt8] {
            let start = position
            try skip(count)
            return Array(bytes[start..<position])
        }

        /// Reads a name. Pointers must point backwards, each further than the last, so that a
        /// loop of them ends.
        mutating func readName() throws(DecodeError) -> String {
            var labels: [String] = []
            var total = 1
            var cursor = position
            var resume: Int?
            var limit = position
            while true {
                guard cursor < bytes.count else {
                    throw DecodeError(expected: "a label", offset: cursor)
                }
                let length = Int(bytes[cursor])
                if length == 0 {
                    position = resume ?? cursor + 1
                    return labels.joined(separator: ".")
                }
                if length & 0xC0 == 0xC0 {
                    guard cursor + 1 < bytes.count else {
                        throw DecodeError(expected: "a pointer", offset: cursor)
                    }
                    let target = (length & 0x3F) << 8 | Int(bytes[cursor + 1])
                    guard target < limit else {
                        throw DecodeError(expected: "a pointer backwards", offset: cursor)
                    }
                    resume = resume ?? cursor + 2
                    limit = target
                    cursor = target
                    continue
                }
                total += length + 1
                guard length <= labelBytesMax, total <= nameBytesMax,
                    cursor + 1 + length <= bytes.count
                else { throw DecodeError(expected: "a label", offset: cursor) }
                let label = bytes[cursor + 1..<cursor + 1 + length]
                guard label.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ".") }) else {
                    throw DecodeError(expected: "a printable label", offset: cursor)
                }
                labels.append(String(decoding: label, as: UTF8.self))
                cursor += 1 + length
            }
        }
    }

    private struct Writer {
        var bytes: [UInt8] = []
        /// Where each name suffix was written, for compression.
        private var suffixes: [String: Int] = [:]

        /// False when a name does not fit the format.
        mutating func write(
            _ query: DNSQuery, _ answer: DNSAnswer, sections: [[DNSRecord]],
            isTruncated: Bool = false
        ) -> Bool {
            write(query.id)
            var flags: UInt16 = 0x8000 | UInt16(query.opcode) << 11 | UInt16(answer.code.rawValue)
            if answer.isAuthoritative { flags |= 0x0400 }
            if isTruncated { flags |= 0x0200 }
            if query.recursionDesired { flags |= 0x0100 }
            flags |= 0x0080  // Recursion is available: other names are forwarded.
            write(flags)
            write(UInt16(1))
            for (index, section) in sections.enumerated() {
                let extra = index == 2 && query.hasOPT ? 1 : 0
                guard let count = UInt16(exactly: section.count + extra) else { return false }
                write(count)
            }
            guard write(name: query.question.name) else { return false }
            write(query.question.type.rawValue)
            write(query.question.class)
            for record in sections.joined() {
                guard write(record) else { return false }
            }
            if query.hasOPT {
                bytes.append(0)
                write(DNSType.opt.rawValue)
                write(UInt16(DNSCodec.payloadBytesMax))
                write(UInt32(0))
                write(UInt16(0))
            }
            return true
        }

        private mutating func write(_ record: DNSRecord) -> Bool {
            guard write(name: record.name) else { return false }
            write(record.data.type.rawValue)
            write(UInt16(1))
            write(record.timeToLive)
            let lengthPosition = bytes.count
            write(UInt16(0))
            guard write(record.data) else { return false }
            guard let length = UInt16(exactly: bytes.count - lengthPosition - 2) else {
                return false
            }
            bytes[lengthPosition] = UInt8(length >> 8)
            bytes[lengthPosition + 1] = UInt8(length & 0xFF)
            return true
        }

        private mutating func write(_ data: DNSRecord.Data) -> Bool {
            switch data {
            case .a(let octets):
                bytes.append(contentsOf: octets)
                return octets.count == 4
            case .aaaa(let octets):
                bytes.append(contentsOf: octets)
                return octets.count == 16
            case .cname(let name), .ptr(let name), .ns(let name):
                return write(name: name)
            case .txt(let text):
                guard let length = UInt8(exactly: text.utf8.count) else { return false }
                bytes.append(length)
                bytes.append(contentsOf: text.utf8)
                return true
            case .srv(let priority, let weight, let port, let target):
                write(priority)
                write(weight)
                write(port)
                return write(name: target, mayCompress: false)  // RFC 2782 forbids pointers.
            case .soa(let primary, let mailbox, let serial, let minimum):
                guard write(name: primary), write(name: mailbox) else { return false }
                for number in [serial, 7_200, 1_800, 86_400, minimum] { write(number) }
                return true
            }
        }

        private mutating func write(name: String, mayCompress: Bool = true) -> Bool {
            var labels = name.split(separator: ".")[...]
            // On the wire each label has its length before it, and the root's ends the name.
            guard labels.reduce(1, { $0 + $1.utf8.count + 1 }) <= nameBytesMax else {
                return false
            }
            while let label = labels.first {
                let suffix = labels.joined(separator: ".").lowercased()
                if mayCompress, let position = suffixes[suffix] {
                    write(UInt16(0xC000 | position))
                    return true
                }
                if bytes.count <= 0x3FFF, suffixes[suffix] == nil {
                    suffixes[suffix] = bytes.count
                }
                guard label.utf8.count <= labelBytesMax else { return false }
                bytes.append(UInt8(label.utf8.count))
                bytes.append(contentsOf: label.utf8)
                labels = labels.dropFirst()
            }
            bytes.append(0)
            return true
        }

        private mutating func write(_ number: UInt16) {
            bytes.append(UInt8(number >> 8))
            bytes.append(UInt8(number & 0xFF))
        }

        private mutating func write(_ number: UInt32) {
            write(UInt16(number >> 16))
            write(UInt16(number & 0xFFFF))
        }
    }
}
