package import NIOCore

/// One frame of HTTP/2: a length of three bytes, a kind, flags, and the number of its stream
/// (RFC 9113 §4.1).
package struct HTTP2Frame {
    package enum Kind: UInt8 {
        case data = 0
        case headers = 1
        case priority = 2
        case resetStream = 3
        case settings = 4
        case pushPromise = 5
        case ping = 6
        case goAway = 7
        case windowUpdate = 8
        case continuation = 9
    }

    static let headBytes = 9
    package static let endStream: UInt8 = 0x1
    package static let endHeaders: UInt8 = 0x4
    /// Of SETTINGS and PING.
    package static let acknowledgement: UInt8 = 0x1

    /// Nil for a kind that is not known, which is passed over (RFC 9113 §5.5).
    package var kind: Kind?
    package var flags: UInt8
    package var stream: UInt32
    package var payload: ByteBuffer

    /// Takes the next frame off the buffer; nil when it is not all there.
    package init?(_ input: inout ByteBuffer) {
        let start = input.readerIndex
        guard let high = input.getInteger(at: start, as: UInt8.self),
            let low = input.getInteger(at: start + 1, as: UInt16.self),
            let kind = input.getInteger(at: start + 3, as: UInt8.self),
            let flags = input.getInteger(at: start + 4, as: UInt8.self),
            let stream = input.getInteger(at: start + 5, as: UInt32.self)
        else { return nil }
        let length = Int(high) << 16 | Int(low)
        guard let payload = input.getSlice(at: start + Self.headBytes, length: length) else {
            return nil
        }
        input.moveReaderIndex(forwardBy: Self.headBytes + length)
        self.kind = Kind(rawValue: kind)
        self.flags = flags
        self.stream = stream & 0x7FFF_FFFF
        self.payload = payload
    }

    /// Writes the head of a frame.
    package static func write(
        _ kind: Kind, flags: UInt8 = 0, stream: UInt32, length: Int, into output: inout ByteBuffer
    ) {
        output.writeInteger(UInt8(truncatingIfNeeded: length >> 16))
        output.writeInteger(UInt16(truncatingIfNeeded: length))
        output.writeInteger(kind.rawValue)
        output.writeInteger(flags)
        output.writeInteger(stream)
    }
}
