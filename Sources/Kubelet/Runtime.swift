package import Base

/// One thing that the shell does for the kubelet through CRI v1 or on the machine itself.
///
/// Every request travels with a ticket and is answered exactly once, in any order, by
/// ``KubeletInput/finished(_:_:)``; the shell answers with ``RuntimeError/Code/deadline`` when
/// ``timeout`` has passed. The shell decides nothing: it does not retry, and what a request does
/// not say it does not do. Requests that stop or remove succeed when there is nothing to do.
package enum RuntimeRequest: Sendable, Equatable {
    /// `RunPodSandbox`, then `PodSandboxStatus` for the addresses → `.sandbox`. The shell makes
    /// the log directory first.
    indirect case runSandbox(SandboxConfiguration)
    /// `StopPodSandbox` → `.done`.
    case stopSandbox(id: String)
    /// `RemovePodSandbox`, which removes the containers in it too → `.done`.
    case removeSandbox(id: String)

    /// `ImageStatus` → `.image`, nil when the image is not on the machine.
    case imageStatus(image: String)
    /// `PullImage` with one login after the other until the registry takes one, or without any,
    /// then `ImageStatus` → `.image`.
    case pullImage(image: String, credentials: [RegistryCredential])

    /// `ListImages` → `.images`.
    case listImages
    /// `RemoveImage` → `.done`.
    case removeImage(id: String)
    /// `ListContainerStats`, the machine's memory, processes and file systems (that of Pods is the
    /// one of `podRoot`), and the sizes of these folders → `.statistics`.
    case statistics(podRoot: String, folders: [String])

    /// Performs ``ContainerConfiguration/preparation``, then `CreateContainer` →
    /// `.container(id)`. CRI wants the configuration of the sandbox again.
    indirect case createContainer(
        sandboxID: String, ContainerConfiguration, sandbox: SandboxConfiguration)
    /// `StartContainer` → `.done`.
    case startContainer(id: String)
    /// `StopContainer`: TERM, and KILL after the grace period; zero kills at once → `.done`
    /// when the container has stopped.
    case stopContainer(id: String, gracePeriodSeconds: Int64)
    /// Sends a signal, such as `SIGUSR1`, to the container's first process → `.done`.
    case signalContainer(id: String, signal: String)
    /// `UpdateContainerResources` → `.done`.
    indirect case updateResources(id: String, LinuxResources)
    /// `RemoveContainer` and its log file (`logPath`, absolute, when given) → `.done`.
    case removeContainer(id: String, logPath: String?)
    /// `ContainerStatus` → `.containerState`, nil when there is no such container.
    case containerStatus(id: String)
    /// `ListPodSandbox`, `ListContainers`, and what they leave out → `.state`.
    case listState

    /// `ExecSync` → `.execution`.
    case execSync(id: String, command: [String], timeout: Span)
    /// A request from the machine's own network namespace → `.http`.
    indirect case httpGet(HTTPAction)
    /// A TCP connection from the machine's own network namespace → `.done`.
    case tcpConnect(host: String, port: UInt16, timeout: Span)
    /// `grpc.health.v1.Health/Check` from the machine's own network namespace → `.health`.
    case grpcHealth(host: String, port: UInt16, service: String, timeout: Span)

    /// Makes folders and files of a Pod, in order → `.done`.
    case prepare([PreparationStep])
    /// Unmounts what is mounted below the folder of a Pod and removes it; the log directory of
    /// the Pod too, when given → `.done`.
    case removePodDirectory(path: String, logDirectory: String?)
    /// Sets logs aside that have grown beyond `bytesMax`, has the runtime write to new ones, and
    /// removes the oldest beyond `filesMax` of a container → `.done`.
    case rotateLogs([RunningLog], bytesMax: Int64, filesMax: Int)
    /// The first bytes of a file inside a volume, whatever links a container left there →
    /// `.bytes`; `.notFound` when there is none.
    case readVolumeFile(volume: String, path: String, limit: Int)
    /// Mounts the content of an image on a folder, to be read only, in place of what is mounted
    /// there → `.done`. The image has been pulled.
    case mountImage(reference: String, path: String)
    /// The last `limit` bytes of a file → `.bytes`; `.notFound` when there is none.
    case readTail(path: String, limit: Int)

    /// After this time the shell gives up and answers ``RuntimeError/Code/deadline``.
    package var timeout: Span {
        switch self {
        case .runSandbox: .minutes(4)
        case .pullImage: .minutes(30)
        case .stopContainer(_, let grace): .minutes(2) + .seconds(max(0, grace))
        case .execSync(_, _, let timeout), .tcpConnect(_, _, let timeout),
            .grpcHealth(_, _, _, let timeout):
            timeout
        case .httpGet(let action): action.timeout
        default: .minutes(2)
        }
    }
}

