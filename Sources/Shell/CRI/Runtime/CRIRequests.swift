import Kubelet
import SwiftProtobuf

/// The kubelet's configurations in the messages of CRI.

extension Runtime_V1_PodSandboxConfig {
    init(_ sandbox: SandboxConfiguration) {
        self.init()
        metadata.name = sandbox.podName
        metadata.namespace = sandbox.podNamespace
        metadata.uid = sandbox.podUID
        metadata.attempt = sandbox.attempt
        hostname = sandbox.hostname
        logDirectory = sandbox.logDirectory
        if let dns = sandbox.dns {
            dnsConfig = .with {
                $0.servers = dns.servers
                $0.searches = dns.searches
                $0.options = dns.options
            }
        }
        portMappings = sandbox.portMappings.map(Runtime_V1_PortMapping.init)
        labels = sandbox.labels
        annotations = sandbox.annotations
        linux = .with {
            $0.cgroupParent = sandbox.cgroupParent
            $0.sysctls = sandbox.sysctls
            $0.securityContext = Runtime_V1_LinuxSandboxSecurityContext(
                sandbox.security, sandbox.namespaces)
        }
    }
}

extension Runtime_V1_PortMapping {
    init(_ mapping: PortMapping) {
        self.init()
        self.protocol =
            switch mapping.protocol {
            case "UDP": .udp
            case "SCTP": .sctp
            default: .tcp
            }
        containerPort = Int32(mapping.containerPort)
        hostPort = Int32(mapping.hostPort)
        hostIp = mapping.hostIP
    }
}

extension Runtime_V1_NamespaceOption {
    init(_ namespaces: NamespaceOptions) {
        self.init()
        network = Runtime_V1_NamespaceMode(namespaces.network)
        pid = Runtime_V1_NamespaceMode(namespaces.processes)
        ipc = Runtime_V1_NamespaceMode(namespaces.ipc)
        targetID = namespaces.targetID
    }
}

extension Runtime_V1_NamespaceMode {
    init(_ mode: NamespaceOptions.Mode) {
        switch mode {
        case .pod: self = .pod
        case .target: self = .target
        case .container: self = .container
        case .machine: self = .node
        }
    }
}

extension Runtime_V1_SecurityProfile {
    init(_ profile: SecurityContext.Profile) {
        self.init()
        switch profile {
        case .runtimeDefault: profileType = .runtimeDefault
        case .unconfined: profileType = .unconfined
        case .localhost(let reference):
            profileType = .localhost
            localhostRef = reference
        }
    }
}

extension Runtime_V1_LinuxSandboxSecurityContext {
    init(_ security: SecurityContext, _ namespaces: NamespaceOptions) {
        self.init()
        namespaceOptions = Runtime_V1_NamespaceOption(namespaces)
        if let user = security.user {
            runAsUser.value = user
            // CRI refuses a group without a user.
            if let group = security.group { runAsGroup.value = group }
        }
        supplementalGroups = security.supplementalGroups
        readonlyRootfs = security.readOnlyRootFilesystem
        privileged = security.isPrivileged
        if let profile = security.seccomp { seccomp = .init(profile) }
        if let profile = security.appArmor { apparmor = .init(profile) }
        if let label = security.seLinux { add(2, WireMessage(label)) }
    }
}

extension Runtime_V1_ContainerConfig {
    init(_ container: ContainerConfiguration) {
        self.init()
        metadata.name = container.name
        metadata.attempt = container.attempt
        image.image = container.image
        command = container.command
        args = container.args
        workingDir = container.workingDirectory
        envs = container.environment.map { variable in
            .with {
                $0.key = variable.name
                $0.value = variable.value
            }
        }
        mounts = container.mounts.map(Runtime_V1_Mount.init)
        for device in container.devices { add(8, WireMessage(device)) }
        labels = container.labels
        annotations = container.annotations
        logPath = container.logPath
        stdin = container.stdin
        stdinOnce = container.stdinOnce
        tty = container.tty
        linux.resources = Runtime_V1_LinuxContainerResources(container.resources)
        linux.securityContext = Runtime_V1_LinuxContainerSecurityContext(
            container.security, container.namespaces)
    }
}

extension SwiftProtobuf.Message {
    /// Adds a part that the declarations in `Protocol` leave out.
    fileprivate mutating func add(_ field: UInt64, _ part: WireMessage) {
        var message = WireMessage()
        message.append(field, part.bytes)
        // It was written a moment ago, so it can be read.
        try? merge(serializedBytes: message.bytes)
    }
}

extension WireMessage {
    /// CRI `SELinuxOption`.
    fileprivate init(_ label: SecurityContext.Label) {
        self.init()
        append(1, label.user)
        append(2, label.role)
        append(3, label.type)
        append(4, label.level)
    }

    /// CRI `Device`.
    fileprivate init(_ device: Device) {
        self.init()
        append(1, device.containerPath)
        append(2, device.hostPath)
        append(3, device.isReadOnly ? "r" : "mrw")
    }
}

extension Runtime_V1_LinuxContainerResources {
    init(_ resources: LinuxResources) {
        self.init()
        cpuPeriod = resources.cpuPeriod
        cpuQuota = resources.cpuQuota
        cpuShares = resources.cpuShares
        memoryLimitInBytes = resources.memoryLimitBytes
        oomScoreAdj = resources.oomScoreAdjustment
    }
}

extension Runtime_V1_Mount {
    init(_ mount: Mount) {
        self.init()
        hostPath = mount.hostPath
        containerPath = mount.containerPath
        readonly = mount.readOnly
        propagation =
            switch mount.propagation {
            case .privately: .propagationPrivate
            case .hostToContainer: .propagationHostToContainer
            case .bidirectional: .propagationBidirectional
            }
    }
}

extension Runtime_V1_LinuxContainerSecurityContext {
    init(_ security: SecurityContext, _ namespaces: NamespaceOptions) {
        self.init()
        namespaceOptions = Runtime_V1_NamespaceOption(namespaces)
        if let user = security.user {
            runAsUser.value = user
            if let group = security.group { runAsGroup.value = group }
        }
        supplementalGroups = security.supplementalGroups
        privileged = security.isPrivileged
        readonlyRootfs = security.readOnlyRootFilesystem
        noNewPrivs = security.noNewPrivileges
        capabilities.addCapabilities = security.addedCapabilities
        capabilities.dropCapabilities = security.droppedCapabilities
        maskedPaths = security.maskedPaths
        readonlyPaths = security.readOnlyPaths
        if let profile = security.seccomp { seccomp = .init(profile) }
        if let profile = security.appArmor { apparmor = .init(profile) }
        if let label = security.seLinux { add(4, WireMessage(label)) }
    }
}
