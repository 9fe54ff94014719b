import Bench
import Daemon
import NIOCore
import Store
import Testing

@Suite struct LoadTests {
    // MARK: etcd

    @Test func `a Put is these bytes`() {
        // gRPC: not compressed, 9 bytes; field 1 "key", field 2 "ab".
        #expect(
            EtcdMessages.put(key: Array("key".utf8), value: Array("ab".utf8)) == [
                0, 0, 0, 0, 9, 0x0A, 3, 0x6B, 0x65, 0x79, 0x12, 2, 0x61, 0x62,
            ])
    }

    @Test func `the length of a value of 512 bytes takes two bytes`() {
        let message = EtcdMessages.put(
            key: Array("k".utf8), value: [UInt8](repeating: 1, count: 512))
        #expect(Array(message[..<11]) == [0, 0, 0, 2, 6, 0x0A, 1, 0x6B, 0x12, 0x80, 0x04])
        #expect(message.count == 5 + 3 + 3 + 512)
    }

    @Test func `a Range is these bytes, and linearizable`() {
        #expect(
            EtcdMessages.range(key: Array("key".utf8))
                == [0, 0, 0, 0, 5, 0x0A, 3, 0x6B, 0x65, 0x79])
    }

    @Test func `a connection begins with the preface, the settings and a window`() throws {
        var load = EtcdLoad(.write, authority: "a", connection: 0)
        var output = ByteBuffer()
        load.greet(into: &output)
        let preface = output.readString(length: 24)
        #expect(preface == "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        let settings = try next(&output)
        #expect(settings.kind == .settings)
        #expect(Array(settings.payload.readableBytesView) == [0, 4, 0x40, 0, 0, 0])
        let update = try next(&output)
        #expect(update.kind == .windowUpdate)
        #expect(output.readableBytes == 0)
    }

    @Test func `the first call spells its headers out, the second refers to them`() throws {
        var load = EtcdLoad(.read, authority: "a:1", connection: 0)
        var output = ByteBuffer()
        load.ask(client: 0, into: &output)
        load.ask(client: 1, into: &output)
        let first = try next(&output)
        #expect(first.kind == .headers)
        #expect(first.stream == 1)
        let path = Array(EtcdMessages.rangePath.utf8)
        #expect(
            Array(first.payload.readableBytesView)
                == [0x83, 0x86, 0x44, UInt8(path.count)] + path + [0x41, 3] + Array("a:1".utf8)
                + [0x5F, 16] + Array("application/grpc".utf8) + [0x40, 2] + Array("te".utf8)
                + [8] + Array("trailers".utf8))
        let data = try next(&output)
        #expect(data.kind == .data)
        #expect(data.flags == HTTP2Frame.endStream)
        let second = try next(&output)
        #expect(second.stream == 3)
        #expect(
            Array(second.payload.readableBytesView) == [0x83, 0x86, 0xC1, 0xC0, 0xBF, 0xBE])
    }

    @Test func `an answer needs a message before its trailers`() throws {
        var load = EtcdLoad(.write, authority: "a", connection: 0)
        var output = ByteBuffer()
        load.ask(client: 0, into: &output)
        load.ask(client: 1, into: &output)
        var input = ByteBuffer()
        func frame(_ kind: HTTP2Frame.Kind, _ flags: UInt8, _ stream: UInt32, _ bytes: [UInt8]) {
            HTTP2Frame.write(kind, flags: flags, stream: stream, length: bytes.count, into: &input)
            input.writeBytes(bytes)
        }
        frame(.headers, HTTP2Frame.endHeaders, 1, [0x88])
        frame(.data, 0, 1, [0, 0, 0, 0, 0])
        frame(.headers, HTTP2Frame.endHeaders | HTTP2Frame.endStream, 1, [0xBF])
        frame(.headers, HTTP2Frame.endHeaders | HTTP2Frame.endStream, 3, [0xBF])
        output.clear()
        frame(.ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8])
        var answers: [LoadAnswer] = []
        try load.take(&input, answers: &answers, into: &output)
        #expect(
            answers == [
                LoadAnswer(client: 0, isGood: true), LoadAnswer(client: 1, isGood: false),
            ])
        let pong = try next(&output)
        #expect(pong.kind == .ping)
        #expect(pong.flags == HTTP2Frame.acknowledgement)
    }

    @Test func `questions wait until etcd takes more bytes`() throws {
        var load = EtcdLoad(.write, authority: "a", connection: 0)
        var output = ByteBuffer()
        for client in 0..<200 { load.ask(client: client, into: &output) }
        var sent = 0
        while let frame = HTTP2Frame(&output) {
            if frame.kind == .data { sent += frame.payload.readableBytes }
        }
        #expect(sent <= 65_535)
        var input = ByteBuffer()
        HTTP2Frame.write(.windowUpdate, stream: 0, length: 4, into: &input)
        input.writeInteger(UInt32(65_535))
        var answers: [LoadAnswer] = []
        try load.take(&input, answers: &answers, into: &output)
        var resumed = 0
        while HTTP2Frame(&output) != nil { resumed += 1 }
        #expect(resumed > 0)
    }

    @Test func `a frame that is not all there stays in the buffer`() {
        var input = ByteBuffer(bytes: [0, 0, 2, 0, 0, 0, 0, 0, 1, 9])
        let early = HTTP2Frame(&input)
        #expect(early?.stream == nil)
        #expect(input.readableBytes == 10)
        input.writeInteger(UInt8(8))
        let whole = HTTP2Frame(&input)
        #expect(whole?.payload.readableBytes == 2)
        #expect(input.readableBytes == 0)
    }

    /// The next frame, which must be there.
    private func next(_ buffer: inout ByteBuffer) throws -> HTTP2Frame {
        let frame = HTTP2Frame(&buffer)
        return try #require(frame)
    }

    // MARK: podmesh

    @Test func `a call of the load is one that the daemon reads`() throws {
        var load = StoreLoad(.write, connection: 0)
        var output = ByteBuffer()
        load.ask(client: 3, into: &output)
        let length = output.readInteger(as: UInt32.self) ?? 0
        let frame = output.readBytes(length: Int(length)) ?? []
        let (call, number) = try StoreCallCodec.decodeCall(frame)
        #expect(number == 3)
        guard case .transact(let body) = call else {
            Issue.record("\(call)")
            return
        }
        #expect(body.count > LoadContent.valueBytes)
    }

    @Test func `only the answer that was asked for is good`() throws {
        let value = [UInt8](repeating: 1, count: LoadContent.valueBytes)
        let answers: [(StoreAnswer, forWrite: Bool, forRead: Bool)] = [
            (.committed(Revision(1)), true, false),
            (.document(value, modRevision: Revision(1)), false, true),
            (.document([1], modRevision: Revision(1)), false, false),
            (.absent(Revision(1)), false, false), (.refused(.overloaded), false, false),
        ]
        for (answer, forWrite, forRead) in answers {
            let both: [(LoadSettings.Operation, Bool)] = [(.write, forWrite), (.read, forRead)]
            for (operation, isGood) in both {
                var load = StoreLoad(operation, connection: 0)
                let frame = StoreCallCodec.encode(answer, number: 9)
                var input = ByteBuffer()
                input.writeInteger(UInt32(frame.count))
                input.writeBytes(frame)
                var output = ByteBuffer()
                var found: [LoadAnswer] = []
                try load.take(&input, answers: &found, into: &output)
                #expect(found == [LoadAnswer(client: 9, isGood: isGood)])
            }
        }
    }

    // MARK: Kubernetes

    @Test func `an answer of the API ends with its body`() throws {
        var settings = LoadSettings(
            server: .kubernetes, operation: .write, host: "h", port: 1)
        settings.run = "r"
        var load = KubernetesLoad(settings, connection: 1)
        var input = ByteBuffer(string: "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhel")
        var output = ByteBuffer()
        var answers: [LoadAnswer] = []
        try load.take(&input, answers: &answers, into: &output)
        #expect(answers.isEmpty)
        input.writeString("lo")
        try load.take(&input, answers: &answers, into: &output)
        #expect(answers == [LoadAnswer(client: 0, isGood: true)])
        #expect(input.readableBytes == 0)
        input.writeString("HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n")
        answers = []
        try load.take(&input, answers: &answers, into: &output)
        #expect(answers == [LoadAnswer(client: 0, isGood: false)])
    }

    @Test func `every ConfigMap of a connection has another name`() {
        var settings = LoadSettings(
            server: .kubernetes, operation: .write, host: "h", port: 1)
        settings.run = "r"
        var load = KubernetesLoad(settings, connection: 4)
        var output = ByteBuffer()
        load.ask(client: 0, into: &output)
        load.ask(client: 0, into: &output)
        let text = output.readString(length: output.readableBytes) ?? ""
        #expect(text.contains(#""name":"bench-r-4-0""#))
        #expect(text.contains(#""name":"bench-r-4-1""#))
    }
}
