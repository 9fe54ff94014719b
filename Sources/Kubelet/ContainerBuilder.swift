import JSON
import Objects

/// Turns a Pod into what CRI wants for its sandbox and containers.
struct ContainerBuilder {
    let pod: Pod
    let configuration: KubeletConfiguration
    let paths: PodPaths
    let memoryCapacity: Int64
    let sources: PodSources

    private var podSecurity: JSON { pod.spec["securityContext"] ?? [:] }

    func sandbox(attempt: UInt32) -> SandboxConfiguration {
        var result = SandboxConfiguration(
            podName: pod.name, podNamespace: pod.namespace, podUID: pod.uid, attempt: attempt)
        result.hostname = PodNames.sandboxHostname(
            pod, clusterDomain: configuration.clusterDomain)
        result.logDirectory = paths.logDirectory
        result.dns = PodDNS.configuration(for: pod, configuration)
        result.portMappings = pod.containers.flatMap(portMappings)
        result.labels = pod.metadata.labels.merging(PodLabels.labels(of: pod)) { $1 }
        result.annotations = pod.metadata.annotations
        result.annotations[PodLabels.configurationSource] =
            pod.metadata.annotations[PodLabels.configurationSource] ?? "api"
        result.annotations[PodLabels.gracePeriod] = String(pod.terminationGracePeriodSeconds)
        result.cgroup = cgroup
        result.cgroupParent = cgroup?.path ?? ""
        for entry in podSecurity["sysctls"]?.array ?? [] {
            guard let name = entry["name"]?.string else { continue }
            result.sysctls[Sysctls.dotted(name)] = entry["value"]?.string ?? ""
        }
        result.namespaces = namespaces
        result.security.isPrivileged = (pod.initContainers + pod.containers).contains {
            $0.json["securityContext"]?["privileged"]?.bool == true
        }
        result.security.supplementalGroups = supplementalGroups
        result.security.seccomp = seccomp(podSecurity["seccompProfile"])
        result.security.seLinux = label(podSecurity["seLinuxOptions"])
        result.runtimeHandler = runtimeHandler
        return result
    }

    /// Nil leaves it to the runtime.
    var cgroup: CgroupSettings? {
        guard !configuration.cgroupRoot.isEmpty else { return nil }
        return PodResources.cgroup(
            of: pod, path: "\(configuration.cgroupRoot)/pod\(pod.uid)",
            processesMax: configuration.podProcessesMax)
    }

    /// The handler of the Pod's RuntimeClass. One that is not there is named to the runtime as it
    /// stands, which refuses what it does not know.
    private var runtimeHandler: String {
        guard let name = pod.spec["runtimeClassName"]?.string, !name.isEmpty else { return "" }
        return sources.document(.runtimeClasses, "", name)?["handler"]?.string ?? name
    }

    private var namespaces: NamespaceOptions {
        var options = NamespaceOptions()
        if pod.usesHostNetwork { options.network = .machine }
        if pod.spec["hostIPC"]?.bool == true { options.ipc = .machine }
        if pod.spec["hostPID"]?.bool == true {
            options.processes = .machine
        } else if pod.spec["shareProcessNamespace"]?.bool == true {
            options.processes = .pod
        }
        return options
    }

    private var supplementalGroups: [Int64] {
        let groups = (podSecurity["supplementalGroups"]?.array ?? []).compactMap(\.integer)
        return groups + [podSecurity["fsGroup"]?.integer].compactMap { $0 }
    }

    private func portMappings(_ container: Container) -> [PortMapping] {
        container.ports.compactMap { port in
            guard !pod.usesHostNetwork,
                let number = port["containerPort"]?.integer.flatMap(UInt16.init(exactly:)),
                let hostPort = port["hostPort"]?.integer.flatMap(UInt16.init(exactly:)),
                hostPort != 0
            else { return nil }
            return PortMapping(
                protocol: port["protocol"]?.string ?? "TCP", containerPort: number,
                hostPort: hostPort, hostIP: port["hostIP"]?.string ?? "")
        }
    }

    func container(
        _ container: Container, attempt: UInt32, image: ImageState,
        environment: [EnvironmentVariable], addresses: [String]
    ) throws(ConfigurationError) -> ContainerConfiguration {
        var result = ContainerConfiguration(
            name: container.name, attempt: attempt, image: image.id)
        result.userImage = container.image
        var values: [String: String] = [:]
        for variable in environment { values[variable.name] = variable.value }
        result.command = container.command.map { Expansion.expand($0) { values[$0] } }
        result.args = container.args.map { Expansion.expand($0) { values[$0] } }
        result.workingDirectory = container.workingDirectory
        result.environment =
            [EnvironmentVariable(name: "HOSTNAME", value: environmentHostname)]
            .filter { values[$0.name] == nil } + environment
        result.labels = PodLabels.labels(of: pod)
        result.labels[PodLabels.containerName] = container.name
        result.annotations = annotations(container, attempt: attempt)
        result.logPath = PodPaths.log(container.name, attempt: attempt)
        result.stdin = container.json["stdin"]?.bool ?? false
        result.stdinOnce = container.json["stdinOnce"]?.bool ?? false
        result.tty = container.json["tty"]?.bool ?? false
        result.resources = PodResources.linux(
            container, pod: pod, memoryCapacity: memoryCapacity)
        result.namespaces = namespaces
        result.security = try security(container, image: image)
        result.preparation = [
            .directory(
                path: "\(paths.logDirectory)/\(container.name)", mode: 0o755, group: nil)
        ]
        try addMounts(to: &result, container, values)
        result.devices = try devices(of: container)
        addManagedFiles(to: &result, container, addresses: addresses)
        return result
    }

    /// The machine's own name with its network, as the runtime sets it there.
    private var environmentHostname: String {
        pod.usesHostNetwork ? configuration.nodeName : PodNames.hostname(pod)
    }

    private func annotations(_ container: Container, attempt: UInt32) -> [String: String] {
        [
            PodLabels.containerHash: PodLabels.hash(of: container),
            PodLabels.restartCount: String(attempt),
            PodLabels.terminationMessagePath: terminationMessagePath(container),
            PodLabels.terminationMessagePolicy:
                container.json["terminationMessagePolicy"]?.string ?? "File",
            PodLabels.gracePeriod: String(pod.terminationGracePeriodSeconds),
        ]
    }

    private func terminationMessagePath(_ container: Container) -> String {
        container.json["terminationMessagePath"]?.string ?? "/dev/termination-log"
    }

    /// The hosts file and the termination log, unless the Pod mounts something there itself.
    private func addManagedFiles(
        to result: inout ContainerConfiguration, _ container: Container, addresses: [String]
    ) {
        if !result.mounts.contains(where: { $0.containerPath == "/etc/hosts" }) {
            let text = HostsFile.text(
                pod: pod, addresses: addresses, clusterDomain: configuration.clusterDomain,
                machineText: configuration.hostsFile)
            result.preparation.append(
                .file(path: paths.hostsFile, content: Array(text.utf8), mode: 0o644))
            result.mounts.append(
                Mount(
                    hostPath: paths.hostsFile, containerPath: "/etc/hosts",
                    readOnly: result.security.readOnlyRootFilesystem))
        }
        let log = paths.terminationLog(container.name, attempt: result.attempt)
        result.preparation.append(.touch(path: log, mode: 0o666))
        result.mounts.append(
            Mount(hostPath: log, containerPath: terminationMessagePath(container)))
    }
}
