import GRPCCore
import Kubelet
import NIOConcurrencyHelpers

/// States that change no more until the runtime lists another phase: asked once, then kept.
struct KnownStates: Sendable {
    var sandboxes: [String: SandboxState] = [:]
    var containers: [String: ContainerState] = [:]
}

extension RuntimeClient {
    /// Everything the runtime knows. The lists leave out times, exit codes and addresses; those
    /// come from one status call for each sandbox or container whose phase is new.
    func listState(_ options: CallOptions) async throws -> RuntimeState {
        async let sandboxList = runtime.listPodSandbox(.init(), options: options)
        async let containerList = runtime.listContainers(.init(), options: options)
        let (sandboxes, containers) = try await (sandboxList.items, containerList.containers)
        let before = known.withLockedValue { $0 }
        var state = RuntimeState()
        for sandbox in sandboxes.sorted(by: { $0.id < $1.id }) {
            if let found = try await self.state(of: sandbox, before, options) {
                state.sandboxes.append(found)
            }
        }
        for container in containers.sorted(by: { $0.id < $1.id }) {
            if let found = try await self.state(of: container, before, options) {
                state.containers.append(found)
            }
        }
        let after = KnownStates(
            sandboxes: .init(state.sandboxes.map { ($0.id, $0) }, uniquingKeysWith: { $1 }),
            containers: .init(state.containers.map { ($0.id, $0) }, uniquingKeysWith: { $1 }))
        known.withLockedValue { $0 = after }
        return state
    }

    private func state(
        of sandbox: Runtime_V1_PodSandbox, _ before: KnownStates, _ options: CallOptions
    ) async throws -> SandboxState? {
        let isReady = sandbox.state == .sandboxReady
        if let known = before.sandboxes[sandbox.id], known.isReady == isReady { return known }
        guard isReady else { return SandboxState(sandbox) }
        do {
            return try await sandboxState(sandbox.id, options)
        } catch let error as RPCError where error.code == .notFound {
            return nil
        }
    }

    private func state(
        of container: Runtime_V1_Container, _ before: KnownStates, _ options: CallOptions
    ) async throws -> ContainerState? {
        let phase = ContainerState.Phase(container.state)
        if let known = before.containers[container.id], known.phase == phase { return known }
        return try await containerState(
            container.id, sandboxID: container.podSandboxID, options)
    }
}
