import JSON
import Objects

extension ContainerBuilder {
    /// The container's security context over the Pod's (`DetermineEffectiveSecurityContext`).
    func security(
        _ container: Container, image: ImageState
    ) throws(ConfigurationError) -> SecurityContext {
        let pod = pod.spec["securityContext"] ?? [:]
        let own = container.json["securityContext"] ?? [:]
        func effective(_ name: String) -> JSON? { own[name] ?? pod[name] }
        var result = SecurityContext()
        result.user = effective("runAsUser")?.integer ?? image.user
        if image.userName.isEmpty || effective("runAsUser") != nil {
            result.group = effective("runAsGroup")?.integer
        }
        if result.group != nil, result.user == nil { result.user = 0 }
        result.supplementalGroups = (pod["supplementalGroups"]?.array ?? []).compactMap(\.integer)
        if let group = pod["fsGroup"]?.integer { result.supplementalGroups.append(group) }
        result.isPrivileged = own["privileged"]?.bool ?? false
        result.readOnlyRootFilesystem = own["readOnlyRootFilesystem"]?.bool ?? false
        result.noNewPrivileges = own["allowPrivilegeEscalation"]?.bool == false
        result.addedCapabilities = (own["capabilities"]?["add"]).strings
        result.droppedCapabilities = (own["capabilities"]?["drop"]).strings
        result.seccomp = result.isPrivileged
            ? .unconfined : seccomp(effective("seccompProfile"))
        result.appArmor = profile(effective("appArmorProfile"))
        result.seLinux = label(effective("seLinuxOptions"))
        if !result.isPrivileged, own["procMount"]?.string != "Unmasked" {
            result.maskedPaths = Self.maskedPaths
            result.readOnlyPaths = Self.readOnlyPaths
        }
        if effective("runAsNonRoot")?.bool == true {
            try checkNotRoot(result.user, container, image, isSet: effective("runAsUser") != nil)
        }
        return result
    }

    private func checkNotRoot(
        _ user: Int64?, _ container: Container, _ image: ImageState, isSet: Bool
    ) throws(ConfigurationError) {
        let identity = "(pod: \"\(pod.name)_\(pod.namespace)(\(pod.uid))\", "
            + "container: \(container.name))"
        if isSet {
            guard user != 0 else {
                throw ConfigurationError(
                    "container's runAsUser breaks non-root policy \(identity)")
            }
        } else if !image.userName.isEmpty {
            throw ConfigurationError(
                "container has runAsNonRoot and image has non-numeric user "
                    + "(\(image.userName)), cannot verify user is non-root \(identity)")
        } else if user ?? 0 == 0 {
            throw ConfigurationError(
                "container has runAsNonRoot and image will run as root \(identity)")
        }
    }

    /// A profile of the machine is named relative to a folder of it.
    func seccomp(_ json: JSON?) -> SecurityContext.Profile? {
        guard case .localhost(let name) = profile(json) else { return profile(json) }
        return .localhost("\(configuration.seccompRoot)/\(name)")
    }

    func profile(_ json: JSON?) -> SecurityContext.Profile? {
        switch json?["type"]?.string {
        case "RuntimeDefault": .runtimeDefault
        case "Unconfined": .unconfined
        case "Localhost": json?["localhostProfile"]?.string.map { .localhost($0) }
        default: nil
        }
    }

    func label(_ options: JSON?) -> SecurityContext.Label? {
        guard let options else { return nil }
        func part(_ name: String) -> String { options[name]?.string ?? "" }
        return SecurityContext.Label(
            user: part("user"), role: part("role"), type: part("type"), level: part("level"))
    }

    private static let maskedPaths = [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys",
        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
        "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]
    private static let readOnlyPaths = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]
}
