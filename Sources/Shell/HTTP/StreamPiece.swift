import NIOCore

/// A piece of streamed answers, made once for all connections that send it.
struct StreamPiece: Sendable {
    /// With its frame, as HTTP/1.1 sends it (RFC 9112 §7.1).
    let chunk: ByteBuffer
    /// The bytes alone.
    let body: ByteBuffer

    var count: Int { body.readableBytes }

    init(_ bytes: [UInt8]) {
        let head = String(bytes.count, radix: 16) + "\r\n"
        var chunk = ByteBuffer()
        chunk.reserveCapacity(head.utf8.count + bytes.count + 2)
        chunk.writeString(head)
        chunk.writeBytes(bytes)
        chunk.writeStaticString("\r\n")
        self.chunk = chunk
        body = chunk.getSlice(at: head.utf8.count, length: bytes.count) ?? ByteBuffer()
    }
}
