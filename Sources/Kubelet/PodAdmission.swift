import JSON
import Objects

/// What this machine cannot give a Pod that was bound to it: the Pod fails at once
/// (`lifecycle.PodAdmitHandler`).
enum PodAdmission {
    static func refusal(
        of pod: Pod, _ machine: MachineFacts, _ configuration: KubeletConfiguration
    ) -> PodLifecycle.Failure? {
        if let name = Sysctls.forbidden(in: pod, allowed: configuration.allowedUnsafeSysctls) {
            return .init(
                reason: "SysctlForbidden", message: "forbidden sysctl: \"\(name)\" not allowlisted")
        }
        if !machine.hasAppArmor, wantsAppArmor(pod) {
            return .init(
                reason: "AppArmor",
                message: "Cannot enforce AppArmor: AppArmor is not enabled on the host")
        }
        let security = pod.spec["securityContext"]
        if security?["supplementalGroupsPolicy"]?.string == "Strict" {
            return .init(
                reason: "SupplementalGroupsPolicyNotSupported",
                message: "SupplementalGroupsPolicy=Strict is not supported in this node")
        }
        return nil
    }

    /// A profile that must be enforced; the runtime's own is used where there is one to use.
    private static func wantsAppArmor(_ pod: Pod) -> Bool {
        let contexts = [pod.spec["securityContext"]]
            + (pod.initContainers + pod.containers).map { $0.json["securityContext"] }
        return contexts.contains { context in
            let type = context?["appArmorProfile"]?["type"]?.string
            return type == "Localhost" || type == "RuntimeDefault"
        }
    }
}

/// The kernel settings of a Pod's own namespaces.
enum Sysctls {
    /// Namespaced, isolated, and harmless for others (`pkg/kubelet/sysctl/safe_sysctls.go`).
    static let safe: Set<String> = [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ]

    /// With dots between the parts, also when it is written with slashes (sysctl(8)).
    static func dotted(_ name: String) -> String {
        guard let first = name.first(where: { $0 == "." || $0 == "/" }), first == "/" else {
            return name
        }
        return String(
            name.map { character in
                switch character {
                case "/": "."
                case ".": "/"
                default: character
                }
            })
    }

    /// The first setting that is not allowed, as the Pod names it.
    static func forbidden(in pod: Pod, allowed: [String]) -> String? {
        for entry in pod.spec["securityContext"]?["sysctls"]?.array ?? [] {
            guard let name = entry["name"]?.string else { continue }
            let dotted = dotted(name)
            let isShared = pod.usesHostNetwork && dotted.hasPrefix("net.")
                || pod.spec["hostIPC"]?.bool == true && !dotted.hasPrefix("net.")
            let isAllowed = safe.contains(dotted) || allowed.contains { pattern in
                pattern.hasSuffix("*")
                    ? dotted.hasPrefix(pattern.dropLast()) : dotted == pattern
            }
            if isShared || !isAllowed { return name }
        }
        return nil
    }
}
