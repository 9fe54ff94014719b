import NIOCore
import Shell
import Testing

/// Clients that send too much, too slowly or nothing at all: a clear answer or an end, and what
/// they hold is given back.
@Suite("HTTP clients that misbehave")
struct HTTPLimitsTests {
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

    private static func text(_ answer: Collector<ByteBuffer>) -> String {
        answer.parts.map { String(buffer: $0) }.joined()
    }

    @Test("a client that never finishes its head is disconnected")
    func slowHead() async throws {
        let server = try await TestServer { $0.readTimeout = .milliseconds(200) }
        let (channel, answer) = try await Self.open(server)
        Self.send("GET /hello HTTP/1.1\r\nx-slow: ", on: channel)
        try await answer.waitForClose()
        #expect(server.receiver.requests == 0)
    }

    @Test("bytes that trickle do not keep a request alive")
    func trickle() async throws {
        let server = try await TestServer { $0.readTimeout = .milliseconds(300) }
        let (channel, answer) = try await Self.open(server)
        Self.send("POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n", on: channel)
        let trickle = channel.eventLoop.scheduleRepeatedTask(
            initialDelay: .zero, delay: .milliseconds(20)
        ) { _ in
            Self.send("x", on: channel)
        }
        try await answer.waitForClose()
        trickle.cancel()
        #expect(server.receiver.requests == 0)
    }

    @Test("a client that does not finish its handshake is disconnected")
    func handshake() async throws {
        let server = try await TestServer { $0.handshakeTimeout = .milliseconds(200) }
        let answer = Collector<ByteBuffer>()
        _ = try await server.connectPlainly { try $0.pipeline.syncOperations.addHandler(answer) }
        try await answer.waitForClose()
        #expect(answer.parts.isEmpty)
    }

    @Test("a watcher that half-closes its connection is gone")
    func halfClosed() async throws {
        let server = try await TestServer()
        let (channel, answer) = try await Self.open(server)
        Self.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n", on: channel)
        try await answer.wait { parts, _ in
            parts.contains { String(buffer: $0).contains("first") }
        }
        #expect(server.receiver.open == 1)
        channel.close(mode: .output, promise: nil)
        let (second, other) = try await Self.open(server)
        while server.receiver.open > 0 {
            let seen = other.parts.count
            Self.send("GET /hello HTTP/1.1\r\nhost: a\r\n\r\n", on: second)
            try await other.wait { parts, _ in parts.count > seen }
        }
    }

    @Test("a body of the limit is taken, one byte more is refused with 413")
    func bodies() async throws {
        let server = try await TestServer { $0.bodyBytes = 3 * 1024 * 1024 }
        let limit = 3 * 1024 * 1024
        for (size, expected) in [(limit, "HTTP/1.1 200"), (limit + 1, "HTTP/1.1 413")] {
            let (channel, answer) = try await Self.open(server)
            let head = "POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: \(size)\r\n\r\n"
            Self.send(head, on: channel)
            channel.writeAndFlush(
                channel.allocator.buffer(repeating: 120, count: size), promise: nil)
            try await answer.wait { parts, isClosed in isClosed || !parts.isEmpty }
            #expect(Self.text(answer).hasPrefix(expected))
            channel.close(promise: nil)
        }
    }

    @Test("a body that is refused and does not end is not read for ever")
    func endlessBody() async throws {
        let server = try await TestServer {
            $0.bodyBytes = 1_000
            $0.refusedBytes = 10_000
        }
        let (channel, answer) = try await Self.open(server)
        Self.send(
            "POST /count HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", on: channel)
        let piece = "400\r\n" + String(repeating: "x", count: 1_024) + "\r\n"
        for _ in 0..<20 { Self.send(piece, on: channel) }
        try await answer.waitForClose()
        #expect(server.receiver.requests == 0)
    }

    @Test("headers beyond the limit are refused with 431")
    func headers() async throws {
        let server = try await TestServer { $0.headerBytes = 1_000 }
        let (channel, answer) = try await Self.open(server)
        let long = String(repeating: "y", count: 2_000)
        Self.send("GET /hello HTTP/1.1\r\nhost: a\r\nx-long: \(long)\r\n\r\n", on: channel)
        try await answer.wait { parts, isClosed in isClosed || !parts.isEmpty }
        #expect(Self.text(answer).hasPrefix("HTTP/1.1 431"))
    }

    @Test("connections beyond the limit are closed, and one that ends makes room")
    func connections() async throws {
        let server = try await TestServer { $0.connections = 1 }
        let (first, answer) = try await Self.open(server)
        Self.send("GET /hello HTTP/1.1\r\nhost: a\r\n\r\n", on: first)
        try await answer.wait { parts, _ in !parts.isEmpty }
        let refused = Collector<ByteBuffer>()
        _ = try? await server.connectPlainly {
            try $0.pipeline.syncOperations.addHandler(refused)
        }
        try await refused.waitForClose()
        try await first.close().get()
        var isServed = false
        while !isServed {
            guard let (next, other) = try? await Self.open(server) else { continue }
            Self.send("GET /hello HTTP/1.1\r\nhost: a\r\n\r\n", on: next)
            try await other.wait { parts, isClosed in isClosed || !parts.isEmpty }
            isServed = Self.text(other).hasPrefix("HTTP/1.1 200")
        }
    }

    @Test("a watcher that reads nothing is disconnected when too much waits for it")
    func slowReader() async throws {
        let server = try await TestServer { $0.outstandingBytes = 100_000 }
        let (channel, answer) = try await Self.open(server)
        Self.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n", on: channel)
        try await answer.wait { parts, _ in
            parts.contains { String(buffer: $0).contains("first") }
        }
        try await channel.setOption(ChannelOptions.autoRead, value: false).get()
        let piece = [UInt8](repeating: 65, count: 90_000)
        let stream = server.receiver.streams[0]
        for _ in 0..<1_000 where server.receiver.open > 0 { stream.write(piece) }
        try await channel.setOption(ChannelOptions.autoRead, value: true).get()
        try await answer.waitForClose()
    }
}
