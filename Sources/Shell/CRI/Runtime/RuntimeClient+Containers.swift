import GRPCCore
import Glibc
import Kubelet
import SwiftProtobuf

extension RuntimeClient {
    func createContainer(
        _ container: ContainerConfiguration, in sandboxID: String,
        _ sandbox: SandboxConfiguration, _ options: CallOptions
    ) async throws -> String {
        if !container.preparation.isEmpty {
            try await onBlockingThread { try PodFiles.prepare(container.preparation) }
        }
        let created = try await runtime.createContainer(
            .with {
                $0.podSandboxID = sandboxID
                $0.config = Runtime_V1_ContainerConfig(container)
                $0.sandboxConfig = Runtime_V1_PodSandboxConfig(sandbox)
            }, options: options)
        return created.containerID
    }

    func stopContainer(
        _ id: String, graceSeconds: Int64, _ options: CallOptions
    ) async throws {
        try await ignoringNotFound {
            _ = try await runtime.stopContainer(
                .with {
                    $0.containerID = id
                    $0.timeout = max(0, graceSeconds)
                }, options: options)
        }
    }

    func removeContainer(
        _ id: String, logPath: String?, _ options: CallOptions
    ) async throws {
        try await ignoringNotFound {
            _ = try await runtime.removeContainer(
                .with { $0.containerID = id }, options: options)
        }
        guard let logPath else { return }
        try await onBlockingThread { try LogFiles(logPath).removeAll() }
    }

    /// Nil when there is no such container. CRI's status does not tell the sandbox; when the
    /// caller does not know it either, one more call does.
    func containerState(
        _ id: String, sandboxID: String?, _ options: CallOptions
    ) async throws -> ContainerState? {
        do {
            let answer = try await runtime.containerStatus(
                .with { $0.containerID = id }, options: options)
            var state = ContainerState(answer.status)
            if let sandboxID {
                state.sandboxID = sandboxID
            } else {
                let list = try await runtime.listContainers(
                    .with { $0.filter.id = id }, options: options)
                state.sandboxID = list.containers.first?.podSandboxID ?? ""
            }
            return state
        } catch let error as RPCError where error.code == .notFound {
            return nil
        }
    }
}
