import Base
import Foundation
import NIOCore
import Shell
import Testing

/// What answers of HTTP/1.1 look like on the wire.
@Suite("HTTP answers")
struct HTTPAnswerTests {
    private static func open(
        _ server: TestServer
    ) async throws -> (any Channel, Collector<ByteBuffer>) {
        let answer = Collector<ByteBuffer>()
        let channel = try await server.connect(versions: []) { channel in
            try channel.pipeline.syncOperations.addHandler(answer)
        }
        return (channel, answer)
    }

    private static func send(_ text: String, on channel: any Channel) {
        channel.writeAndFlush(channel.allocator.buffer(string: text), promise: nil)
    }

    private static func text(_ parts: [ByteBuffer]) -> String {
        parts.map { String(buffer: $0) }.joined()
    }

    /// What came, once it ends with a text.
    private static func answer(
        _ collector: Collector<ByteBuffer>, endingWith end: String
    ) async throws -> String {
        try await collector.wait { parts, isClosed in isClosed || text(parts).hasSuffix(end) }
        return text(collector.parts)
    }

    private static func headers(_ answer: String) -> [String: String] {
        let head = answer.components(separatedBy: "\r\n\r\n")[0]
        var headers: [String: String] = [:]
        for line in head.components(separatedBy: "\r\n").dropFirst() {
            let parts = line.components(separatedBy: ": ")
            headers[parts[0].lowercased()] = parts.dropFirst().joined(separator: ": ")
        }
        return headers
    }

    @Test("an answer tells its length, when it was given and which request it answers")
    func headers() async throws {
        let server = try await TestServer()
        let (channel, collector) = try await Self.open(server)
        let before = WallTime.now
        Self.send("GET /hello HTTP/1.1\r\nhost: a\r\n\r\n", on: channel)
        let answer = try await Self.answer(collector, endingWith: "hello")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        let headers = Self.headers(answer)
        #expect(headers["content-length"] == "5")
        #expect(headers["x-announced"] == "yes")
        #expect(headers["audit-id"]?.count == 36)
        let times = (0...30).map { HTTPDate.text(at: before + Span.seconds($0)) }
        #expect(times.contains(headers["date"] ?? ""))
    }

    @Test("a client may name its request itself")
    func auditID() async throws {
        let server = try await TestServer()
        let (channel, collector) = try await Self.open(server)
        Self.send("GET /hello HTTP/1.1\r\nhost: a\r\naudit-id: mine\r\n\r\n", on: channel)
        let answer = try await Self.answer(collector, endingWith: "hello")
        #expect(Self.headers(answer)["audit-id"] == "mine")
    }

    @Test("requests that come together are answered in their order")
    func pipelined() async throws {
        let server = try await TestServer()
        let (channel, collector) = try await Self.open(server)
        let post = "POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc"
        let get = "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"
        let last = "GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        Self.send(get + post + get + last, on: channel)
        try await collector.waitForClose()
        let bodies = Self.text(collector.parts).components(separatedBy: "HTTP/1.1 200 OK\r\n")
            .dropFirst().map { $0.components(separatedBy: "\r\n\r\n")[1] }
        #expect(bodies == ["hello", "3", "hello", "hello"])
    }

    @Test("an answer to HEAD tells the length of what it does not bring")
    func head() async throws {
        let server = try await TestServer()
        let (channel, collector) = try await Self.open(server)
        Self.send("HEAD /hello HTTP/1.1\r\nhost: a\r\n\r\n", on: channel)
        Self.send("GET /count HTTP/1.1\r\nhost: a\r\n\r\n", on: channel)
        let answers = try await Self.answer(collector, endingWith: "\r\n\r\n0")
        #expect(Self.headers(answers)["content-length"] == "5")
        #expect(answers.components(separatedBy: "\r\n\r\n").count == 3)
    }

    @Test("a stream goes out in chunks and ends with an empty one")
    func chunks() async throws {
        let server = try await TestServer()
        let (channel, collector) = try await Self.open(server)
        Self.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n", on: channel)
        var answer = try await Self.answer(collector, endingWith: "\r\n5\r\nfirst\r\n")
        #expect(Self.headers(answer)["transfer-encoding"] == "chunked")
        let stream = server.receiver.streams[0]
        stream.write([])
        stream.write([UInt8](repeating: 65, count: 40_000))
        stream.endStream()
        answer = try await Self.answer(collector, endingWith: "\r\n0\r\n\r\n")
        let long = "9c40\r\n" + String(repeating: "A", count: 40_000)
        #expect(answer.hasSuffix("\r\n5\r\nfirst\r\n" + long + "\r\n0\r\n\r\n"))
        Self.send("GET /hello HTTP/1.1\r\nhost: a\r\n\r\n", on: channel)
        _ = try await Self.answer(collector, endingWith: "hello")
    }

    @Test("what is no HTTP is answered 400, and the connection ends")
    func malformed() async throws {
        let server = try await TestServer()
        let (channel, collector) = try await Self.open(server)
        Self.send("NONSENSE\r\n\r\n", on: channel)
        try await collector.waitForClose()
        #expect(Self.text(collector.parts).hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(server.receiver.requests == 0)
    }

    @Test(
        "a time is written as RFC 9110 has it",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        ])
    func date(_ seconds: Int, _ text: String) {
        #expect(HTTPDate.text(at: WallTime(seconds: Int64(seconds))) == text)
    }
}