/// What came of a ``RuntimeRequest``; each case of a request names its answer.
package enum RuntimeResponse: Sendable, Equatable {
    case done
    case sandbox(SandboxState)
    /// The identifier of the created container.
    case container(id: String)
    case containerState(ContainerState?)
    case state(RuntimeState)
    case image(ImageState?)
    case images([ImageState])
    case statistics(MachineStatistics)
    /// Exit code and the first 10 KiB of stdout and stderr together. A command that ran and
    /// failed is an answer; only one that could not be run is an error.
    case execution(exitCode: Int32, output: [UInt8])
    /// Status code and the first 10 KiB of the body. A 5xx is an answer, too.
    case http(statusCode: Int, body: [UInt8])
    /// The name of the status that a gRPC health service answered, such as `SERVING`.
    case health(status: String)
    case bytes([UInt8])
}

/// Why the runtime or the machine could not do it.
package struct RuntimeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the kubelet may have to treat differently.
    package enum Code: Sendable, Equatable {
        /// The sandbox, container or file does not exist (gRPC NOT_FOUND, ENOENT).
        case notFound
        case alreadyExists
        case invalidArgument
        /// What the Pod asks for cannot be (`CreateContainerConfigError`).
        case misconfigured
        /// The runtime does not answer on its socket (gRPC UNAVAILABLE).
        case unavailable
        /// The time of the request ran out (gRPC DEADLINE_EXCEEDED).
        case deadline
        /// ENOSPC or EDQUOT.
        case noSpace
        /// EACCES, EPERM or EROFS.
        case permissionDenied
        /// The registry, or the machine, has no such image.
        case imageNotFound
        /// The image reference cannot be parsed.
        case imageNameInvalid
        /// Nobody listens there, or the connection broke (probes).
        case connectionFailed
        /// Anything else (gRPC UNKNOWN, INTERNAL).
        case other
    }

    package var code: Code
    /// The runtime's own words, as they go into Events and statuses, such as
    /// `rpc error: code = NotFound desc = failed to pull and unpack image …`.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

/// A login to an image registry (CRI `AuthConfig`).
package struct RegistryCredential: Sendable, Equatable {
    package var username: String
    package var password: String
    package var serverAddress: String

    package init(username: String, password: String, serverAddress: String) {
        self.username = username
        self.password = password
        self.serverAddress = serverAddress
    }
}

/// An HTTP GET for a probe or a hook (`v1.HTTPGetAction`). Redirects to the same host are
/// followed, at most ten; certificates are not verified.
package struct HTTPAction: Sendable, Equatable {
    /// `http` or `https`.
    package var scheme: String
    package var host: String
    package var port: UInt16
    /// With the query, starting with `/`.
    package var path: String
    package var headers: [HTTPHeader]
    package var timeout: Span

    package init(
        scheme: String, host: String, port: UInt16, path: String, headers: [HTTPHeader],
        timeout: Span
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.headers = headers
        self.timeout = timeout
    }
}

package struct HTTPHeader: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
