/// CRI `PodSandboxConfig`: what the containers of a Pod share.
package struct SandboxConfiguration: Sendable, Equatable {
    package var podName: String
    package var podNamespace: String
    package var podUID: String
    /// Zero for the first sandbox of the Pod, one more for each that replaces it.
    package var attempt: UInt32
    /// Empty with the machine's network.
    package var hostname: String
    /// Absolute path; log paths of containers are relative to it.
    package var logDirectory: String
    /// Nil leaves the machine's resolv.conf.
    package var dns: DNSConfiguration?
    package var portMappings: [PortMapping]
    package var labels: [String: String]
    package var annotations: [String: String]
    /// The cgroup that holds the Pod; empty for the runtime's default.
    package var cgroupParent: String
    /// What the shell makes of it before it asks the runtime; nil leaves it to the runtime.
    package var cgroup: CgroupSettings?
    package var sysctls: [String: String]
    package var namespaces: NamespaceOptions
    package var security: SecurityContext
    /// The handler of the RuntimeClass; empty for the default.
    package var runtimeHandler: String

    package init(podName: String, podNamespace: String, podUID: String, attempt: UInt32) {
        self.podName = podName
        self.podNamespace = podNamespace
        self.podUID = podUID
        self.attempt = attempt
        hostname = ""
        logDirectory = ""
        dns = nil
        portMappings = []
        labels = [:]
        annotations = [:]
        cgroupParent = ""
        cgroup = nil
        sysctls = [:]
        namespaces = NamespaceOptions()
        security = SecurityContext()
        runtimeHandler = ""
    }
}

/// CRI `DNSConfig`: the lines of a container's resolv.conf.
package struct DNSConfiguration: Sendable, Equatable {
    package var servers: [String]
    package var searches: [String]
    /// Such as `ndots:5`.
    package var options: [String]

    package init(servers: [String] = [], searches: [String] = [], options: [String] = []) {
        self.servers = servers
        self.searches = searches
        self.options = options
    }
}

/// CRI `PortMapping`.
package struct PortMapping: Sendable, Equatable {
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String
    package var containerPort: UInt16
    package var hostPort: UInt16
    package var hostIP: String

    package init(protocol: String, containerPort: UInt16, hostPort: UInt16, hostIP: String) {
        self.protocol = `protocol`
        self.containerPort = containerPort
        self.hostPort = hostPort
        self.hostIP = hostIP
    }
}

/// CRI `NamespaceOption`: whose namespaces a container joins.
package struct NamespaceOptions: Sendable, Equatable {
    /// CRI `NamespaceMode`.
    package enum Mode: Sendable, Equatable {
        /// Shared by the Pod (CRI `POD`).
        case pod
        /// Of another container of the Pod (CRI `TARGET`).
        case target
        /// Of the container alone (CRI `CONTAINER`).
        case container
        /// The machine's (CRI `NODE`).
        case machine
    }

    package var network: Mode
    package var processes: Mode
    package var ipc: Mode
    /// The container that mode `target` means.
    package var targetID = ""

    package init(network: Mode = .pod, processes: Mode = .container, ipc: Mode = .pod) {
        self.network = network
        self.processes = processes
        self.ipc = ipc
    }
}

/// The parts of CRI `LinuxContainerSecurityContext` and `LinuxSandboxSecurityContext` that
/// podmesh sets. Namespaces are beside it in the configurations.
package struct SecurityContext: Sendable, Equatable {
    /// CRI `SecurityProfile`.
    package enum Profile: Sendable, Equatable {
        case runtimeDefault
        case unconfined
        /// Absolute path of a seccomp profile, or the name of a loaded AppArmor profile.
        case localhost(String)
    }

    /// CRI `SELinuxOption`; an empty part is left to the runtime.
    package struct Label: Sendable, Equatable {
        package var user: String
        package var role: String
        package var type: String
        package var level: String

        package init(user: String = "", role: String = "", type: String = "", level: String = "") {
            self.user = user
            self.role = role
            self.type = type
            self.level = level
        }
    }

    package var user: Int64?
    /// CRI allows a group only together with a user.
    package var group: Int64?
    package var supplementalGroups: [Int64]
    package var isPrivileged: Bool
    package var readOnlyRootFilesystem: Bool
    package var noNewPrivileges: Bool
    package var addedCapabilities: [String]
    package var droppedCapabilities: [String]
    package var maskedPaths: [String]
    package var readOnlyPaths: [String]
    /// Nil is unconfined, as the kubelet's default is.
    package var seccomp: Profile?
    package var appArmor: Profile?
    /// Nil lets the runtime choose, where the kernel has SELinux.
    package var seLinux: Label?

    package init() {
        user = nil
        group = nil
        supplementalGroups = []
        isPrivileged = false
        readOnlyRootFilesystem = false
        noNewPrivileges = false
        addedCapabilities = []
        droppedCapabilities = []
        maskedPaths = []
        readOnlyPaths = []
        seccomp = nil
        appArmor = nil
        seLinux = nil
    }
}
