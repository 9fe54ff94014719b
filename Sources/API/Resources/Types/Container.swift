import JSON

/// Containers of a Pod and what they need.
extension CoreV1 {
    static let container = ObjectSchema(
        .core, "Container", "One program of a Pod, with its image, environment and resources."
    ) {
        containerFields
    }

    static let ephemeralContainer = ObjectSchema(
        .core, "EphemeralContainer", "A container added to a running Pod to look into it."
    ) {
        containerFields
        Field("targetContainerName", .string, "The container whose processes this one should see.")
    }

    /// Fields of every kind of container.
    static let containerFields: [Field] = [
        Field("args", .strings, "Arguments of the command; the image's own when left out."),
        Field("command", .strings, "The program to run in place of the image's entry point."),
        Field("env", .list(envVar, by: "name"), "Environment variables, in order."),
        Field(
            "envFrom", .atomicList(envFromSource),
            "Sources whose every key becomes an environment variable; env wins."),
        Field("image", .string, "The image to run."),
        Field(
            "imagePullPolicy", .choice(["Always", "IfNotPresent", "Never"]),
            "When the image is pulled; Always for the tag latest, else IfNotPresent."),
        Field(
            "lifecycle", lifecycle,
            "What happens right after the container starts and before it stops."),
        Field(
            "livenessProbe", probe,
            "Checks that the container still works; it is restarted when not."),
        Field(
            "name", .string(.dnsLabel),
            "Name of the container, unique in the Pod.", required: true),
        Field(
            "ports", .list(containerPort, by: "containerPort", "protocol"),
            "Ports that the container listens on; for information and for Services to name."),
        Field(
            "readinessProbe", probe,
            "Checks that the container can serve; Services leave the Pod out when not."),
        Field(
            "resizePolicy", .atomicList(containerResizePolicy),
            "Whether the container restarts when its resources are changed."),
        Field(
            "resources", resourceRequirements,
            "The computing resources that the container needs and may use.", default: [:]),
        Field(
            "restartPolicy", .choice(["Always", "Never", "OnFailure"]),
            "Overrides the Pod's policy; Always on an init container makes it a sidecar."),
        Field(
            "restartPolicyRules", .atomicList(containerRestartRule),
            "Rules, in order, for what an exit code means, before restartPolicy is asked."),
        Field(
            "securityContext", securityContext,
            "Security settings of the container; they override the Pod's."),
        Field(
            "startupProbe", probe,
            "Checks that the container has started; other probes wait until it succeeds."),
        Field("stdin", .boolean, "Whether the container has a standard input to attach to."),
        Field(
            "stdinOnce", .boolean,
            "Whether standard input closes after the first client has left."),
        Field(
            "terminationMessagePath", .string,
            "File from which the container's last message is read.",
            default: "/dev/termination-log"),
        Field(
            "terminationMessagePolicy", .choice(["FallbackToLogsOnError", "File"]),
            "Whether the end of the log serves as last message when the file is empty.",
            default: "File"),
        Field("tty", .boolean, "Whether the container has a terminal; it needs stdin."),
        Field(
            "volumeDevices", .list(volumeDevice, by: "devicePath"),
            "Block devices that the container uses."),
        Field(
            "volumeMounts", .list(volumeMount, by: "mountPath"),
            "Volumes that the container sees, and where."),
        Field(
            "workingDir", .string,
            "Directory in which the command starts; the image's own when left out."),
    ]

    static let containerPort = ObjectSchema(
        .core, "ContainerPort", "A port that a container listens on."
    ) {
        Field("containerPort", .port, "Number of the port in the Pod.", required: true)
        Field("hostIP", .string, "Address of the machine to bind the host port to.")
        Field(
            "hostPort", .integer32(0...65_535),
            "Number of the port on the machine that leads here.")
        Field("name", .string, "Name of the port for Services, unique in the Pod.")
        Field("protocol", .choice(["SCTP", "TCP", "UDP"]), "TCP, UDP or SCTP.", default: "TCP")
    }

    static let containerResizePolicy = ObjectSchema(
        .core, "ContainerResizePolicy", "What a change of one resource does to a running container."
    ) {
        Field("resourceName", .string, "The resource, cpu or memory.", required: true)
        Field(
            "restartPolicy", .choice(["NotRequired", "RestartContainer"]),
            "Whether the container restarts.", required: true)
    }

    static let containerRestartRule = ObjectSchema(
        .core, "ContainerRestartRule", "A rule for one way in which a container may end."
    ) {
        Field(
            "action", .choice(["Restart", "RestartAllContainers"]),
            "What to do when the rule holds.", required: true)
        Field(
            "exitCodes", containerRestartRuleOnExitCodes,
            "The exit codes for which the rule holds.")
    }

    static let containerRestartRuleOnExitCodes = ObjectSchema(
        .core, "ContainerRestartRuleOnExitCodes", "A demand on a container's exit code."
    ) {
        Field(
            "operator", .choice(["In", "NotIn"]),
            "Whether the code is among the values or not.", required: true)
        Field("values", .list(of: .int32, ListMerge(.set)), "Exit codes to compare with.")
    }

    static let resourceRequirements = ObjectSchema(
        .core, "ResourceRequirements", "The computing resources that something needs and may use."
    ) {
        Field(
            "claims", .list(of: .object(resourceClaim), ListMerge(.map(keys: ["name"]))),
            "Claims of the Pod that the container uses.")
        Field("limits", .quantities, "The most that may be used.")
        Field("requests", .quantities, "What is set aside; equal to the limit when left out.")
    }

    static let resourceClaim = ObjectSchema(
        .core, "ResourceClaim", "Refers to one of the Pod's resource claims."
    ) {
        Field("name", .string(.dnsLabel), "Name of the claim in the Pod.", required: true)
        Field("request", .string(.dnsLabel), "One request of the claim, or all of it.")
    }

    static let volumeDevice = ObjectSchema(
        .core, "VolumeDevice", "A block device in a container."
    ) {
        Field("devicePath", .string, "Path of the device in the container.", required: true)
        Field("name", .string, "Name of the volume.", required: true)
    }

    static let volumeMount = ObjectSchema(
        .core, "VolumeMount", "A volume in a container's file system."
    ) {
        Field(
            "mountPath", .string, "Path in the container; it may not hold a colon.", required: true)
        Field(
            "mountPropagation", .choice(["Bidirectional", "HostToContainer", "None"]),
            "Whether mounts made later on one side show on the other.")
        Field("name", .string, "Name of the volume.", required: true)
        Field("readOnly", .boolean, "Whether the container may only read it.")
        Field(
            "recursiveReadOnly", .choice(["Disabled", "Enabled", "IfPossible"]),
            "Whether mounts below a read-only one are read-only too.")
        Field("subPath", .string, "A path inside the volume to mount in place of its root.")
        Field("subPathExpr", .string, "As subPath, with $(NAME) replaced by environment variables.")
    }
}
