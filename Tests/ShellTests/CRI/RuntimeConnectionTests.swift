import Base
import Kubelet
import NIOCore
import NIOPosix
import Shell
import Testing

/// The connection to the container runtime.
@Suite struct RuntimeConnectionTests {
    /// A VersionResponse of CRI.
    private let version: [UInt8] = [18, 4] + Array("fake".utf8) + [26, 1, UInt8(ascii: "1")]

    @Test func `a runtime that pings with each request keeps its connection`() async throws {
        let folder = try TestFolder()
        let runtime = try await FakeRuntime(
            at: "\(folder.path)/cri.sock", message: version, manner: .pinging)
        let client = try RuntimeClient(endpoint: runtime.path)
        let connection = Task { try await client.run() }
        defer { connection.cancel() }
        var answers: [String?] = []
        // The first ones may come before the connection is there.
        repeat { answers = [await client.version()] } while answers == [nil]
        for _ in 0..<1_000 { answers.append(await client.version()) }
        #expect(answers.allSatisfy { $0 == "fake://1" })
        #expect(runtime.connections == 1)
        try await runtime.close()
    }

    @Test func `a request that the runtime never answers ends when its time is over`()
        async throws
    {
        let folder = try TestFolder()
        let runtime = try await FakeRuntime(
            at: "\(folder.path)/cri.sock", message: version, manner: .silent)
        let client = try RuntimeClient(endpoint: runtime.path)
        let connection = Task { try await client.run() }
        defer { connection.cancel() }
        var code: RuntimeError.Code?
        repeat {
            let answer = await client.perform(
                .execSync(id: "c", command: ["true"], timeout: .milliseconds(100)))
            if case .failure(let error) = answer { code = error.code }
        } while code == .unavailable
        #expect(code == .deadline)
        try await runtime.close()
    }

    @Test func `a probe of a server that says nothing ends at its time, in Kubernetes' words`()
        async throws
    {
        let server = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = UInt16(server.localAddress?.port ?? 0)
        let client = try RuntimeClient(endpoint: "/no/runtime.sock")
        func probe() async -> RuntimeError? {
            let action = HTTPAction(
                scheme: "http", host: "127.0.0.1", port: port, path: "/", headers: [],
                timeout: .milliseconds(200))
            guard case .failure(let error) = await client.perform(.httpGet(action)) else {
                return nil
            }
            return error
        }
        let url = "Get \"http://127.0.0.1:\(port)/\": "
        #expect(
            await probe()
                == RuntimeError(
                    .deadline,
                    url + "context deadline exceeded (Client.Timeout exceeded while awaiting "
                        + "headers)"))
        try await server.close()
        #expect(
            await probe()
                == RuntimeError(
                    .connectionFailed,
                    url + "dial tcp 127.0.0.1:\(port): connect: connection refused"))
    }

    @Test func `pings are taken out of a stream wherever it is cut`() {
        let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
        let acknowledged: [UInt8] = [0, 0, 8, 6, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
        let short: [UInt8] = [0, 0, 4, 6, 0, 0, 0, 0, 0, 9, 9, 9, 9]
        // Its payload looks like a ping.
        let data: [UInt8] = [0, 0, 17, 0, 0, 0, 0, 0, 1] + ping
        let stream = ping + data + ping + acknowledged + short + data + ping
        for cut in 0...stream.count {
            var sieve = PingSieve()
            var passed: [UInt8] = []
            var pings: [[UInt8]] = []
            for part in [stream[..<cut], stream[cut...]] {
                let sifted = sieve.sift(ByteBuffer(bytes: part))
                for piece in sifted.passed { passed += piece.readableBytesView }
                pings += sifted.pings.map { Array($0.readableBytesView) }
            }
            #expect(passed == data + acknowledged + short + data)
            #expect(pings == Array(repeating: [1, 2, 3, 4, 5, 6, 7, 8], count: 3))
        }
        let answer = PingSieve.answer(to: ByteBuffer(bytes: [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(Array(answer.readableBytesView) == acknowledged)
    }
}
