import JSON

/// Nodes: the machines as the API sees them.
extension CoreV1 {
    static let node = ObjectSchema(.core, "Node", "A machine that runs Pods.") {
        MetaV1.header
        Field("spec", nodeSpec, "How the Node is to be used.")
        Field("status", nodeStatus, "What the machine has and how it fares.")
    }

    static let nodeSpec = ObjectSchema(.core, "NodeSpec", "How a Node is to be used.") {
        Field("configSource", nodeConfigSource, "No longer used.")
        Field("externalID", .string, "No longer used.")
        Field("podCIDR", .string, "Network of the Node's Pods.")
        Field(
            "podCIDRs", .list(of: .string, ListMerge(.set)),
            "Networks of the Node's Pods, one a family; the first is podCIDR.")
        Field("providerID", .string, "Identity of the machine with its provider.")
        Field("taints", .atomicList(taint), "Marks that keep Pods away.")
        Field("unschedulable", .boolean, "Whether new Pods are kept away.")
    }

    static let nodeConfigSource = ObjectSchema(.core, "NodeConfigSource", "No longer used.") {
        Field("configMap", configMapNodeConfigSource, "No longer used.")
    }

    static let configMapNodeConfigSource = ObjectSchema(
        .core, "ConfigMapNodeConfigSource", "No longer used."
    ) {
        Field("kubeletConfigKey", .string, "Key of the ConfigMap.", required: true)
        Field("name", .string, "Name of the ConfigMap.", required: true)
        Field("namespace", .string, "Namespace of the ConfigMap.", required: true)
        Field("resourceVersion", .string, "Version of the ConfigMap.")
        Field("uid", .string, "UID of the ConfigMap.")
    }

    static let nodeStatus = ObjectSchema(
        .core, "NodeStatus", "What a machine has and how it fares."
    ) {
        Field("addresses", .list(nodeAddress, by: "type"), "Names and addresses of the machine.")
        Field("allocatable", .quantities, "Resources that Pods may use.")
        Field("capacity", .quantities, "Resources that the machine has.")
        Field("conditions", .list(nodeCondition, by: "type"), "What is true of the machine now.")
        Field("config", nodeConfigStatus, "No longer used.")
        Field("daemonEndpoints", nodeDaemonEndpoints, "Where the machine's daemons listen.")
        Field("declaredFeatures", .strings, "Features of the kubelet that matter to the scheduler.")
        Field("features", nodeFeatures, "What the container runtime can do.")
        Field("images", .atomicList(containerImage), "Images that the machine has.")
        Field("nodeInfo", nodeSystemInfo, "What the machine is and runs.")
        Field("phase", .string, "No longer used.")
        Field(
            "runtimeHandlers", .atomicList(nodeRuntimeHandler),
            "Ways in which the machine can run containers.")
        Field(
            "volumesAttached", .atomicList(attachedVolume),
            "Volumes that are attached to the machine.")
        Field("volumesInUse", .strings, "Volumes that the machine has mounted.")
    }

    static let nodeAddress = ObjectSchema(.core, "NodeAddress", "A name or address of a machine.") {
        Field("address", .string, "The name or address.", required: true)
        Field(
            "type", .string,
            "Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.", required: true)
    }

    static let nodeCondition = ObjectSchema(
        .core, "NodeCondition", "One thing that is true of a machine or not."
    ) {
        Field("lastHeartbeatTime", .time, "When the condition was last looked at.")
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let nodeConfigStatus = ObjectSchema(.core, "NodeConfigStatus", "No longer used.") {
        Field("active", nodeConfigSource, "No longer used.")
        Field("assigned", nodeConfigSource, "No longer used.")
        Field("error", .string, "No longer used.")
        Field("lastKnownGood", nodeConfigSource, "No longer used.")
    }

    static let nodeDaemonEndpoints = ObjectSchema(
        .core, "NodeDaemonEndpoints", "Where a machine's daemons listen."
    ) {
        Field("kubeletEndpoint", daemonEndpoint, "Where the kubelet listens.")
    }

    static let daemonEndpoint = ObjectSchema(.core, "DaemonEndpoint", "Where a daemon listens.") {
        Field("Port", .int32, "Number of the port.", required: true)
    }

    static let nodeFeatures = ObjectSchema(
        .core, "NodeFeatures", "What a container runtime can do."
    ) {
        Field("supplementalGroupsPolicy", .boolean, "Whether it heeds supplementalGroupsPolicy.")
    }

    static let containerImage = ObjectSchema(.core, "ContainerImage", "An image on a machine.") {
        Field("names", .strings, "Names of the image.")
        Field("sizeBytes", .int64, "Its size.")
    }

    static let nodeSystemInfo = ObjectSchema(
        .core, "NodeSystemInfo", "What a machine is and runs."
    ) {
        Field("architecture", .string, "Architecture of the processor.", required: true)
        Field("bootID", .string, "Changes with every start of the machine.", required: true)
        Field(
            "containerRuntimeVersion", .string,
            "Container runtime and its version.", required: true)
        Field("kernelVersion", .string, "Version of the kernel.", required: true)
        Field("kubeProxyVersion", .string, "Version of the service proxy.", required: true)
        Field("kubeletVersion", .string, "Version of the kubelet.", required: true)
        Field(
            "machineID", .string,
            "Identity of the operating system's installation.", required: true)
        Field("operatingSystem", .string, "Operating system.", required: true)
        Field("osImage", .string, "Name and version of the distribution.", required: true)
        Field(
            "runningInUserNamespace", .boolean,
            "Whether the kubelet itself runs in a user namespace.")
        Field("swap", nodeSwapStatus, "Swap space of the machine.")
        Field("systemUUID", .string, "Identity of the hardware.", required: true)
    }

    static let nodeSwapStatus = ObjectSchema(.core, "NodeSwapStatus", "Swap space of a machine.") {
        Field("capacity", .int64, "Its size in bytes.")
    }

    static let nodeRuntimeHandler = ObjectSchema(
        .core, "NodeRuntimeHandler", "A way in which a machine can run containers."
    ) {
        Field("features", nodeRuntimeHandlerFeatures, "What it can do.")
        Field("name", .string, "Its name; empty for the default one.")
    }

    static let nodeRuntimeHandlerFeatures = ObjectSchema(
        .core, "NodeRuntimeHandlerFeatures", "What a way to run containers can do."
    ) {
        Field(
            "recursiveReadOnlyMounts", .boolean,
            "Whether mounts below a read-only one can be read-only too.")
        Field("userNamespaces", .boolean, "Whether Pods can have a user namespace of their own.")
    }

    static let attachedVolume = ObjectSchema(
        .core, "AttachedVolume", "A volume that is attached to a machine."
    ) {
        Field("devicePath", .string, "Path of the device.", required: true)
        Field("name", .string, "Name of the volume.", required: true)
    }
}
