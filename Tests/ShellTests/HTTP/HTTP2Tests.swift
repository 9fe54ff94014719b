import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import Shell
import Testing

/// A client's connection of HTTP/2.
private struct HTTP2Client: Sendable {
    let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    /// Frames of the connection itself, such as GOAWAY.
    let frames = Collector<HTTP2Frame>()

    init(_ server: TestServer) async throws {
        let frames = frames
        channel = try await server.connect(versions: ["h2"]) { channel in
            _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                mode: .client, connectionConfiguration: .init(), streamConfiguration: .init(),
                inboundStreamInitializer: { $0.eventLoop.makeSucceededVoidFuture() })
            try channel.pipeline.syncOperations.addHandler(frames)
        }
        multiplexer = try await channel.pipeline.handler(type: NIOHTTP2Handler.self)
            .flatMap { $0.multiplexer }.get()
    }

    /// A stream with its request sent.
    func open(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> (stream: any Channel, answer: Collector<HTTPClientResponsePart>) {
        let answer = Collector<HTTPClientResponsePart>()
        let promise = channel.eventLoop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: promise) { stream in
            stream.eventLoop.makeCompletedFuture {
                let pipeline = stream.pipeline.syncOperations
                try pipeline.addHandler(HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .https))
                try pipeline.addHandler(answer)
            }
        }
        let stream = try await promise.futureResult.get()
        var fields = HTTPHeaders(headers)
        fields.add(name: "host", value: "podmesh")
        if !body.isEmpty { fields.add(name: "content-length", value: String(body.count)) }
        stream.write(
            HTTPClientRequestPart.head(
                HTTPRequestHead(version: .http2, method: method, uri: path, headers: fields)),
            promise: nil)
        if !body.isEmpty {
            stream.write(
                HTTPClientRequestPart.body(.byteBuffer(stream.allocator.buffer(bytes: body))),
                promise: nil)
        }
        stream.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        return (stream, answer)
    }

    /// The status and the body of a complete answer.
    func answer(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> (head: HTTPResponseHead, body: String) {
        let answer = try await open(method, path, headers: headers, body: body).answer
        try await answer.wait { parts, isClosed in isClosed || parts.contains(where: \.isEnd) }
        var head = HTTPResponseHead(version: .http2, status: .internalServerError)
        var text = ""
        for part in answer.parts {
            switch part {
            case .head(let value): head = value
            case .body(let buffer): text += String(buffer: buffer)
            case .end: break
            }
        }
        return (head, text)
    }

    var hasGoneAway: Bool {
        frames.parts.contains { if case .goAway = $0.payload { true } else { false } }
    }
}

extension HTTPClientResponsePart {
    fileprivate var isEnd: Bool { if case .end = self { true } else { false } }
    fileprivate var isBody: Bool { if case .body = self { true } else { false } }
}

@Suite("HTTP/2")
struct HTTP2Tests {
    @Test("requests of one connection are answered on streams of their own")
    func requests() async throws {
        let server = try await TestServer()
        let client = try await HTTP2Client(server)
        for _ in 0..<3 {
            let (head, body) = try await client.answer(.GET, "/hello")
            #expect(head.status == .ok)
            #expect(body == "hello")
            #expect(head.headers.first(name: "x-announced") == "yes")
            #expect(!head.headers.contains(name: "connection"))
        }
        let sent = [UInt8](repeating: 7, count: 1_500_000)
        let counted = try await client.answer(.POST, "/count", body: sent)
        #expect(counted.body == "1500000")
    }

    @Test("many streams stay open while others are answered, and end with the client's reset")
    func streams() async throws {
        let server = try await TestServer()
        let client = try await HTTP2Client(server)
        var streams: [any Channel] = []
        for _ in 0..<100 {
            let (stream, answer) = try await client.open(.GET, "/stream")
            try await answer.wait { parts, _ in parts.contains(where: \.isBody) }
            streams.append(stream)
        }
        #expect(server.receiver.open == 100)
        let beside = try await client.answer(.GET, "/hello")
        #expect(beside.body == "hello")
        for stream in streams { stream.close(promise: nil) }
        // An answer behind the resets tells that they were read.
        _ = try await client.answer(.GET, "/hello")
        #expect(server.receiver.open == 0)
    }

    @Test("no more streams than the limit at a time")
    func streamLimit() async throws {
        let server = try await TestServer { $0.streams = 2 }
        let client = try await HTTP2Client(server)
        for _ in 0..<2 {
            let (_, answer) = try await client.open(.GET, "/stream")
            try await answer.wait { parts, _ in !parts.isEmpty }
        }
        // The client's library holds the third back until one has ended.
        let (_, third) = try await client.open(.GET, "/stream")
        server.receiver.streams[0].endStream()
        try await third.wait { parts, _ in !parts.isEmpty }
        #expect(server.receiver.requests == 3)
    }

    @Test("a client that opens and resets streams without end is disconnected")
    func rapidReset() async throws {
        let server = try await TestServer { $0.streamResets = 50 }
        let client = try await HTTP2Client(server)
        for _ in 0..<200 where !client.frames.isClosed {
            guard let stream = try? await client.open(.GET, "/stream").stream else { break }
            stream.close(promise: nil)
        }
        try await client.frames.waitForClose()
        #expect(server.receiver.requests < 200)
    }

    @Test("too large a body and too many headers are refused on their stream")
    func limits() async throws {
        let server = try await TestServer {
            $0.bodyBytes = 100_000
            $0.headerBytes = 8_000
        }
        let client = try await HTTP2Client(server)
        let body = [UInt8](repeating: 1, count: 100_001)
        let refused = try await client.answer(.POST, "/count", body: body)
        #expect(refused.head.status.code == 413)
        let next = try await client.answer(.GET, "/hello")
        #expect(next.body == "hello")
    }

    @Test("before it goes the server says goodbye and lets requests end")
    func goodbye() async throws {
        let server = try await TestServer()
        let client = try await HTTP2Client(server)
        let (_, answer) = try await client.open(.GET, "/stream")
        try await answer.wait { parts, _ in parts.contains(where: \.isBody) }
        server.sayGoodbye()
        try await client.frames.wait { frames, isClosed in
            isClosed || frames.contains { if case .goAway = $0.payload { true } else { false } }
        }
        #expect(client.hasGoneAway)
        server.receiver.streams[0].endStream()
        try await client.frames.waitForClose()
        let isWhole = answer.parts.contains(where: \.isEnd)
        #expect(isWhole)
    }

    @Test("a client without HTTP/2 gets HTTP/1.1", arguments: [["http/1.1"], []])
    func version1(versions: [String]) async throws {
        let server = try await TestServer()
        let answer = Collector<HTTPClientResponsePart>()
        let channel = try await server.connect(versions: versions) { channel in
            try channel.pipeline.syncOperations.addHTTPClientHandlers()
            try channel.pipeline.syncOperations.addHandler(answer)
        }
        channel.write(
            HTTPClientRequestPart.head(
                HTTPRequestHead(version: .http1_1, method: .GET, uri: "/hello")), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        try await answer.wait { parts, isClosed in isClosed || parts.contains(where: \.isEnd) }
        let hasBody = answer.parts.contains(where: \.isBody)
        #expect(hasBody)
    }
}
