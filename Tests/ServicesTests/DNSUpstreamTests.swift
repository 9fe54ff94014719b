import Base
import Services
import Testing

/// The queries that complete an alias, and what upstream servers answer to them.
@Suite struct DNSUpstreamTests {
    private static let question: [UInt8] =
        [3] + Array("www".utf8) + [7] + Array("example".utf8) + [3] + Array("com".utf8)
        + [0, 0, 1, 0, 1]

    /// A response with the given records behind the question at byte 12.
    private static func response(
        flags: [UInt8] = [0x81, 0x80], count: UInt8, _ records: [UInt8]
    ) -> [UInt8] {
        [0, 0] + flags + [0, 1, 0, count, 0, 0, 0, 0] + question + records
    }

    private static func record(_ type: UInt8, _ data: [UInt8], owner: [UInt8] = [0xC0, 12])
        -> [UInt8]
    {
        owner + [0, type, 0, 1, 0, 0, 1, 44, 0, UInt8(data.count)] + data
    }

    private static let alias = record(5, [3] + Array("cdn".utf8) + [0xC0, 16])
    private static let aliasPlace: [UInt8] = [0xC0, 45]  // The target inside `alias`.
    private static let address = record(1, [192, 0, 2, 1], owner: aliasPlace)

    @Test func `a query is these bytes`() {
        let bytes = DNSCodec.encodeQuery(DNSQuestion(name: "www.example.com.", type: .a))
        #expect(bytes == [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + Self.question)
    }

    @Test(
        "a name that the format cannot hold is not asked for",
        arguments: [
            String(repeating: "a", count: 64),
            Array(repeating: "abcdefg", count: 32).joined(separator: "."),
        ])
    func unaskable(_ name: String) {
        #expect(DNSCodec.encodeQuery(DNSQuestion(name: name, type: .a)) == nil)
    }

    @Test func `addresses and aliases are taken, other records are passed over`() {
        let text = Self.record(16, [2, 104, 105])
        let v6 = Self.record(28, [UInt8](repeating: 7, count: 16))
        let answer = DNSCodec.decodeAnswer(
            Self.response(count: 4, Self.alias + Self.address + text + v6))
        #expect(answer.code == .noError)
        #expect(
            answer.answers == [
                DNSRecord(
                    name: "www.example.com", timeToLive: 300, data: .cname("cdn.example.com")),
                DNSRecord(name: "cdn.example.com", timeToLive: 300, data: .a([192, 0, 2, 1])),
                DNSRecord(
                    name: "www.example.com", timeToLive: 300,
                    data: .aaaa([UInt8](repeating: 7, count: 16))),
            ])
    }

    @Test func `the server's code is kept`() {
        let answer = DNSCodec.decodeAnswer(Self.response(flags: [0x81, 0x83], count: 0, []))
        #expect(answer == DNSAnswer(code: .nameError, isAuthoritative: false))
    }

    private static let hostile: [(String, [UInt8])] = [
        ("nothing", []),
        ("a query", response(flags: [0x01, 0], count: 0, [])),
        ("a record that is not there", response(count: 2, address)),
        ("an alias longer than its record", response(count: 1, record(5, [3, 99, 100]))),
        ("an alias shorter than its record", response(count: 1, record(5, [0, 0]))),
    ]

    @Test("bytes that are no response are SERVFAIL", arguments: hostile.indices)
    func hostileResponses(_ index: Int) {
        let (title, bytes) = Self.hostile[index]
        #expect(
            DNSCodec.decodeAnswer(bytes)
                == DNSAnswer(code: .serverFailure, isAuthoritative: false), "\(title)")
    }

    @Test func `no mutation of a response traps`() {
        var random = Random(seed: 5_452)
        for _ in 0..<20_000 {
            var bytes = Self.response(count: 2, Self.alias + Self.address)
            for _ in 0...random.below(4) {
                bytes[random.below(bytes.count)] = UInt8(random.below(256))
            }
            bytes.removeLast(random.below(8))
            _ = DNSCodec.decodeAnswer(bytes)
        }
    }
}
