import Base
import Foundation
import Shell
import Synchronization

/// A container runtime that runs nothing: it answers what a kubelet asks at once and from memory,
/// so that what a daemon costs is the daemon's own.
///
/// Sandboxes and containers keep the labels that they were made with; a container runs from its
/// start until ``exit(podUID:)`` or a stop.
final class PretendRuntime: Sendable {
    private struct Sandbox {
        var config: WireMessage
        var number: UInt64
        var isStopped = false
    }

    private struct Container {
        var sandbox: String
        var config: WireMessage
        /// CRI's: created, running, exited.
        var state: UInt64 = 0
        var startedAt: UInt64 = 0
        var finishedAt: UInt64 = 0
    }

    private struct State {
        var sandboxes: [String: Sandbox] = [:]
        var containers: [String: Container] = [:]
        var number: UInt64 = 0
        var execs = 0
        /// Takes what is told unasked, once somebody listens.
        var listeners: [@Sendable (WireMessage) -> Void] = []
    }

    private let state = Mutex(State())

    /// How many commands were run so far.
    var execs: Int { state.withLock { $0.execs } }

    /// Listens for what the runtime tells unasked (containerd's events).
    func subscribe(_ listener: @escaping @Sendable (WireMessage) -> Void) {
        state.withLock { $0.listeners.append(listener) }
    }

    /// The first process of a Pod's container ends with code 0, and the runtime says so.
    func exit(podNamed name: String) {
        let told = state.withLock { state -> (String, [@Sendable (WireMessage) -> Void])? in
            let found = state.containers.first { entry in
                entry.value.config.map(9)["io.kubernetes.pod.name"] == name
                    && entry.value.state == 1
            }
            guard let id = found?.key else { return nil }
            state.containers[id]?.state = 2
            state.containers[id]?.finishedAt = Self.now
            return (id, state.listeners)
        }
        guard let (id, listeners) = told else { return }
        var exit = WireMessage()
        exit.append(1, id)
        exit.append(2, id)
        exit.append(3, 1)
        var value = WireMessage()
        value.append(1, "containerd.events.TaskExit")
        value.append(2, exit.bytes)
        var envelope = WireMessage()
        envelope.append(2, "k8s.io")
        envelope.append(3, "/tasks/exit")
        envelope.append(4, value.bytes)
        for listener in listeners { listener(envelope) }
    }

    /// The answer to a call of CRI by its method's name; one that changes nothing here is empty.
    func answer(_ method: String, _ request: WireMessage) -> WireMessage {
        state.withLock { state in
            switch method {
            case "Version": return Self.version
            case "Status": return Self.status
            case "ImageStatus": return Self.wrapped([Self.image])
            case "ListImages": return Self.wrapped([Self.image])
            case "RunPodSandbox": return Self.run(request.message(1), &state)
            case "PodSandboxStatus":
                let id = request.text(1)
                return Self.wrapped(state.sandboxes[id].map { [Self.status(of: $0, id)] } ?? [])
            case "ListPodSandbox":
                return Self.wrapped(state.sandboxes.map { Self.entry(of: $0.value, $0.key) })
            case "StopPodSandbox":
                state.sandboxes[request.text(1)]?.isStopped = true
            case "RemovePodSandbox":
                let id = request.text(1)
                state.sandboxes[id] = nil
                state.containers = state.containers.filter { $0.value.sandbox != id }
            case "CreateContainer":
                state.number += 1
                let id = Self.identifier("c", state.number)
                state.containers[id] = Container(
                    sandbox: request.text(1), config: request.message(2))
                return Self.identified(id)
            case "StartContainer":
                state.containers[request.text(1)]?.state = 1
                state.containers[request.text(1)]?.startedAt = Self.now
            case "StopContainer":
                state.containers[request.text(1)]?.state = 2
                state.containers[request.text(1)]?.finishedAt = Self.now
            case "RemoveContainer": state.containers[request.text(1)] = nil
            case "ContainerStatus":
                let id = request.text(1)
                return Self.wrapped(state.containers[id].map { [Self.status(of: $0, id)] } ?? [])
            case "ListContainers":
                let wanted = request.message(1).text(1)
                return Self.wrapped(
                    state.containers.filter { wanted.isEmpty || $0.key == wanted }
                        .map { Self.entry(of: $0.value, $0.key) })
            case "ExecSync": state.execs += 1
            default: break
            }
            return WireMessage()
        }
    }

