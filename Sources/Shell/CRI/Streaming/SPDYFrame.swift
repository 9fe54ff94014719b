/// The frames of SPDY/3.1 that a client of a container runtime's streaming server needs.
///
/// Header blocks that arrive are not looked into: the server's replies say nothing of use.
/// Windows are not kept, as no implementation of this server keeps them; the transport's own
/// back-pressure holds for all streams together.
package enum SPDYFrame: Equatable, Sendable {
    /// Opens a stream (type 1).
    case synStream(stream: UInt32, headers: [(name: String, value: String)])
    case data(stream: UInt32, bytes: [UInt8], isLast: Bool)
    /// The server accepts a stream (type 2).
    case synReply(stream: UInt32, isLast: Bool)
    /// A stream ends by an error (type 3).
    case rstStream(stream: UInt32, status: UInt32)
    /// To be sent back as it is (type 6).
    case ping(id: UInt32)
    /// The server takes no more streams, and closes the connection when these are done (type 7).
    case goAway
    /// Anything else; a client may ignore it.
    case other(type: UInt16)

    package static func == (left: SPDYFrame, right: SPDYFrame) -> Bool {
        switch (left, right) {
        case (.synStream(let a, let b), .synStream(let c, let d)):
            a == c && b.elementsEqual(d) { $0 == $1 }
        case (.data(let a, let b, let c), .data(let d, let e, let f)): a == d && b == e && c == f
        case (.synReply(let a, let b), .synReply(let c, let d)): a == c && b == d
        case (.rstStream(let a, let b), .rstStream(let c, let d)): a == c && b == d
        case (.ping(let a), .ping(let b)): a == b
        case (.goAway, .goAway): true
        case (.other(let a), .other(let b)): a == b
        default: false
        }
    }
}

/// Turns frames into bytes. One for a connection: its first header block starts the stream of
/// compressed headers.
package struct SPDYEncoder {
    private var hasBegunHeaders = false

    package init() {}

    package mutating func encode(_ frame: SPDYFrame) -> [UInt8] {
        switch frame {
        case .synStream(let stream, let headers):
            let block = headerBlock(headers)
            return Self.control(
                type: 1, Self.bytes(stream) + Self.bytes(0) + [0, 0] + block)
        case .data(let stream, let bytes, let isLast):
            return Self.bytes(stream & 0x7FFF_FFFF) + [isLast ? 1 : 0]
                + Self.bytes(UInt32(bytes.count)).dropFirst() + bytes
        case .ping(let id):
            return Self.control(type: 6, Self.bytes(id))
        case .synReply, .rstStream, .goAway, .other:
            preconditionFailure("a client does not send \(frame)")
        }
    }

    /// The pairs as SPDY writes them, in the zlib form that needs no compressor: one stored
    /// block, and the empty one by which the reader knows that it has all. The preset dictionary
    /// of SPDY is optional for whoever writes.
    private mutating func headerBlock(_ headers: [(name: String, value: String)]) -> [UInt8] {
        var plain = Self.bytes(UInt32(headers.count))
        for (name, value) in headers {
            plain += Self.bytes(UInt32(name.utf8.count)) + name.utf8
            plain += Self.bytes(UInt32(value.utf8.count)) + value.utf8
        }
        precondition(plain.count <= UInt16.max, "our own headers are short")
        let size = UInt16(plain.count)
        let start: [UInt8] = hasBegunHeaders ? [] : [0x78, 0x01]
        hasBegunHeaders = true
        return start + [0] + Self.littleEndian(size) + Self.littleEndian(~size) + plain
            + [0, 0, 0, 0xFF, 0xFF]
    }

    private static func control(type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        [0x80, 0x03, UInt8(type >> 8), UInt8(type & 0xFF), 0]
            + bytes(UInt32(payload.count)).dropFirst() + payload
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func littleEndian(_ value: UInt16) -> [UInt8] {
        [UInt8(value & 0xFF), UInt8(value >> 8)]
    }
}

/// Turns bytes into frames.
package struct SPDYDecoder {
    package struct Malformed: Error {}

    /// A frame's length has 24 bits; what these servers send is far smaller.
    private static let frameBytesMax = 1 << 20

    private var buffer: [UInt8] = []
    private var start = 0

    package init() {}

    package mutating func feed(_ bytes: some Sequence<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Nil when the next frame is not complete yet.
    package mutating func next() throws(Malformed) -> SPDYFrame? {
        guard let word = number(at: 0), let flagsAndLength = number(at: 4) else { return nil }
        let flags = UInt8(flagsAndLength >> 24)
        let length = Int(flagsAndLength & 0xFF_FFFF)
        guard length <= Self.frameBytesMax else { throw Malformed() }
        guard buffer.count - start >= 8 + length else { return nil }
        defer { start += 8 + length }
        if word & 0x8000_0000 == 0 {
            let bytes = Array(buffer[(start + 8)..<(start + 8 + length)])
            return .data(stream: word, bytes: bytes, isLast: flags & 1 != 0)
        }
        guard (word >> 16) & 0x7FFF == 3 else { throw Malformed() }
        let first = length >= 4 ? number(at: 8) : nil
        let second = length >= 8 ? number(at: 12) : nil
        switch (UInt16(word & 0xFFFF), first, second) {
        case (2, let stream?, _): return .synReply(stream: stream, isLast: flags & 1 != 0)
        case (3, let stream?, let status?): return .rstStream(stream: stream, status: status)
        case (6, let id?, _): return .ping(id: id)
        case (7, _, _): return .goAway
        case (2, _, _), (3, _, _), (6, _, _): throw Malformed()
        case (let type, _, _): return .other(type: type)
        }
    }

    private func number(at offset: Int) -> UInt32? {
        guard buffer.count - start >= offset + 4 else { return nil }
        return buffer[(start + offset)..<(start + offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
