/// Users, groups and other security settings of Pods and containers.
extension CoreV1 {
    static let podSecurityContext = ObjectSchema(
        .core, "PodSecurityContext",
        "Security settings of a Pod; those of a container override them."
    ) {
        Field("appArmorProfile", appArmorProfile, "AppArmor profile of the containers.")
        Field("fsGroup", .int64, "Group that owns the Pod's volumes.")
        Field(
            "fsGroupChangePolicy", .choice(["Always", "OnRootMismatch"]),
            "When the ownership of volumes is changed for fsGroup.")
        Field("runAsGroup", .count64, "Group of the containers' first processes.")
        Field("runAsNonRoot", .boolean, "Whether containers that would run as root are refused.")
        Field(
            "runAsUser", .count64,
            "User of the containers' first processes; the image's own when left out.")
        Field(
            "seLinuxChangePolicy", .choice(["MountOption", "Recursive"]),
            "How volumes get their SELinux label.")
        Field("seLinuxOptions", seLinuxOptions, "SELinux label of the containers.")
        Field("seccompProfile", seccompProfile, "Filter of system calls.")
        Field(
            "supplementalGroups", .list(of: .int64, .atomic),
            "Further groups of the containers' first processes.")
        Field(
            "supplementalGroupsPolicy", .choice(["Merge", "Strict"]),
            "Whether groups of the image are added.")
        Field("sysctls", .atomicList(sysctl), "Kernel parameters of the Pod's namespaces.")
        Field("windowsOptions", windowsSecurityContextOptions, "Settings for Windows.")
    }

    static let securityContext = ObjectSchema(
        .core, "SecurityContext", "Security settings of a container."
    ) {
        Field(
            "allowPrivilegeEscalation", .boolean,
            "Whether a process may gain more rights than its parent has.")
        Field("appArmorProfile", appArmorProfile, "AppArmor profile of the container.")
        Field("capabilities", capabilities, "Capabilities to give and to take away.")
        Field("privileged", .boolean, "Whether the container has the rights of the machine's root.")
        Field(
            "procMount", .choice(["Default", "Unmasked"]), "How much of /proc the container sees.")
        Field("readOnlyRootFilesystem", .boolean, "Whether the root file system is read-only.")
        Field("runAsGroup", .count64, "Group of the first process.")
        Field(
            "runAsNonRoot", .boolean, "Whether the container is refused when it would run as root.")
        Field("runAsUser", .count64, "User of the first process; the image's own when left out.")
        Field("seLinuxOptions", seLinuxOptions, "SELinux label of the container.")
        Field("seccompProfile", seccompProfile, "Filter of system calls.")
        Field("windowsOptions", windowsSecurityContextOptions, "Settings for Windows.")
    }

    static let appArmorProfile = ObjectSchema(.core, "AppArmorProfile", "An AppArmor profile.") {
        Field(
            "localhostProfile", .string,
            "Name of a profile that the machine has loaded; for type Localhost.")
        Field(
            "type", .choice(["Localhost", "RuntimeDefault", "Unconfined"]),
            "Which kind of profile.", required: true)
    }

    static let seccompProfile = ObjectSchema(.core, "SeccompProfile", "A filter of system calls.") {
        Field("localhostProfile", .string, "Path of a profile on the machine; for type Localhost.")
        Field(
            "type", .choice(["Localhost", "RuntimeDefault", "Unconfined"]),
            "Which kind of profile.", required: true)
    }

    static let capabilities = ObjectSchema(
        .core, "Capabilities", "Capabilities (capabilities(7)) of a container."
    ) {
        Field("add", .strings, "Capabilities to give beyond the runtime's own.")
        Field("drop", .strings, "Capabilities to take away; ALL stands for every one.")
    }

    static let seLinuxOptions = ObjectSchema(.core, "SELinuxOptions", "An SELinux label.") {
        Field("level", .string, "Level of the label.")
        Field("role", .string, "Role of the label.")
        Field("type", .string, "Type of the label.")
        Field("user", .string, "User of the label.")
    }

    static let windowsSecurityContextOptions = ObjectSchema(
        .core, "WindowsSecurityContextOptions", "Security settings for Windows."
    ) {
        Field("gmsaCredentialSpec", .string, "Contents of the credential specification.")
        Field("gmsaCredentialSpecName", .string, "Name of the credential specification.")
        Field("hostProcess", .boolean, "Whether the container runs as a process of the machine.")
        Field("runAsUserName", .string, "User of the first process.")
    }

    static let sysctl = ObjectSchema(.core, "Sysctl", "A kernel parameter.") {
        Field("name", .string, "Name of the parameter.", required: true)
        Field("value", .string, "Value of the parameter.", required: true)
    }
}
