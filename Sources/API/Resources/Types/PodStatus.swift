import JSON

/// What is known of a running Pod (`v1.PodStatus`).
extension CoreV1 {
    static let podStatus = ObjectSchema(
        .core, "PodStatus", "What the kubelet and the cluster know of a Pod."
    ) {
        Field(
            "allocatedResources", .quantities,
            "Resources of the Pod as a whole that the machine has set aside.")
        Field("conditions", .list(podCondition, by: "type"), "What is true of the Pod now.")
        Field("containerStatuses", .atomicList(containerStatus), "What is known of each container.")
        Field(
            "ephemeralContainerStatuses", .atomicList(containerStatus),
            "What is known of each ephemeral container.")
        Field(
            "extendedResourceClaimStatus", podExtendedResourceClaimStatus,
            "The claim made for extended resources.")
        Field("hostIP", .string, "Address of the machine that runs the Pod.")
        Field(
            "hostIPs",
            .list(
                of: .object(hostIP), ListMerge(.atomic, patchMergeKey: "ip", isPatchMerged: true)),
            "Addresses of the machine, one a family.")
        Field(
            "initContainerStatuses", .atomicList(containerStatus),
            "What is known of each init container.")
        Field("message", .string, "Why the Pod is in this state, for people.")
        Field(
            "nodeAllocatableResourceClaimStatuses", .atomicList(nodeAllocatableResourceClaimStatus),
            "Claims to resources of the machine itself.")
        Field("nominatedNodeName", .string, "Node on which room is being made for the Pod.")
        Field("observedGeneration", .int64, "The generation that this status tells of.")
        Field(
            "phase", .choice(["Failed", "Pending", "Running", "Succeeded", "Unknown"]),
            "How far the Pod is in its life.")
        Field("podIP", .string, "Address of the Pod.")
        Field("podIPs", .list(podIP, by: "ip"), "Addresses of the Pod, one a family.")
        Field(
            "qosClass", .choice(["BestEffort", "Burstable", "Guaranteed"]),
            "How the Pod fares when the machine runs short.")
        Field("reason", .string, "Why the Pod is in this state, in one word.")
        Field("resize", .string, "State of a change of resources, in older versions.")
        Field(
            "resourceClaimStatuses", .list(podResourceClaimStatus, by: "name", retainsKeys: true),
            "The claims made for the Pod.")
        Field(
            "resources", resourceRequirements, "Resources of the Pod as a whole that are in force.")
        Field("startTime", .time, "When the kubelet took up the Pod.")
    }

