import GRPCCore
import Kubelet
import SwiftProtobuf

extension RuntimeClient {
    func runSandbox(
        _ sandbox: SandboxConfiguration, _ options: CallOptions
    ) async throws -> SandboxState {
        if !sandbox.logDirectory.isEmpty {
            try await onBlockingThread {
                try PodFiles.makeDirectories(sandbox.logDirectory, mode: 0o755)
            }
        }
        let created = try await runtime.runPodSandbox(
            .with {
                $0.config = Runtime_V1_PodSandboxConfig(sandbox)
                $0.runtimeHandler = sandbox.runtimeHandler
            }, options: options)
        return try await sandboxState(created.podSandboxID, options)
    }

    func sandboxState(_ id: String, _ options: CallOptions) async throws -> SandboxState {
        let answer = try await runtime.podSandboxStatus(
            .with { $0.podSandboxID = id }, options: options)
        return SandboxState(answer.status)
    }

    func stopSandbox(_ id: String, _ options: CallOptions) async throws {
        try await ignoringNotFound {
            _ = try await runtime.stopPodSandbox(.with { $0.podSandboxID = id }, options: options)
        }
    }

    func removeSandbox(_ id: String, _ options: CallOptions) async throws {
        try await ignoringNotFound {
            _ = try await runtime.removePodSandbox(
                .with { $0.podSandboxID = id }, options: options)
        }
    }
}

/// What is to be stopped or removed and is not there is stopped and removed.
func ignoringNotFound(_ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let error as RPCError where error.code == .notFound {
        return
    }
}
