import Shell
import Testing

@Suite struct SPDYFrameTests {
    @Test func `a stream opens with its headers in stored blocks`() {
        var encoder = SPDYEncoder()
        let frame = SPDYFrame.synStream(stream: 1, headers: [("streamtype", "stdin")])
        let block: [UInt8] =
            [0, 0, 0, 1, 0, 0, 0, 10] + "streamtype".utf8 + [0, 0, 0, 5] + "stdin".utf8
        let stored: [UInt8] = [0, 27, 0, 228, 255] + block + [0, 0, 0, 255, 255]
        let first = encoder.encode(frame)
        let head: [UInt8] = [0x80, 3, 0, 1, 0, 0, 0]
        let streams: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        #expect(first == head + [49] + streams + [0x78, 1] + stored)
        // The stream of compressed headers goes on: its own header comes once.
        let second = encoder.encode(frame)
        #expect(second == head + [47] + streams + stored)
    }

    @Test func `data comes back in any pieces`() throws {
        var encoder = SPDYEncoder()
        let frames: [SPDYFrame] = [
            .data(stream: 3, bytes: [1, 2, 3], isLast: false), .ping(id: 2),
            .data(stream: 0x7FFF_FFFF, bytes: [], isLast: true),
        ]
        let bytes = frames.flatMap { encoder.encode($0) }
        for size in 1...bytes.count {
            var decoder = SPDYDecoder()
            var decoded: [SPDYFrame] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                decoder.feed(bytes[start..<min(start + size, bytes.count)])
                while let frame = try decoder.next() { decoded.append(frame) }
            }
            #expect(decoded == frames)
        }
    }

    @Test func `replies, resets and goodbyes are told apart`() throws {
        var decoder = SPDYDecoder()
        decoder.feed([0x80, 3, 0, 2, 1, 0, 0, 6, 0, 0, 0, 5, 9, 9])
        decoder.feed([0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 1])
        decoder.feed([0x80, 3, 0, 7, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 0])
        decoder.feed([0x80, 3, 0, 4, 0, 0, 0, 0])
        #expect(try decoder.next() == .synReply(stream: 5, isLast: true))
        #expect(try decoder.next() == .rstStream(stream: 5, status: 1))
        #expect(try decoder.next() == .goAway)
        #expect(try decoder.next() == .other(type: 4))
        #expect(try decoder.next() == nil)
    }

    @Test(arguments: [
        // Another version, a frame beyond the limit, a reset without its status.
        [0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0xFF, 0xFF, 0xFF],
        [0x80, 3, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1],
    ] as [[UInt8]])
    func `what is no frame is refused`(_ bytes: [UInt8]) {
        var decoder = SPDYDecoder()
        decoder.feed(bytes)
        #expect(throws: SPDYDecoder.Malformed.self) { try decoder.next() }
    }

    @Test func `a streaming URL has a host, a port and a path`() throws {
        let url = try #require(StreamingURL("http://127.0.0.1:40123/exec/abc"))
        #expect(url.host == "127.0.0.1" && url.port == 40_123 && url.path == "/exec/abc")
        #expect(StreamingURL("http://[::]:1/x")?.host == "127.0.0.1")
        #expect(StreamingURL("http://[::1]:1/x")?.host == "::1")
        for bad in ["https://a:1/x", "http://a/x", "http://a:99999/x", "http://a:1", ""] {
            #expect(StreamingURL(bad) == nil)
        }
    }
}
