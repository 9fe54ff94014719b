import Base
import Services
import Testing

@Suite struct DNSCodecTests {
    /// `dig web.default.svc.cluster.local A` without EDNS.
    private static let query: [UInt8] =
        [0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0] + name + [0, 1, 0, 1]
    private static let name: [UInt8] =
        [3] + Array("web".utf8) + [7] + Array("default".utf8) + [3] + Array("svc".utf8)
        + [7] + Array("cluster".utf8) + [5] + Array("local".utf8) + [0]
    private static func opt(size: UInt16) -> [UInt8] {
        [0, 0, 41, UInt8(size >> 8), UInt8(size & 0xFF), 0, 0, 0, 0, 0, 0]
    }
    private static func queryWithOPT(size: UInt16) -> [UInt8] {
        var bytes = query + opt(size: size)
        bytes[11] = 1
        return bytes
    }

    // MARK: Queries

    @Test func `a query is read`() throws {
        let expected = DNSQuery(
            id: 0x1234, question: DNSQuestion(name: "web.default.svc.cluster.local", type: .a))
        #expect(try DNSCodec.decodeQuery(Self.query) == expected)
    }

    @Test(
        "the OPT record's size counts between 512 and what fits a path",
        arguments: [(0, 512), (511, 512), (900, 900), (1_232, 1_232), (65_535, 1_232)])
    func payloadSize(_ size: UInt16, _ expected: Int) throws {
        let query = try DNSCodec.decodeQuery(Self.queryWithOPT(size: size))
        #expect(query.hasOPT)
        #expect(query.payloadBytesMax == expected)
    }

