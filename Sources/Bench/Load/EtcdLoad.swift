package import NIOCore

/// etcd's side of a load: gRPC calls as streams of one HTTP/2 connection (RFC 9113), as etcd's own
/// clients make them. It is written out here, down to the headers' bytes, because a complete gRPC
/// client would cost the two processors more than etcd does, and etcd would look slow for it.
package struct EtcdLoad: LoadProtocol {
    private let operation: LoadSettings.Operation
    private let authority: String
    private var content: LoadContent
    private var nextStream: UInt32 = 1
    private var clients: [UInt32: Int] = [:]
    /// Streams whose answer has come, and its end not.
    private var answered: Set<UInt32> = []
    /// Whether the server's table of headers holds ours.
    private var isIndexed = false
    /// Bytes that the server takes before it allows more (RFC 9113 §5.2).
    private var sendWindow = 65_535
    private var waiting: [Int] = []
    private var received = 0

    /// What the server may send before the next update; far more than is ever under way.
    private static let window = 1 << 30

    package init(_ operation: LoadSettings.Operation, authority: String, connection: Int) {
        self.operation = operation
        self.authority = authority
        content = LoadContent(connection: connection)
    }

    package mutating func greet(into output: inout ByteBuffer) {
        output.writeString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        // SETTINGS_INITIAL_WINDOW_SIZE (4); the connection's own window grows by an update.
        HTTP2Frame.write(.settings, stream: 0, length: 6, into: &output)
        output.writeInteger(UInt16(4))
        output.writeInteger(UInt32(Self.window))
        allowMore(UInt32(Self.window - 65_535), into: &output)
    }

    package mutating func ask(client: Int, into output: inout ByteBuffer) {
        let key = Array(content.nextKey().utf8)
        let message =
            operation == .write
            ? EtcdMessages.put(key: key, value: LoadContent.value) : EtcdMessages.range(key: key)
        guard sendWindow >= message.count else {
            waiting.append(client)
            return
        }
        sendWindow -= message.count
        let stream = nextStream
        nextStream += 2
        clients[stream] = client
        let headers = isIndexed ? Self.indexedHeaders : literalHeaders
        isIndexed = true
        HTTP2Frame.write(
            .headers, flags: HTTP2Frame.endHeaders, stream: stream, length: headers.count,
            into: &output)
        output.writeBytes(headers)
        HTTP2Frame.write(
            .data, flags: HTTP2Frame.endStream, stream: stream, length: message.count,
            into: &output)
        output.writeBytes(message)
    }

    package mutating func take(
        _ input: inout ByteBuffer, answers: inout [LoadAnswer], into output: inout ByteBuffer
    ) throws(BenchError) {
        while let frame = HTTP2Frame(&input) {
            switch frame.kind {
            case .data:
                received += frame.payload.readableBytes
                if isWhole(frame.payload) { answered.insert(frame.stream) }
                if frame.flags & HTTP2Frame.endStream != 0 { end(frame.stream, &answers) }
            case .headers:
                if frame.flags & HTTP2Frame.endStream != 0 { end(frame.stream, &answers) }
            case .resetStream:
                answered.remove(frame.stream)
                end(frame.stream, &answers)
            case .settings where frame.flags & HTTP2Frame.acknowledgement == 0:
                HTTP2Frame.write(
                    .settings, flags: HTTP2Frame.acknowledgement, stream: 0, length: 0,
                    into: &output)
            case .ping where frame.flags & HTTP2Frame.acknowledgement == 0:
                HTTP2Frame.write(
                    .ping, flags: HTTP2Frame.acknowledgement, stream: 0,
                    length: frame.payload.readableBytes, into: &output)
                output.writeImmutableBuffer(frame.payload)
            case .windowUpdate where frame.stream == 0:
                let start = frame.payload.readerIndex
                sendWindow += Int(frame.payload.getInteger(at: start, as: UInt32.self) ?? 0)
                askWaiting(into: &output)
            case .goAway: throw BenchError("etcd ends the connection")
            default: break
            }
        }
        if received > Self.window / 2 {
            allowMore(UInt32(received), into: &output)
            received = 0
        }
    }

    /// A read must bring the value; a write is answered with a few numbers.
    private func isWhole(_ payload: ByteBuffer) -> Bool {
        payload.readableBytes > (operation == .read ? LoadContent.valueBytes : 0)
    }

    /// Without an answer before its end a call has failed: its status is in the trailers.
    private mutating func end(_ stream: UInt32, _ answers: inout [LoadAnswer]) {
        guard let client = clients.removeValue(forKey: stream) else { return }
        answers.append(LoadAnswer(client: client, isGood: answered.remove(stream) != nil))
    }

    private mutating func askWaiting(into output: inout ByteBuffer) {
        let clients = waiting
        waiting = []
        for client in clients { ask(client: client, into: &output) }
    }

    private func allowMore(_ bytes: UInt32, into output: inout ByteBuffer) {
        HTTP2Frame.write(.windowUpdate, stream: 0, length: 4, into: &output)
        output.writeInteger(bytes)
    }

    // MARK: Headers

    /// The first call's: fields that the server is asked to remember (RFC 7541 §6.2.1), with the
    /// names out of the static table: 4 `:path`, 1 `:authority`, 31 `content-type`.
    private var literalHeaders: [UInt8] {
        let path = operation == .write ? EtcdMessages.putPath : EtcdMessages.rangePath
        return [0x83, 0x86, 0x44] + Self.text(path) + [0x41] + Self.text(authority)
            + [0x5F] + Self.text("application/grpc") + [0x40] + Self.text("te")
            + Self.text("trailers")
    }

    /// Every later call's: `POST`, `http`, and the four remembered ones; the newest has number 62.
    private static let indexedHeaders: [UInt8] = [0x83, 0x86, 0xC1, 0xC0, 0xBF, 0xBE]

    /// A text without Huffman coding; all of them are shorter than 127 bytes.
    private static func text(_ text: String) -> [UInt8] {
        [UInt8(truncatingIfNeeded: text.utf8.count)] + Array(text.utf8)
    }
}
