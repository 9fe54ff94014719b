import NIOCore
import Shell
import Testing

/// One event for many clients, each of whom gets it as if it were the only one.
@Suite("Pieces for many watches")
struct WatchPiecesTests {
    private typealias Watch = (channel: any Channel, answer: Collector<ByteBuffer>)

    /// A connection whose answer has begun.
    private static func begin(_ server: TestServer) async throws -> Watch {
        let answer = Collector<ByteBuffer>()
        let channel = try await server.connect(versions: []) { channel in
            try channel.pipeline.syncOperations.addHandler(answer)
        }
        send("/stream", on: channel)
        try await answer.wait { parts, _ in Self.text(parts).hasSuffix("first\r\n") }
        return (channel, answer)
    }

    private static func send(_ path: String, on channel: any Channel) {
        let request = "GET \(path) HTTP/1.1\r\nhost: a\r\n\r\n"
        channel.writeAndFlush(channel.allocator.buffer(string: request), promise: nil)
    }

    private static func text(_ parts: [ByteBuffer]) -> String {
        parts.map { String(buffer: $0) }.joined()
    }

    @Test("every watch gets them whole, in order and framed, and its connection goes on")
    func frames() async throws {
        let server = try await TestServer()
        var watches: [Watch] = []
        for _ in 0..<5 { watches.append(try await Self.begin(server)) }
        let exchanges = server.receiver.streams
        var pieces = WatchPieces()
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 300)
        pieces.add(Array("second".utf8), for: exchanges)
        pieces.add([], for: exchanges)
        pieces.add(long, for: [exchanges[2]])
        pieces.send()
        pieces.add(Array("third".utf8), for: exchanges)
        pieces.send()
        for exchange in exchanges { exchange.endStream() }
        for (number, watch) in watches.enumerated() {
            try await watch.answer.wait { parts, _ in Self.text(parts).hasSuffix("0\r\n\r\n") }
            let body = Self.text(watch.answer.parts).split(separator: "\r\n\r\n", maxSplits: 1)
            let extra =
                number == 2 ? "12c\r\n" + String(decoding: long, as: UTF8.self) + "\r\n" : ""
            #expect(
                body.last.map(String.init)
                    == "5\r\nfirst\r\n6\r\nsecond\r\n\(extra)5\r\nthird\r\n0\r\n\r\n")
            Self.send("/hello", on: watch.channel)
            try await watch.answer.wait { parts, _ in Self.text(parts).hasSuffix("hello") }
        }
    }
}