    // MARK: Messages

    private static var now: UInt64 {
        let time = WallTime.now
        return UInt64(time.seconds) * 1_000_000_000 + UInt64(time.nanoseconds)
    }

    private static let version: WireMessage = {
        var message = WireMessage()
        message.append(1, "0.1.0")
        message.append(2, "pretend")
        message.append(3, "1")
        message.append(4, "v1")
        return message
    }()

    private static let status: WireMessage = {
        var conditions = WireMessage()
        for type in ["RuntimeReady", "NetworkReady"] {
            var condition = WireMessage()
            condition.append(1, type)
            condition.append(2, 1)
            conditions.append(1, condition.bytes)
        }
        return wrapped([conditions])
    }()

    private static let image: WireMessage = {
        var image = WireMessage()
        image.append(1, "sha256:0")
        image.append(2, PodsBench.image)
        image.append(4, 1_000_000)
        return image
    }()

    /// Messages under the first field, as most answers have them.
    private static func wrapped(_ messages: [WireMessage]) -> WireMessage {
        var result = WireMessage()
        for message in messages { result.append(1, message.bytes) }
        return result
    }

    private static func identified(_ id: String) -> WireMessage {
        var result = WireMessage()
        result.append(1, id)
        return result
    }

    private static func identifier(_ prefix: String, _ number: UInt64) -> String {
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 63 - digits.count)) + digits
    }

    private static func run(_ config: WireMessage, _ state: inout State) -> WireMessage {
        state.number += 1
        let id = identifier("s", state.number)
        state.sandboxes[id] = Sandbox(config: config, number: state.number)
        return identified(id)
    }

    private static func copy(
        _ field: UInt64, of config: WireMessage, to number: UInt64, _ message: inout WireMessage
    ) {
        for entry in config.messages(field) { message.append(number, entry.bytes) }
    }

    private static func status(of sandbox: Sandbox, _ id: String) -> WireMessage {
        var network = WireMessage()
        network.append(1, "10.244.\(sandbox.number / 250 % 250).\(sandbox.number % 250 + 2)")
        var message = WireMessage()
        message.append(1, id)
        copy(1, of: sandbox.config, to: 2, &message)
        message.append(3, sandbox.isStopped ? 1 : 0)
        message.append(4, sandbox.number)
        message.append(5, network.bytes)
        copy(6, of: sandbox.config, to: 7, &message)
        return message
    }

    private static func entry(of sandbox: Sandbox, _ id: String) -> WireMessage {
        var message = WireMessage()
        message.append(1, id)
        copy(1, of: sandbox.config, to: 2, &message)
        message.append(3, sandbox.isStopped ? 1 : 0)
        message.append(4, sandbox.number)
        copy(6, of: sandbox.config, to: 5, &message)
        return message
    }

    private static func status(of container: Container, _ id: String) -> WireMessage {
        var message = WireMessage()
        message.append(1, id)
        copy(1, of: container.config, to: 2, &message)
        message.append(3, container.state)
        message.append(4, container.startedAt)
        message.append(5, container.startedAt)
        message.append(6, container.finishedAt)
        copy(2, of: container.config, to: 8, &message)
        message.append(9, "sha256:0")
        if container.state == 2 { message.append(10, "Completed") }
        copy(9, of: container.config, to: 12, &message)
        copy(10, of: container.config, to: 13, &message)
        return message
    }

    private static func entry(of container: Container, _ id: String) -> WireMessage {
        var message = WireMessage()
        message.append(1, id)
        message.append(2, container.sandbox)
        copy(1, of: container.config, to: 3, &message)
        copy(2, of: container.config, to: 4, &message)
        message.append(5, "sha256:0")
        message.append(6, container.state)
        message.append(7, container.startedAt)
        copy(9, of: container.config, to: 8, &message)
        copy(10, of: container.config, to: 9, &message)
        return message
    }
}
