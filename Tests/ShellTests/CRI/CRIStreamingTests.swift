import Base
import Kubelet
import Shell
import Testing

/// Sessions and logs of containers in a real containerd.
@Suite(.serialized) struct CRIStreamingTests {
    private struct Session {
        var outputs: [RemoteCommandChannel: [UInt8]] = [:]

        subscript(channel: RemoteCommandChannel) -> String {
            String(decoding: outputs[channel] ?? [], as: UTF8.self)
        }
    }

    private func session(
        _ client: RuntimeClient, _ command: RemoteCommand,
        _ type: @Sendable (RemoteCommandInput) async throws -> Void = { _ in },
        until isOver: (Session) -> Bool = { _ in false }
    ) async throws -> Session {
        try await client.remoteCommand(command) { output, input in
            try await type(input)
            var session = Session()
            while let (channel, bytes) = try await output.next() {
                session.outputs[channel, default: []] += bytes
                if isOver(session) { break }
            }
            return session
        }
    }

    @Test func `exec passes stdin to its end and tells the exit code`() async throws {
        let pod = try await TestPod("execer")
        let id = try await pod.run("exec sleep 1000")
        let command = RemoteCommand(
            .exec(containerID: id, command: ["sh", "-c", "cat; echo done >&2; exit 7"]),
            stdin: true, stdout: true, stderr: true, tty: false)
        let session = try await session(pod.client, command) { input in
            try await input.write(Array("hello ".utf8), to: .stdin)
            try await input.write(Array("world".utf8), to: .stdin)
            try await input.closeStdin()
        }
        #expect(session[.stdout] == "hello world")
        #expect(session[.stderr] == "done\n")
        #expect(session[.error].contains(#""reason":"NonZeroExitCode""#))
        #expect(session[.error].contains(#"{"reason":"ExitCode","message":"7"}"#))
        try await pod.remove()
    }

    @Test func `exec carries more than one frame both ways`() async throws {
        let pod = try await TestPod("bulk")
        let id = try await pod.run("exec sleep 1000")
        let command = RemoteCommand(
            .exec(containerID: id, command: ["cat"]), stdin: true, stdout: true, stderr: true,
            tty: false)
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let echoed = try await pod.client.remoteCommand(command) { output, input in
            async let typed: Void = {
                try await input.write(bytes, to: .stdin)
                try await input.closeStdin()
            }()
            var echoed: [UInt8] = []
            while let (channel, part) = try await output.next() {
                if channel == .stdout { echoed += part }
            }
            try await typed
            return echoed
        }
        #expect(echoed == bytes)
        try await pod.remove()
    }

    @Test func `a terminal takes its size`() async throws {
        let pod = try await TestPod("terminal")
        let id = try await pod.run("exec sleep 1000")
        let script = """
            until [ "$(stty size 2>/dev/null)" = "40 100" ]; do usleep 20000; done; echo sized
            """
        let command = RemoteCommand(
            .exec(containerID: id, command: ["sh", "-c", script]),
            stdin: true, stdout: true, stderr: false, tty: true)
        let session = try await session(pod.client, command) { input in
            try await input.resize(width: 100, height: 40)
        }
        #expect(session[.stdout] == "sized\r\n")
        #expect(session[.error].contains(#""status":"Success""#))
        try await pod.remove()
    }

    @Test func `attach reaches the first process`() async throws {
        let pod = try await TestPod("attacher")
        let id = try await pod.run("read name; echo hello $name; exec sleep 1000") {
            $0.stdin = true
        }
        let command = RemoteCommand(
            .attach(containerID: id), stdin: true, stdout: true, stderr: true, tty: false)
        let session = try await session(
            pod.client, command,
            { try await $0.write(Array("you\n".utf8), to: .stdin) },
            until: { $0[.stdout].hasSuffix("you\n") })
        #expect(session[.stdout] == "hello you\n")
        try await pod.remove()
    }

    /// What a client sends inside its tunnel: one connection's error and data streams.
    private static func forwardRequest(port: Int, _ data: String) -> [UInt8] {
        var encoder = SPDYEncoder()
        func headers(_ type: String) -> [(name: String, value: String)] {
            [("streamtype", type), ("port", String(port)), ("requestid", "0")]
        }
        let frames: [SPDYFrame] = [
            .synStream(stream: 1, headers: headers("error")),
            .data(stream: 1, bytes: [], isLast: true),
            .synStream(stream: 3, headers: headers("data")),
            .data(stream: 3, bytes: Array(data.utf8), isLast: false),
        ]
        return frames.flatMap { encoder.encode($0) }
    }

    @Test func `a forwarded port reaches a server in the Pod`() async throws {
        let pod = try await TestPod("forwarder")
        _ = try await pod.run(
            "mkdir /www; echo hello >/www/index.html; httpd -p 127.0.0.1:8080 -h /www; "
                + "echo up; exec sleep 1000")
        var options = LogOptions()
        options.follow = true
        options.limitBytes = 3
        #expect(try await read(pod, options) { true } == "up\n")
        let answer = try await pod.client.portForward(sandboxID: pod.sandboxID) {
            reader, writer in
            try await writer.write(
                Self.forwardRequest(port: 8_080, "GET /index.html HTTP/1.0\r\n\r\n"))
            var decoder = SPDYDecoder()
            var answer: [UInt8] = []
            while let bytes = try await reader.next() {
                decoder.feed(bytes)
                while let frame = try decoder.next() {
                    guard case .data(3, let part, let isLast) = frame else { continue }
                    answer += part
                    if isLast { return answer }
                }
            }
            return answer
        }
        let text = String(decoding: answer, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.0 200 OK") || text.hasPrefix("HTTP/1.1 200 OK"))
        #expect(text.hasSuffix("\r\n\r\nhello\n"))
        try await pod.remove()
    }

    @Test func `a session without its container is an error`() async throws {
        let machine = try await TestMachine.shared.value
        let command = RemoteCommand(
            .exec(containerID: "none", command: ["true"]), stdin: false, stdout: true,
            stderr: true, tty: false)
        await #expect(throws: StreamingError.self) {
            try await machine.client.remoteCommand(command) { _, _ in }
        }
    }

    @Test func `logs are followed to the end of the container`() async throws {
        let pod = try await TestPod("logger")
        let id = try await pod.run(
            "for i in 1 2 3 4 5; do echo line $i; usleep 20000; done; echo last >&2")
        var options = LogOptions()
        options.follow = true
        let client = pod.client
        let text = try await read(pod, options) { await client.isRunning(containerID: id) }
        #expect(text == "line 1\nline 2\nline 3\nline 4\nline 5\nlast\n")
        options.follow = false
        options.tailLines = 2
        #expect(try await read(pod, options) { true } == "line 5\nlast\n")
        options.timestamps = true
        options.tailLines = 1
        let stamped = try await read(pod, options) { true }
        let parts = stamped.split(separator: " ", maxSplits: 1)
        #expect(parts.last == "last\n")
        #expect(WallTime(rfc3339: String(parts[0])) != nil)
        try await pod.remove()
        await #expect(throws: RuntimeError.self) {
            try await ContainerLog(path: pod.logPath() + ".none", options: options).read(
                while: { true }, { _ in })
        }
    }

    private func read(
        _ pod: TestPod, _ options: LogOptions, while isRunning: @Sendable () async -> Bool
    ) async throws -> String {
        var bytes: [UInt8] = []
        try await ContainerLog(path: pod.logPath(), options: options).read(while: isRunning) {
            bytes += $0
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
