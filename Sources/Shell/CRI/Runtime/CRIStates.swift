import Base
import Kubelet

/// The messages of CRI as the kubelet's states.

extension WallTime {
    /// CRI's times are nanoseconds since 1970; zero is unknown.
    init?(criNanoseconds nanoseconds: Int64) {
        guard nanoseconds > 0 else { return nil }
        self.init(
            seconds: nanoseconds / 1_000_000_000, nanoseconds: Int32(nanoseconds % 1_000_000_000))
    }
}

extension SandboxState {
    init(_ status: Runtime_V1_PodSandboxStatus) {
        let addresses = [status.network.ip] + status.network.additionalIps.map(\.ip)
        self.init(
            id: status.id, podName: status.metadata.name,
            podNamespace: status.metadata.namespace, podUID: status.metadata.uid,
            attempt: status.metadata.attempt, isReady: status.state == .sandboxReady,
            createdAt: WallTime(criNanoseconds: status.createdAt) ?? WallTime(seconds: 0),
            addresses: addresses.filter { !$0.isEmpty }, labels: status.labels,
            annotations: status.annotations)
    }

    init(_ sandbox: Runtime_V1_PodSandbox) {
        self.init(
            id: sandbox.id, podName: sandbox.metadata.name,
            podNamespace: sandbox.metadata.namespace, podUID: sandbox.metadata.uid,
            attempt: sandbox.metadata.attempt, isReady: sandbox.state == .sandboxReady,
            createdAt: WallTime(criNanoseconds: sandbox.createdAt) ?? WallTime(seconds: 0),
            labels: sandbox.labels, annotations: sandbox.annotations)
    }
}

extension ContainerState.Phase {
    init(_ state: Runtime_V1_ContainerState) {
        switch state {
        case .containerCreated: self = .created
        case .containerRunning: self = .running
        case .containerExited: self = .exited
        case .containerUnknown, .UNRECOGNIZED: self = .unknown
        }
    }
}

extension ContainerState {
    /// Without the sandbox, which this message does not name.
    init(_ status: Runtime_V1_ContainerStatus) {
        self.init(
            id: status.id, sandboxID: "", name: status.metadata.name,
            attempt: status.metadata.attempt, phase: Phase(status.state),
            createdAt: WallTime(criNanoseconds: status.createdAt) ?? WallTime(seconds: 0),
            startedAt: WallTime(criNanoseconds: status.startedAt),
            finishedAt: WallTime(criNanoseconds: status.finishedAt),
            exitCode: status.exitCode, reason: status.reason, message: status.message,
            image: status.image.image, imageID: status.imageRef, labels: status.labels,
            annotations: status.annotations)
    }
}

extension ImageState {
    init(_ image: Runtime_V1_Image) {
        self.init(
            id: image.id, repoDigests: image.repoDigests, sizeBytes: image.size,
            user: image.hasUid ? image.uid.value : nil, userName: image.username)
    }
}