    static let podCondition = ObjectSchema(
        .core, "PodCondition", "One thing that is true of a Pod or not."
    ) {
        Field("lastProbeTime", .time, "When the condition was last checked.")
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("observedGeneration", .int64, "The generation that this condition tells of.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let hostIP = ObjectSchema(.core, "HostIP", "An address of a machine.") {
        Field("ip", .string, "The address.", required: true)
    }

    static let podIP = ObjectSchema(.core, "PodIP", "An address of a Pod.") {
        Field("ip", .string, "The address.", required: true)
    }

    static let podResourceClaimStatus = ObjectSchema(
        .core, "PodResourceClaimStatus", "The claim made for an entry of spec.resourceClaims."
    ) {
        Field("name", .string, "Name of the entry.", required: true)
        Field("resourceClaimName", .string, "Name of the claim; none was needed when left out.")
    }

    static let podExtendedResourceClaimStatus = ObjectSchema(
        .core, "PodExtendedResourceClaimStatus", "The claim made for extended resources."
    ) {
        Field(
            "requestMappings", .atomicList(containerExtendedResourceRequest),
            "Which container's resource is which request.", required: true)
        Field("resourceClaimName", .string, "Name of the claim.", required: true)
    }

    static let containerExtendedResourceRequest = ObjectSchema(
        .core, "ContainerExtendedResourceRequest",
        "A container's extended resource and its request."
    ) {
        Field("containerName", .string, "Name of the container.", required: true)
        Field("requestName", .string, "Name of the request in the claim.", required: true)
        Field("resourceName", .string, "Name of the extended resource.", required: true)
    }

    static let nodeAllocatableResourceClaimStatus = ObjectSchema(
        .core, "NodeAllocatableResourceClaimStatus", "A claim to resources of the machine itself."
    ) {
        Field("containers", .strings, "Containers that use the claim.")
        Field(
            "mapping", .atomicList(nodeAllocatableMappedResources),
            "How much of which resource the claim takes.")
        Field("resourceClaimName", .string, "Name of the claim.", required: true)
    }

    static let nodeAllocatableMappedResources = ObjectSchema(
        .core, "NodeAllocatableMappedResources", "An amount of a resource."
    ) {
        Field("name", .string, "Name of the resource.", required: true)
        Field("quantity", .quantity, "How much of it.")
    }

    static let containerStatus = ObjectSchema(
        .core, "ContainerStatus", "What is known of a container."
    ) {
        Field("allocatedResources", .quantities, "Resources that the machine has set aside.")
        Field(
            "allocatedResourcesStatus",
            .list(of: .object(resourceStatus), ListMerge(.map(keys: ["name"]))),
            "Health of devices.")
        Field("containerID", .string, "Identity of the container, as runtime://identity.")
        Field("image", .string, "The image that runs.", required: true)
        Field("imageID", .string, "Identity of that image.", required: true)
        Field("lastState", containerState, "How the container ended before it was started again.")
        Field("name", .string, "Name of the container.", required: true)
        Field("ready", .boolean, "Whether the container can serve.", required: true)
        Field("resources", resourceRequirements, "Resources that are in force.")
        Field("restartCount", .int32, "How often the container was started again.", required: true)
        Field("started", .boolean, "Whether the startup probe and the postStart hook are through.")
        Field("state", containerState, "What the container does now.")
        Field("stopSignal", .string, "The signal that tells the container to end.")
        Field("user", containerUser, "User of the first process.")
        Field(
            "volumeMounts", .list(volumeMountStatus, by: "mountPath"),
            "What is known of mounted volumes.")
    }

    static let containerState = ObjectSchema(
        .core, "ContainerState", "What a container does; one member is given, waiting when none is."
    ) {
        Field("running", containerStateRunning, "It runs.")
        Field("terminated", containerStateTerminated, "It has ended.")
        Field("waiting", containerStateWaiting, "It is yet to start.")
    }

    static let containerStateRunning = ObjectSchema(
        .core, "ContainerStateRunning", "A running container."
    ) {
        Field("startedAt", .time, "When it started.")
    }

    static let containerStateTerminated = ObjectSchema(
        .core, "ContainerStateTerminated", "A container that has ended."
    ) {
        Field("containerID", .string, "Identity of the container.")
        Field("exitCode", .int32, "The exit code of its first process.", required: true)
        Field("finishedAt", .time, "When it ended.")
        Field("message", .string, "Its last message.")
        Field("reason", .string, "Why it ended, in one word.")
        Field("signal", .int32, "The signal that ended it.")
        Field("startedAt", .time, "When it had started.")
    }

    static let containerStateWaiting = ObjectSchema(
        .core, "ContainerStateWaiting", "A container that is yet to start."
    ) {
        Field("message", .string, "Why it waits, for people.")
        Field("reason", .string, "Why it waits, in one word.")
    }

    static let containerUser = ObjectSchema(
        .core, "ContainerUser", "User of a container's first process."
    ) {
        Field("linux", linuxContainerUser, "On Linux.")
    }

    static let linuxContainerUser = ObjectSchema(
        .core, "LinuxContainerUser", "User of a container's first process on Linux."
    ) {
        Field("gid", .int64, "Its group.", required: true)
        Field("supplementalGroups", .list(of: .int64, .atomic), "Its further groups.")
        Field("uid", .int64, "Its user.", required: true)
    }

    static let resourceStatus = ObjectSchema(
        .core, "ResourceStatus", "Health of a container's devices."
    ) {
        Field("name", .string, "Name of the resource.", required: true)
        Field(
            "resources", .list(of: .object(resourceHealth), ListMerge(.map(keys: ["resourceID"]))),
            "Health of each device.")
    }

    static let resourceHealth = ObjectSchema(.core, "ResourceHealth", "Health of a device.") {
        Field("health", .string, "Healthy, Unhealthy or Unknown.")
        Field("message", .string, "Why, for people.")
        Field("resourceID", .string, "Identity of the device.", required: true)
    }

    static let volumeMountStatus = ObjectSchema(
        .core, "VolumeMountStatus", "What is known of a mounted volume."
    ) {
        Field("mountPath", .string, "Path in the container.", required: true)
        Field("name", .string, "Name of the volume.", required: true)
        Field("readOnly", .boolean, "Whether it is mounted read-only.")
        Field("recursiveReadOnly", .string, "Whether mounts below it are read-only too.")
        Field("volumeStatus", volumeStatus, "What is known of the volume.")
    }

    static let volumeStatus = ObjectSchema(.core, "VolumeStatus", "What is known of a volume.") {
        Field("image", imageVolumeStatus, "For an image volume.")
    }

    static let imageVolumeStatus = ObjectSchema(
        .core, "ImageVolumeStatus", "What is known of an image volume."
    ) {
        Field("imageRef", .string, "Identity of the image.", required: true)
    }
}
