/// What one machine's kubelet is told at its start and keeps until its end.
package struct KubeletConfiguration: Sendable, Equatable {
    /// The name of the machine and of its Node.
    package var nodeName: String
    /// The machine's addresses in the mesh; the first is its `hostIP`.
    package var addresses: [String]
    /// Labels for the Node besides those that every kubelet sets.
    package var nodeLabels: [String: String]
    /// The servers for Pods with dnsPolicy ClusterFirst.
    package var clusterDNS: [String]
    /// Such as `cluster.local`.
    package var clusterDomain: String
    /// The machine's own resolv.conf.
    package var resolver: DNSConfiguration
    /// The text of the machine's own hosts file, for Pods with its network.
    package var hostsFile: String
    /// One folder for each Pod, named by its UID, is made in here.
    package var podRoot: String
    /// One log folder for each Pod is made in here.
    package var podLogRoot: String
    /// The cgroup above all Pods; empty leaves the choice to the runtime.
    package var cgroupRoot: String
    /// Processes and threads of one Pod (`podPidsLimit`); nil is without limit.
    package var podProcessesMax: Int64?
    /// Where `seccompProfile.localhostProfile` is looked for.
    package var seccompRoot: String
    /// Sysctls outside of the safe set that Pods may set; one that ends with `*` allows all that
    /// begin so.
    package var allowedUnsafeSysctls: [String]
    /// What the Node says as `kubeletVersion`.
    package var version: String
    /// True on a machine whose images are imported, not pulled: one that is present satisfies
    /// imagePullPolicy Always. One that is absent is pulled all the same.
    package var acceptsPresentImages: Bool
    /// The sources of static Pods that the machine has; each tells what it holds at the start.
    package var staticPodSources: [StaticPodSource]
    package var limits: KubeletLimits

    package init(nodeName: String, addresses: [String]) {
        self.nodeName = nodeName
        self.addresses = addresses
        nodeLabels = [:]
        clusterDNS = []
        clusterDomain = "cluster.local"
        resolver = DNSConfiguration()
        hostsFile = ""
        podRoot = "/var/lib/podmesh/pods"
        podLogRoot = "/var/log/pods"
        cgroupRoot = ""
        podProcessesMax = nil
        seccompRoot = "/var/lib/kubelet/seccomp"
        allowedUnsafeSysctls = []
        version = "v1.36.0+podmesh"
        acceptsPresentImages = false
        staticPodSources = []
        limits = KubeletLimits()
    }

    package var hostAddress: String { addresses.first ?? "" }
}

/// What the kubelet learns of its machine from the shell.
package struct MachineFacts: Sendable, Equatable {
    package var cpuMilli: Int64
    package var memoryBytes: Int64
    package var ephemeralStorageBytes: Int64
    /// Such as `Debian GNU/Linux 12 (bookworm)`.
    package var osImage: String
    package var kernelVersion: String
    /// Go's names: `amd64`, `arm64`.
    package var architecture: String
    package var machineID: String
    package var systemUUID: String
    package var bootID: String
    /// Such as `containerd://1.6.20`.
    package var containerRuntimeVersion: String
    /// Whether the kernel enforces AppArmor profiles.
    package var hasAppArmor: Bool

    package init(cpuMilli: Int64, memoryBytes: Int64, ephemeralStorageBytes: Int64) {
        self.cpuMilli = cpuMilli
        self.memoryBytes = memoryBytes
        self.ephemeralStorageBytes = ephemeralStorageBytes
        osImage = ""
        kernelVersion = ""
        architecture = "amd64"
        machineID = ""
        systemUUID = ""
        bootID = ""
        containerRuntimeVersion = ""
        hasAppArmor = false
    }
}
