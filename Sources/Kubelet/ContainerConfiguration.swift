/// CRI `ContainerConfig`, with the files that must be there first.
package struct ContainerConfiguration: Sendable, Equatable {
    package var name: String
    /// The restart count of the container.
    package var attempt: UInt32
    /// What the shell makes before it asks the runtime: log folder, hosts file, termination log.
    package var preparation: [PreparationStep]
    /// The image to run, as the runtime resolved it (``ImageState/id``).
    package var image: String
    /// The image as the Pod names it.
    package var userImage: String
    package var command: [String]
    package var args: [String]
    /// Empty for the image's own.
    package var workingDirectory: String
    /// In order; later entries of a name win.
    package var environment: [EnvironmentVariable]
    package var mounts: [Mount]
    package var devices: [Device]
    package var labels: [String: String]
    package var annotations: [String: String]
    /// Relative to the sandbox's log directory: `<container>/<attempt>.log`.
    package var logPath: String
    package var stdin: Bool
    package var stdinOnce: Bool
    package var tty: Bool
    package var resources: LinuxResources
    package var namespaces: NamespaceOptions
    package var security: SecurityContext

    package init(name: String, attempt: UInt32, image: String) {
        self.name = name
        self.attempt = attempt
        self.image = image
        userImage = image
        preparation = []
        command = []
        args = []
        workingDirectory = ""
        environment = []
        mounts = []
        devices = []
        labels = [:]
        annotations = [:]
        logPath = ""
        stdin = false
        stdinOnce = false
        tty = false
        resources = LinuxResources()
        namespaces = NamespaceOptions()
        security = SecurityContext()
    }
}

/// CRI `KeyValue` of a container's environment.
package struct EnvironmentVariable: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// CRI `Mount`.
package struct Mount: Sendable, Equatable {
    package enum Propagation: Sendable, Equatable {
        case privately
        case hostToContainer
        case bidirectional
    }

    package var hostPath: String
    package var containerPath: String
    package var readOnly: Bool
    package var propagation: Propagation

    package init(
        hostPath: String, containerPath: String, readOnly: Bool = false,
        propagation: Propagation = .privately
    ) {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.readOnly = readOnly
        self.propagation = propagation
    }
}

/// CRI `Device`: a device of the machine that a container may use.
package struct Device: Sendable, Equatable {
    package var hostPath: String
    package var containerPath: String
    package var isReadOnly: Bool

    package init(hostPath: String, containerPath: String, isReadOnly: Bool = false) {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.isReadOnly = isReadOnly
    }
}

/// CRI `LinuxContainerResources`; zero leaves a value to the runtime.
package struct LinuxResources: Sendable, Equatable {
    package var cpuShares: Int64
    /// Microseconds of CPU time in each ``cpuPeriod``.
    package var cpuQuota: Int64
    /// Microseconds.
    package var cpuPeriod: Int64
    package var memoryLimitBytes: Int64
    package var oomScoreAdjustment: Int64
    /// What the Pod's own group becomes with it, when a container that runs is changed.
    package var ofPod: CgroupSettings?

    package init(
        cpuShares: Int64 = 0, cpuQuota: Int64 = 0, cpuPeriod: Int64 = 0,
        memoryLimitBytes: Int64 = 0, oomScoreAdjustment: Int64 = 0
    ) {
        self.cpuShares = cpuShares
        self.cpuQuota = cpuQuota
        self.cpuPeriod = cpuPeriod
        self.memoryLimitBytes = memoryLimitBytes
        self.oomScoreAdjustment = oomScoreAdjustment
    }
}

/// One thing that must be on the machine's disk for a Pod. Paths are absolute; parent folders
/// are made with mode 0755 when they are missing.
package enum PreparationStep: Sendable, Equatable {
    /// A folder; one that exists gets the mode and, when given, the group.
    case directory(path: String, mode: UInt32, group: Int64?)
    /// A folder that everyone may write to; one that exists is left as it is.
    case emptyDirectory(path: String, group: Int64?)
    /// Gives a folder and all in it to a group that may write; with `onlyOnMismatch` nothing is
    /// done when the folder itself is as it should be (`fsGroupChangePolicy`).
    case group(path: String, group: Int64, onlyOnMismatch: Bool)
    /// A tmpfs mounted on a folder, once; without a limit the kernel's own holds.
    case memoryDirectory(path: String, sizeLimit: Int64?, group: Int64?)
    /// A file with this content, written in place, since containers have it mounted.
    case file(path: String, content: [UInt8], mode: UInt32)
    /// An empty file unless there is one.
    case touch(path: String, mode: UInt32)
    /// A folder that holds exactly these files and is replaced as a whole by the rename of a
    /// symbolic link (`..data`), so that readers see all of the old or all of the new.
    case fileSet(path: String, files: [VolumeFile], group: Int64?)
    /// Checks, or makes, a `hostPath` by its type (`v1.HostPathType`, such as
    /// `DirectoryOrCreate`); fails with ``RuntimeError/Code/invalidArgument`` and Kubernetes'
    /// words, such as `hostPath type check failed: /x is not a directory`.
    case hostPath(path: String, type: String)
    /// Binds a folder or file inside a volume to `target`, in place of what was bound there. It
    /// is made as a folder when it is missing. No link, not even one that a container changes
    /// meanwhile, leads out of the volume; failures are
    /// ``RuntimeError/Code/misconfigured`` with `reason`.
    case subPath(volume: String, path: String, target: String, reason: String)
}

/// A file of a configMap, secret, downwardAPI or projected volume.
package struct VolumeFile: Sendable, Equatable {
    /// Relative to the volume, without `..`.
    package var path: String
    package var content: [UInt8]
    package var mode: UInt32
    /// The owner, when it is not root (service-account tokens).
    package var user: Int64?

    package init(path: String, content: [UInt8], mode: UInt32, user: Int64? = nil) {
        self.path = path
        self.content = content
        self.mode = mode
        self.user = user
    }
}
