import Base
import Dispatch
import Foundation
import Kubelet
import Shell

/// Pods that are made by driving the container runtime, with nothing in between: a sandbox, and a
/// container that is created and started in it.
struct RuntimeSandboxes: Sendable {
    let client: RuntimeClient
    let folder: String

    var isEmpty: Bool {
        get async throws { try await state().sandboxes.isEmpty }
    }

    /// All at once; the client lets as many requests through at a time as it does for the kubelet.
    func start(count: Int) async throws -> PodsRun {
        let watch = Stopwatch()
        var run = PodsRun(seconds: 0)
        try await withThrowingTaskGroup(of: Double.self) { group in
            for number in 0..<count {
                group.addTask { try await startOne("direct-\(number)", since: watch) }
            }
            for try await time in group { run.times.append(time) }
        }
        run.seconds = watch.elapsedSeconds
        return run
    }

    /// Milliseconds of each.
    func startOneByOne(count: Int) async throws -> Samples {
        var samples = Samples()
        for number in 0..<count {
            samples.append(try await startOne("alone-\(number)", since: Stopwatch()))
        }
        return samples
    }

    private func startOne(_ name: String, since watch: Stopwatch) async throws -> Double {
        let uid = UUID().uuidString.lowercased()
        var sandbox = SandboxConfiguration(
            podName: name, podNamespace: "default", podUID: uid, attempt: 0)
        sandbox.hostname = name
        sandbox.logDirectory = "\(folder)/direct/\(uid)"
        let made = try await client.perform(.runSandbox(sandbox)).get()
        guard case .sandbox(let state) = made else { throw BenchError("no sandbox: \(made)") }
        var container = ContainerConfiguration(name: "c", attempt: 0, image: PodsBench.image)
        container.command = PodsBench.command
        container.logPath = "c/0.log"
        let created = try await client.perform(
            .createContainer(sandboxID: state.id, container, sandbox: sandbox)
        ).get()
        guard case .container(let id) = created else { throw BenchError("no container") }
        _ = try await client.perform(.startContainer(id: id)).get()
        return watch.elapsedSeconds * 1_000
    }

    /// As many at a time as are made.
    func removeAll() async throws {
        let sandboxes = try await state().sandboxes
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<RuntimeClient.buildsAtOnce {
                group.addTask {
                    for index in stride(
                        from: part, to: sandboxes.count, by: RuntimeClient.buildsAtOnce)
                    {
                        let id = sandboxes[index].id
                        _ = try await client.perform(.stopSandbox(id: id)).get()
                        _ = try await client.perform(.removeSandbox(id: id)).get()
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// For the end of the process, which waits for nothing else.
    func removeAllBlocking() {
        let done = DispatchSemaphore(value: 0)
        Task {
            try? await removeAll()
            done.signal()
        }
        _ = done.wait(timeout: .now() + 60)
    }

    private func state() async throws -> RuntimeState {
        guard case .state(let state) = try await client.perform(.listState).get() else {
            throw BenchError("the container runtime gave no list")
        }
        return state
    }
}
