package import Base

/// All sandboxes and containers that the runtime knows, for adoption and for relisting.
package struct RuntimeState: Sendable, Equatable {
    package var sandboxes: [SandboxState]
    package var containers: [ContainerState]

    package init(sandboxes: [SandboxState] = [], containers: [ContainerState] = []) {
        self.sandboxes = sandboxes
        self.containers = containers
    }
}

/// CRI `PodSandboxStatus`.
package struct SandboxState: Sendable, Equatable {
    package var id: String
    package var podName: String
    package var podNamespace: String
    package var podUID: String
    package var attempt: UInt32
    /// CRI `SANDBOX_READY`; false once the pause container is gone, after a power cut too.
    package var isReady: Bool
    package var createdAt: WallTime
    /// Empty with the machine's network. The shell may leave it empty in `.state` for sandboxes
    /// that are not ready.
    package var addresses: [String]
    package var labels: [String: String]
    package var annotations: [String: String]

    package init(
        id: String, podName: String, podNamespace: String, podUID: String, attempt: UInt32,
        isReady: Bool, createdAt: WallTime, addresses: [String] = [],
        labels: [String: String] = [:], annotations: [String: String] = [:]
    ) {
        self.id = id
        self.podName = podName
        self.podNamespace = podNamespace
        self.podUID = podUID
        self.attempt = attempt
        self.isReady = isReady
        self.createdAt = createdAt
        self.addresses = addresses
        self.labels = labels
        self.annotations = annotations
    }
}

/// CRI `ContainerStatus`. `ListContainers` tells no exit codes and times, so the shell asks for
/// the status of each container that has exited; it may remember those, as they change no more.
package struct ContainerState: Sendable, Equatable {
    /// CRI `ContainerState`.
    package enum Phase: Sendable, Equatable {
        case created, running, exited, unknown
    }

    package var id: String
    package var sandboxID: String
    package var name: String
    package var attempt: UInt32
    package var phase: Phase
    package var createdAt: WallTime
    package var startedAt: WallTime?
    package var finishedAt: WallTime?
    package var exitCode: Int32
    /// The runtime's word, such as `Completed`, `Error`, `OOMKilled` or `StartError`.
    package var reason: String
    package var message: String
    /// CRI `image.image`, as the Pod named it when the runtime remembers that.
    package var image: String
    /// CRI `image_ref`, such as `docker.io/library/busybox@sha256:…`.
    package var imageID: String
    package var labels: [String: String]
    package var annotations: [String: String]

    package init(
        id: String, sandboxID: String, name: String, attempt: UInt32, phase: Phase,
        createdAt: WallTime, startedAt: WallTime? = nil, finishedAt: WallTime? = nil,
        exitCode: Int32 = 0, reason: String = "", message: String = "", image: String = "",
        imageID: String = "", labels: [String: String] = [:], annotations: [String: String] = [:]
    ) {
        self.id = id
        self.sandboxID = sandboxID
        self.name = name
        self.attempt = attempt
        self.phase = phase
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
        self.reason = reason
        self.message = message
        self.image = image
        self.imageID = imageID
        self.labels = labels
        self.annotations = annotations
    }
}

/// CRI `Image`.
package struct ImageState: Sendable, Equatable {
    /// The identifier that containers are created from, `sha256:…`.
    package var id: String
    /// Such as `docker.io/library/busybox@sha256:…`; the first is shown as imageID.
    package var repoDigests: [String]
    /// Such as `docker.io/library/busybox:latest`.
    package var tags: [String] = []
    /// The runtime keeps it whatever happens (CRI `pinned`).
    package var isPinned = false
    package var sizeBytes: UInt64
    /// The numeric user the image runs as; nil when it names one or none.
    package var user: Int64?
    /// The user's name in the image; empty with a number or none.
    package var userName: String

    package init(
        id: String, repoDigests: [String] = [], sizeBytes: UInt64 = 0, user: Int64? = nil,
        userName: String = ""
    ) {
        self.id = id
        self.repoDigests = repoDigests
        self.sizeBytes = sizeBytes
        self.user = user
        self.userName = userName
    }
}
