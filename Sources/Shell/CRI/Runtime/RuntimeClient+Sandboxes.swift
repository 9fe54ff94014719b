import GRPCCore
import JSON
import Kubelet
import SwiftProtobuf

extension RuntimeClient {
    func runSandbox(
        _ sandbox: SandboxConfiguration, _ options: CallOptions
    ) async throws -> SandboxState {
        try await onBlockingThread {
            if !sandbox.logDirectory.isEmpty {
                try PodFiles.makeDirectories(sandbox.logDirectory, mode: 0o755)
            }
            if let cgroup = sandbox.cgroup { try CgroupFolders.make(cgroup) }
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
        let cgroup = await cgroupParent(of: id, options)
        try await ignoringNotFound {
            _ = try await runtime.removePodSandbox(
                .with { $0.podSandboxID = id }, options: options)
        }
        guard let cgroup else { return }
        try await onBlockingThread { try CgroupFolders.removeIfEmpty(cgroup) }
    }

    /// The cgroup that was named when the sandbox was made. The runtime makes it and leaves it.
    private func cgroupParent(of id: String, _ options: CallOptions) async -> String? {
        let request = Runtime_V1_PodSandboxStatusRequest.with {
            $0.podSandboxID = id
            $0.verbose = true
        }
        guard let answer = try? await runtime.podSandboxStatus(request, options: options),
            let text = answer.info["info"], let info = try? JSON(parsing: Array(text.utf8))
        else { return nil }
        return info["config"]?["linux"]?["cgroup_parent"]?.string
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
