import JSON

/// What a Pod runs and how (`v1.PodSpec`).
extension CoreV1 {
    static let podSpec = ObjectSchema(
        .core, "PodSpec", "What a Pod runs, and where and how it runs it."
    ) {
        Field(
            "activeDeadlineSeconds", .integer64(1...2_147_483_647),
            "Seconds from its start after which the Pod is ended and counts as failed.")
        Field(
            "affinity", affinity,
            "Which machines, and which other Pods on them, the Pod is drawn to or kept from.")
        Field(
            "automountServiceAccountToken", .boolean,
            "Whether containers find a token of the service account in their file system.")
        Field(
            "containers", .list(container, by: "name"),
            "The containers that make up the Pod; at least one, and fixed once it exists.",
            required: true)
        Field("dnsConfig", podDNSConfig, "Additions to the resolver settings that dnsPolicy makes.")
        Field(
            "dnsPolicy", .choice(["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
            "Where the containers look up names: the cluster's DNS, the machine's, or "
                + "dnsConfig alone.", default: "ClusterFirst")
        Field(
            "enableServiceLinks", .boolean,
            "Whether containers get environment variables that name the Services of the "
                + "namespace.", default: true)
        Field(
            "ephemeralContainers", .list(ephemeralContainer, by: "name"),
            "Containers added to a running Pod for debugging, by its subresource only.")
        Field(
            "hostAliases", .list(hostAlias, by: "ip"),
            "Lines to add to the containers' hosts file.")
        Field("hostIPC", .boolean, "Whether the Pod shares the machine's IPC namespace.")
        Field(
            "hostNetwork", .boolean,
            "Whether the Pod uses the machine's network; its container ports are then host ports.")
        Field("hostPID", .boolean, "Whether the Pod sees the machine's processes.")
        Field(
            "hostUsers", .boolean,
            "Whether the Pod uses the machine's user namespace; false gives it one of its own.")
        Field("hostname", .string(.dnsLabel), "The Pod's host name; its own name when left out.")
        Field(
            "hostnameOverride", .string(.dnsSubdomain),
            "A host name that containers see whatever hostname, subdomain and "
                + "setHostnameAsFQDN say.")
        Field(
            "imagePullSecrets", .list(localObjectReference, by: "name"),
            "Secrets of the namespace with which images are pulled.")
        Field(
            "initContainers", .list(container, by: "name"),
            "Containers that run to completion, one after another, before the others start.")
        Field("nodeName", .string, "The Node that runs the Pod; set by the scheduler.")
        Field("nodeSelector", .stringMap, "Labels that a Node must have to run the Pod.")
        Field("os", podOS, "The operating system that the containers need.")
        Field(
            "overhead", .quantities,
            "What running the Pod costs beside its containers; set from its runtime class.")
        Field(
            "preemptionPolicy", .choice(["Never", "PreemptLowerPriority"]),
            "Whether the Pod may push out others of lower priority.")
        Field("priority", .int32, "How important the Pod is; set from its priority class.")
        Field(
            "priorityClassName", .string(.dnsSubdomain),
            "The class that gives the Pod its priority.")
        Field(
            "readinessGates", .atomicList(podReadinessGate),
            "Conditions that must also be true before the Pod counts as ready.")
        Field(
            "resourceClaims", .list(podResourceClaim, by: "name", retainsKeys: true),
            "Claims to devices that must be allocated before the Pod may start.")
        Field(
            "resources", resourceRequirements,
            "Resources of the Pod as a whole, beside those of its containers.")
        Field(
            "restartPolicy", .choice(["Always", "Never", "OnFailure"]),
            "Whether containers that have ended are started again.", default: "Always")
        Field(
            "runtimeClassName", .string(.dnsSubdomain),
            "The runtime class that runs the Pod; the default runtime when left out.")
        Field(
            "schedulerName", .string,
            "The scheduler that finds a Node for the Pod.", default: "default-scheduler")
        Field(
            "schedulingGates", .list(podSchedulingGate, by: "name"),
            "Gates that keep the Pod from being scheduled until all are removed.")
        Field(
            "schedulingGroup", podSchedulingGroup,
            "The group of Pods that are to be scheduled together with this one.")
        Field(
            "securityContext", podSecurityContext,
            "Users, groups and security settings of the Pod and, as defaults, of its containers.",
            default: [:])
        Field("serviceAccount", .string, "Older name of serviceAccountName.")
        Field(
            "serviceAccountName", .string(.dnsSubdomain),
            "The service account that the Pod acts as.")
        Field("setHostnameAsFQDN", .boolean, "Whether the host name is the fully qualified one.")
        Field(
            "shareProcessNamespace", .boolean,
            "Whether the Pod's containers see each other's processes.")
        Field(
            "subdomain", .string(.dnsLabel),
            "Makes the Pod's full name hostname.subdomain.namespace.svc of the cluster's domain.")
        Field(
            "terminationGracePeriodSeconds", .count64,
            "Seconds that containers have to end by themselves before they are killed.",
            default: 30)
        Field("tolerations", .atomicList(toleration), "Taints of Nodes that the Pod puts up with.")
        Field(
            "topologySpreadConstraints",
            .list(
                topologySpreadConstraint, by: "topologyKey", "whenUnsatisfiable"),
            "How the Pods of a group spread over zones, Nodes or the like.")
        Field(
            "volumes", .list(volume, by: "name", retainsKeys: true),
            "The storage that containers of the Pod can mount.")
    }

    static let podDNSConfig = ObjectSchema(.core, "PodDNSConfig", "Resolver settings of a Pod.") {
        Field("nameservers", .strings, "Addresses of DNS servers, asked before those of dnsPolicy.")
        Field(
            "options", .atomicList(podDNSConfigOption),
            "Resolver options, added to those of dnsPolicy.")
        Field("searches", .strings, "Domains in which short names are looked up.")
    }

    static let podDNSConfigOption = ObjectSchema(
        .core, "PodDNSConfigOption", "One option of the resolver."
    ) {
        Field("name", .string, "Name of the option.")
        Field("value", .string, "Value of the option, if it takes one.")
    }

    static let hostAlias = ObjectSchema(.core, "HostAlias", "A line of the hosts file.") {
        Field("hostnames", .strings, "Names of the address.")
        Field("ip", .string(.ipAddress), "The address.", required: true)
    }

    static let localObjectReference = ObjectSchema(
        .core, "LocalObjectReference", "Names an object in the same namespace.", isAtomic: true
    ) {
        Field("name", .string, "Name of the object.")
    }

    static let podOS = ObjectSchema(.core, "PodOS", "An operating system.") {
        Field(
            "name", .choice(["linux", "windows"]), "Name of the operating system.", required: true)
    }

    static let podReadinessGate = ObjectSchema(
        .core, "PodReadinessGate", "A condition that is part of a Pod's readiness."
    ) {
        Field("conditionType", .string(.qualifiedName), "Type of the condition.", required: true)
    }

    static let podResourceClaim = ObjectSchema(
        .core, "PodResourceClaim", "A claim to devices, under a name for containers to refer to."
    ) {
        Field("name", .string(.dnsLabel), "Name of the claim in this Pod.", required: true)
        Field(
            "resourceClaimName", .string(.dnsSubdomain), "An existing claim in the same namespace.")
        Field(
            "resourceClaimTemplateName", .string(.dnsSubdomain),
            "A template from which a claim for this Pod is made.")
    }

    static let podSchedulingGate = ObjectSchema(
        .core, "PodSchedulingGate", "A gate that keeps a Pod from being scheduled."
    ) {
        Field(
            "name", .string(.qualifiedName), "Name of the gate, unique in the Pod.", required: true)
    }

    static let podSchedulingGroup = ObjectSchema(
        .core, "PodSchedulingGroup", "The group of Pods that a Pod is scheduled with."
    ) {
        Field("podGroupName", .string(.dnsSubdomain), "Name of the group in the same namespace.")
    }

    static let podTemplateSpec = ObjectSchema(
        .core, "PodTemplateSpec", "The Pod that a controller makes copies of."
    ) {
        Field("metadata", MetaV1.objectMeta, "Labels and annotations of the copies.")
        Field("spec", podSpec, "What the copies run.")
    }
}
