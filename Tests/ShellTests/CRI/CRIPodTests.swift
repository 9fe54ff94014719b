import Base
import Kubelet
import NIOConcurrencyHelpers
import Shell
import Testing

/// Pods in a real containerd.
@Suite(.serialized) struct CRIPodTests {
    @Test func `a Pod starts with an address and leaves nothing`() async throws {
        let pod = try await TestPod("starter")
        #expect(pod.addresses.count == 1)
        #expect(pod.addresses.first?.hasPrefix("10.244.1.") == true)
        let id = try await pod.run("exec sleep 1000")
        let running = try #require(try await pod.state(of: id))
        #expect(running.phase == .running)
        #expect(running.startedAt != nil)
        #expect(running.sandboxID == pod.sandboxID)
        #expect(running.name == "main")
        let before = try await listed(pod)
        #expect(before.sandboxes.contains { $0.id == pod.sandboxID && $0.isReady })
        #expect(before.containers.contains(running))
        try await pod.remove()
        let after = try await listed(pod)
        #expect(!after.sandboxes.contains { $0.id == pod.sandboxID })
        #expect(!after.containers.contains { $0.id == id })
        #expect(try await pod.state(of: id) == nil)
        try await pod.remove()
    }

    @Test func `an exit is told at once with its code`() async throws {
        let pod = try await TestPod("exiter")
        let client = pod.client
        let (notices, told) = AsyncStream.makeStream(of: RuntimeNotice.self)
        let watch = Task { try await client.watchNotices { told.yield($0) } }
        defer { watch.cancel() }
        // Nobody tells when the subscription has begun, so containers end until one is noticed.
        let isTold = NIOLockedValueBox(false)
        let ends = Task {
            for attempt in 0..<50 where !isTold.withLockedValue({ $0 }) {
                _ = try await pod.run("exit 33", name: "c\(attempt)")
            }
        }
        let notice = try #require(await notices.first { $0.kind == .exited(code: 33) })
        isTold.withLockedValue { $0 = true }
        let id = notice.id
        let state = try #require(try await pod.state(of: id))
        #expect(state.phase == .exited)
        #expect(state.exitCode == 33)
        #expect(state.reason == "Error")
        #expect(state.finishedAt != nil)
        try await ends.value
        try await pod.remove()
    }

    @Test func `stopping gives grace and then kills`() async throws {
        let pod = try await TestPod("stopper")
        let polite = try await pod.run(
            "trap 'exit 42' TERM; while :; do sleep 0.05; done", name: "polite")
        let deaf = try await pod.run(
            "trap '' TERM; while :; do sleep 0.05; done", name: "deaf")
        let start = ContinuousClock.now
        _ = try await pod.client.perform(.stopContainer(id: polite, gracePeriodSeconds: 10)).get()
        #expect(ContinuousClock.now - start < .seconds(5))
        let politeState = try await pod.state(of: polite)
        #expect(politeState?.exitCode == 42)
        _ = try await pod.client.perform(.stopContainer(id: deaf, gracePeriodSeconds: 1)).get()
        #expect(ContinuousClock.now - start >= .seconds(1))
        let deafState = try await pod.state(of: deaf)
        #expect(deafState?.exitCode == 137)
        let again = await pod.client.perform(.stopContainer(id: deaf, gracePeriodSeconds: 1))
        #expect(again == .success(.done))
        try await pod.remove()
    }

    @Test func `execSync answers with output and code`() async throws {
        let pod = try await TestPod("execsync")
        let id = try await pod.run("exec sleep 1000")
        let answer = await pod.client.perform(
            .execSync(
                id: id, command: ["sh", "-c", "hostname; exit 4"], timeout: .seconds(5)))
        #expect(answer == .success(.execution(exitCode: 4, output: Array("execsync\n".utf8))))
        let late = await pod.client.perform(
            .execSync(id: id, command: ["sleep", "10"], timeout: .seconds(1)))
        guard case .failure(let error) = late else {
            Issue.record("\(late)")
            return
        }
        #expect(error.code == .deadline)
        try await pod.remove()
    }

    @Test func `what is missing is said in the runtime's words`() async throws {
        let pod = try await TestPod("missing")
        let client = pod.client
        #expect(await client.perform(.imageStatus(image: "no/such:1")) == .success(.image(nil)))
        let busybox = try await client.perform(.imageStatus(image: "busybox")).get()
        guard case .image(let image?) = busybox else {
            Issue.record("\(busybox)")
            return
        }
        #expect(image.id.hasPrefix("sha256:"))
        #expect(image.sizeBytes > 0)
        let status = await client.perform(.containerStatus(id: "none"))
        #expect(status == .success(.containerState(nil)))
        #expect(await client.perform(.stopSandbox(id: "none")) == .success(.done))
        let removed = await client.perform(.removeContainer(id: "none", logPath: nil))
        #expect(removed == .success(.done))
        let started = await client.perform(.startContainer(id: "none"))
        guard case .failure(let error) = started else {
            Issue.record("\(started)")
            return
        }
        #expect(error.code == .notFound)
        #expect(error.message.hasPrefix("rpc error: code = NotFound desc = "))
        let invalid = await client.perform(.pullImage(image: "Bad!!", credentials: []))
        guard case .failure(let reference) = invalid else {
            Issue.record("\(invalid)")
            return
        }
        #expect(reference.code == .imageNameInvalid)
        do {
            _ = try await pod.run("", name: "bad") { $0.command = ["/no/such/program"] }
            Issue.record("a program that does not exist was started")
        } catch let error as RuntimeError {
            #expect(error.message.contains("/no/such/program"))
        }
        try await pod.remove()
    }

    @Test func `probes reach a server on the machine`() async throws {
        let pod = try await TestPod("prober", network: .machine)
        let address = pod.machine.address
        _ = try await pod.run(
            "mkdir /www && echo hello >/www/index.html && exec httpd -f -p 18080 -h /www")
        var answer: Result<RuntimeResponse, RuntimeError>
        repeat {
            answer = await pod.client.perform(
                .tcpConnect(host: address, port: 18_080, timeout: .seconds(5)))
        } while answer != .success(.done)
        func get(_ path: String) async -> Result<RuntimeResponse, RuntimeError> {
            await pod.client.perform(
                .httpGet(
                    HTTPAction(
                        scheme: "http", host: address, port: 18_080, path: path, headers: [],
                        timeout: .seconds(5))))
        }
        let page = Array("hello\n".utf8)
        #expect(await get("/index.html") == .success(.http(statusCode: 200, body: page)))
        guard case .success(.http(let code, _)) = await get("/none") else {
            Issue.record("no answer")
            return
        }
        #expect(code == 404)
        try await pod.remove()
        let refused = await pod.client.perform(
            .tcpConnect(host: address, port: 18_080, timeout: .seconds(5)))
        guard case .failure(let error) = refused else {
            Issue.record("the port is still open")
            return
        }
        #expect(error.code == .connectionFailed)
        #expect(error.message.contains("connection refused"))
    }

    private func listed(_ pod: TestPod) async throws -> RuntimeState {
        let answer = try await pod.client.perform(.listState).get()
        guard case .state(let state) = answer else { return RuntimeState() }
        return state
    }
}
