import GRPCCore
import SwiftProtobuf

/// Something that happened to a container or sandbox and that the runtime told unasked.
package struct RuntimeNotice: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// The first process ended.
        case exited(code: UInt32)
        /// The kernel ended a process for want of memory.
        case outOfMemory
    }

    /// The container's or sandbox's identifier.
    package var id: String
    package var kind: Kind
}

extension RuntimeClient {
    /// Reports exits as they happen until the task is cancelled or the runtime goes away; then
    /// it returns or throws, and the caller subscribes again. Notices may be lost between two
    /// subscriptions, so they only tell when to look at the state earlier than the next turn.
    package func watchNotices(
        _ report: @escaping @Sendable (RuntimeNotice) async -> Void
    ) async throws {
        let request = Containerd_Services_Events_V1_SubscribeRequest.with {
            $0.filters = [#"topic=="/tasks/exit""#, #"topic=="/tasks/oom""#]
        }
        try await events.subscribe(
            request, metadata: ["containerd-namespace": "k8s.io"],
            onResponse: { response in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await envelope in response.messages {
                        guard let notice = RuntimeNotice(envelope) else { continue }
                        group.addTask {
                            await self.waitUntilCRIKnows(notice)
                            await report(notice)
                        }
                    }
                }
            })
    }

    /// The runtime's CRI service hears of an exit by the same events and may be a little later.
    /// A look that comes before it would find everything as it was.
    private func waitUntilCRIKnows(_ notice: RuntimeNotice) async {
        guard case .exited = notice.kind else { return }
        for _ in 0..<100 {
            if await !stillRuns(notice.id) { return }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// False for what is not there any more, and when the runtime does not answer.
    private func stillRuns(_ id: String) async -> Bool {
        let options = CallOptions.within(.now + .seconds(1))
        do {
            let answer = try await runtime.containerStatus(
                .with { $0.containerID = id }, options: options)
            return answer.status.state == .containerRunning
        } catch {
            let answer = try? await runtime.podSandboxStatus(
                .with { $0.podSandboxID = id }, options: options)
            return answer?.status.state == .sandboxReady && answer?.hasStatus == true
        }
    }
}

extension RuntimeNotice {
    /// Nil for what concerns no container as a whole, such as the end of an exec.
    init?(_ envelope: Containerd_Services_Events_V1_Envelope) {
        guard envelope.namespace == "k8s.io" else { return nil }
        let bytes = envelope.event.value
        switch envelope.topic {
        case "/tasks/exit":
            guard
                let exit = try? Containerd_Services_Events_V1_TaskExit(serializedBytes: bytes),
                exit.id == exit.containerID
            else { return nil }
            self.init(id: exit.containerID, kind: .exited(code: exit.exitStatus))
        case "/tasks/oom":
            guard let oom = try? Containerd_Services_Events_V1_TaskOOM(serializedBytes: bytes)
            else { return nil }
            self.init(id: oom.containerID, kind: .outOfMemory)
        default:
            return nil
        }
    }
}