    @Test func `a name's case and a pointer backwards are kept`() throws {
        // The name behind the question's: a pointer to the question's name at byte 12.
        var bytes = Self.query + [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 2, 3, 4]
        bytes[7] = 1
        bytes[13] = UInt8(ascii: "W")
        #expect(
            try DNSCodec.decodeQuery(bytes).question.name == "Web.default.svc.cluster.local")
    }

    @Test func `the root is an empty name`() throws {
        let bytes: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]
        #expect(try DNSCodec.decodeQuery(bytes).question == DNSQuestion(name: "", type: .ns))
    }

    private static let hostile: [(String, [UInt8])] = [
        ("nothing", []),
        ("half a header", Array(query.prefix(11))),
        ("a response", query.replacing(2, with: 0x81)),
        ("no question", query.replacing(5, with: 0)),
        ("two questions", query.replacing(5, with: 2)),
        ("a name that does not end", Array(query.prefix(20))),
        ("a question without its class", Array(query.dropLast())),
        ("a pointer to itself", Array(query.prefix(12)) + [0xC0, 12, 0, 1, 0, 1]),
        ("a pointer forwards", Array(query.prefix(12)) + [0xC0, 14, 0, 0, 1, 0, 1]),
        ("half a pointer", Array(query.prefix(12)) + [0xC0]),
        ("a reserved label type", query.replacing(12, with: 0x43)),
        ("a dot inside a label", query.replacing(13, with: UInt8(ascii: "."))),
        ("a control character", query.replacing(13, with: 7)),
        ("records that are not there", query.replacing(11, with: 1)),
        ("a record longer than the message", {
            var bytes = queryWithOPT(size: 512)
            bytes[bytes.count - 1] = 9
            return bytes
        }()),
        (
            "a name of 256 bytes",
            Array(query.prefix(12)) + longName(lastLabel: 62) + [0, 1, 0, 1]
        ),
    ]

    /// Three labels of 63 bytes and one more: with 61 bytes in the last one it is 255 in all.
    private static func longName(lastLabel: Int) -> [UInt8] {
        let label = { (count: Int) in [UInt8(count)] + [UInt8](repeating: 97, count: count) }
        return label(63) + label(63) + label(63) + label(lastLabel) + [0]
    }

    @Test("bytes that are no query are refused", arguments: hostile.indices)
    func hostileQueries(_ index: Int) {
        #expect(throws: DecodeError.self, "\(Self.hostile[index].0)") {
            try DNSCodec.decodeQuery(Self.hostile[index].1)
        }
    }

    @Test func `a name of 255 bytes goes in and comes out`() throws {
        let bytes = Array(Self.query.prefix(12)) + Self.longName(lastLabel: 61) + [0, 1, 0, 1]
        let query = try DNSCodec.decodeQuery(bytes)
        let record = DNSRecord(name: query.question.name, timeToLive: 5, data: .a([1, 2, 3, 4]))
        let response = DNSCodec.encode(DNSAnswer(answers: [record]), to: query, bytesMax: 512)
        #expect(response.count == bytes.count + 16)
    }

    @Test func `what cannot be read is answered with FORMERR if it has an identifier`() {
        #expect(
            DNSCodec.formatError(for: Self.query.replacing(5, with: 9))
                == [0x12, 0x34, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(DNSCodec.formatError(for: Array(Self.query.prefix(11))) == nil)
        #expect(DNSCodec.formatError(for: Self.query.replacing(2, with: 0x80)) == nil)
    }

    // MARK: Responses

    @Test func `an answer is these bytes`() throws {
        let query = try DNSCodec.decodeQuery(Self.query)
        let answer = DNSAnswer(answers: [
            DNSRecord(name: query.question.name, timeToLive: 5, data: .a([10, 96, 0, 10]))
        ])
        let header: [UInt8] = [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
        let record: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 0, 10]
        #expect(
            DNSCodec.encode(answer, to: query, bytesMax: 512)
                == header + Self.query.dropFirst(12) + record)
    }

    @Test func `an SRV target is whole, the names after it point into what is written`() throws {
        let name = "_http._tcp.web.default.svc.cluster.local"
        let query = DNSQuery(id: 1, question: DNSQuestion(name: name, type: .srv))
        let target = "web.default.svc.cluster.local"
        let answer = DNSAnswer(
            answers: [
                DNSRecord(
                    name: name, timeToLive: 5,
                    data: .srv(priority: 0, weight: 100, port: 80, target: target))
            ],
            additional: [DNSRecord(name: target, timeToLive: 5, data: .a([10, 96, 0, 10]))])
        let question: [UInt8] =
            [5] + Array("_http".utf8) + [4] + Array("_tcp".utf8) + Self.name + [0, 33, 0, 1]
        let service: [UInt8] =
            [0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 5, 0, UInt8(6 + Self.name.count)]
            + [0, 0, 0, 100, 0, 80] + Self.name
        let address: [UInt8] = [0xC0, 23, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 96, 0, 10]
        #expect(
            DNSCodec.encode(answer, to: query, bytesMax: 512)
                == [0, 1, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 1] + question + service + address)
    }

    @Test func `names are compressed whatever their case`() throws {
        let bytes = Self.query.replacing(13, with: UInt8(ascii: "W"))
        let query = try DNSCodec.decodeQuery(bytes)
        let answer = DNSAnswer(answers: [
            DNSRecord(
                name: "web.default.svc.cluster.local", timeToLive: 5, data: .a([1, 2, 3, 4]))
        ])
        let response = DNSCodec.encode(answer, to: query, bytesMax: 512)
        #expect(Array(response[12..<bytes.count]) == Array(bytes[12...]))
        #expect(Array(response[bytes.count..<bytes.count + 2]) == [0xC0, 12])
    }

    @Test func `a response to EDNS carries an OPT record, and counts it`() throws {
        let query = try DNSCodec.decodeQuery(Self.queryWithOPT(size: 4_096))
        let response = DNSCodec.encode(DNSAnswer(code: .nameError), to: query, bytesMax: 1_232)
        #expect(response[3] == 0x83)
        #expect(Array(response[4..<12]) == [0, 1, 0, 0, 0, 0, 0, 1])
        #expect(Array(response.suffix(11)) == Self.opt(size: 1_232))
    }

    @Test func `an answer that does not fit goes out empty and marked as cut`() throws {
        let query = try DNSCodec.decodeQuery(Self.query)
        let answer = DNSAnswer(
            answers: (0..<40).map {
                DNSRecord(
                    name: query.question.name, timeToLive: 5, data: .a([10, 0, 0, UInt8($0)]))
            })
        let cut = DNSCodec.encode(answer, to: query, bytesMax: 512)
        #expect(cut == [0x12, 0x34, 0x87, 0x80, 0, 1, 0, 0, 0, 0, 0, 0] + Self.query.dropFirst(12))
        let whole = DNSCodec.encode(answer, to: query, bytesMax: 65_535)
        #expect(whole.count == Self.query.count + 40 * 16)
        #expect(whole[2] == 0x85, "not cut")
    }

    @Test(
        "a name that the format cannot hold is a failure of the server, not a cut answer",
        arguments: [
            String(repeating: "a", count: 64) + ".example.com",
            Array(repeating: "abcdefg", count: 32).joined(separator: "."),
        ])
    func unwritableName(_ target: String) throws {
        let query = try DNSCodec.decodeQuery(Self.query)
        let alias = DNSRecord(name: query.question.name, timeToLive: 5, data: .cname(target))
        let response = DNSCodec.encode(DNSAnswer(answers: [alias]), to: query, bytesMax: 65_535)
        #expect(response[2] & 0x02 == 0)
        #expect(response[3] & 0x0F == 2)
        #expect(response[7] == 0)
    }

    // MARK: Noise

    @Test func `no mutation of a query traps, and what is read can be answered`() throws {
        var random = Random(seed: 53)
        var read = 0
        for _ in 0..<20_000 {
            var bytes = Self.queryWithOPT(size: 1_232)
            for _ in 0...random.below(4) {
                switch random.below(3) {
                case 0: bytes[random.below(bytes.count)] = UInt8(random.below(256))
                case 1: bytes.insert(UInt8(random.below(256)), at: random.below(bytes.count))
                default: bytes.removeLast(random.below(min(8, bytes.count - 1)))
                }
            }
            guard let query = try? DNSCodec.decodeQuery(bytes) else { continue }
            read += 1
            guard case .answer(let answer) = SampleZone.zone.resolve(query.question) else {
                continue
            }
            let response = DNSCodec.encode(answer, to: query, bytesMax: query.payloadBytesMax)
            #expect(response.count <= query.payloadBytesMax)
        }
        #expect(read > 1_000, "the noise must leave some queries readable")
    }

    @Test func `random bytes never trap`() {
        var random = Random(seed: 1_035)
        for _ in 0..<20_000 {
            let bytes = (0..<random.below(80)).map { _ in UInt8(random.below(256)) }
            _ = try? DNSCodec.decodeQuery(bytes)
            _ = DNSCodec.formatError(for: bytes)
        }
    }
}

extension [UInt8] {
    fileprivate func replacing(_ index: Int, with byte: UInt8) -> [UInt8] {
        var copy = self
        copy[index] = byte
        return copy
    }
}
