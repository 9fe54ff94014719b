import JSON
import Objects

/// The rules of the level `baseline`.
extension PodSecurityCheck {
    var appArmor: PodSecurityFault? {
        func isAllowed(_ type: String?) -> Bool {
            type == nil || type == "RuntimeDefault" || type == "Localhost"
        }
        var setters = setters { !isAllowed($0["appArmorProfile"]?["type"]?.string) }
        var values = values(of: ["appArmorProfile", "type"]).filter { !isAllowed($0) }
        let forbidden = annotations.members.filter { name, value in
            let text = value.string ?? ""
            return name.hasPrefix("container.apparmor.security.beta.kubernetes.io/")
                && !text.isEmpty && text != "runtime/default" && !text.hasPrefix("localhost/")
        }.map { "\($0.name)=\(quotedText($0.value.string ?? ""))" }.sorted()
        if !forbidden.isEmpty {
            setters.append(Self.plural("annotation", forbidden.count))
            values += forbidden
        }
        guard !setters.isEmpty else { return nil }
        return PodSecurityFault(
            reason: Self.plural("forbidden AppArmor profile", values.count),
            detail: setters.joined(separator: " and ") + " must not set AppArmor profile type to "
                + Self.quoted(values))
    }

    var hostNamespaces: PodSecurityFault? {
        let shared = ["hostIPC", "hostNetwork", "hostPID"].filter { spec.flag($0) }
        return shared.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "host namespaces",
                detail: shared.map { "\($0)=true" }.joined(separator: ", "))
    }

    var hostPorts: PodSecurityFault? {
        func ports(_ container: JSON) -> [Int64] {
            container.list("ports").map { $0.count("hostPort") }.filter { $0 != 0 }
        }
        let bad = names { !ports($0).isEmpty }
        guard !bad.isEmpty else { return nil }
        let used = Set(containers.flatMap(ports).map { String($0) }).sorted()
        return PodSecurityFault(
            reason: "hostPort",
            detail: "\(Self.naming(bad)) \(bad.count == 1 ? "uses" : "use") "
                + "\(Self.plural("hostPort", used.count)) \(used.joined(separator: ", "))")
    }

    var hostsOfProbes: PodSecurityFault? {
        guard level.includes(34) else { return nil }
        func hosts(_ container: JSON) -> [String] {
            let lifecycle = container["lifecycle"]
            let handlers =
                ["livenessProbe", "readinessProbe", "startupProbe"].map { container[$0] }
                + ["postStart", "preStop"].map { lifecycle?[$0] }
            return handlers.flatMap { handler in
                ["httpGet", "tcpSocket"].map { handler?[$0]?.text("host") ?? "" }
            }.filter { !$0.isEmpty }
        }
        let bad = Set(names { !hosts($0).isEmpty }).sorted()
        guard !bad.isEmpty else { return nil }
        let used = Set(containers.flatMap(hosts)).sorted()
        return PodSecurityFault(
            reason: "probe or lifecycle host",
            detail: "\(Self.naming(bad)) \(bad.count == 1 ? "uses" : "use") "
                + "\(Self.plural("probe or lifecycle host", used.count)) \(Self.quoted(used))")
    }

    var privileged: PodSecurityFault? {
        let bad = names { $0["securityContext"]?.flag("privileged") ?? false }
        return bad.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "privileged",
                detail: "\(Self.naming(bad)) must not set securityContext.privileged=true")
    }

    var procMount: PodSecurityFault? {
        // What restricted says of it knows no exception.
        if hasOwnUsers, level.level == .baseline { return nil }
        func type(_ container: JSON) -> String {
            container["securityContext"]?.text("procMount") ?? ""
        }
        let bad = containers.filter { !["", "Default"].contains(type($0)) }
        guard !bad.isEmpty else { return nil }
        return PodSecurityFault(
            reason: "procMount",
            detail: "\(Self.naming(bad.map { $0.text("name") })) must not set "
                + "securityContext.procMount to \(Self.quoted(Set(bad.map(type)).sorted()))")
    }

    var seLinux: PodSecurityFault? {
        var allowed = ["", "container_t", "container_init_t", "container_kvm_t"]
        if level.includes(31) { allowed.append("container_engine_t") }
        let setters = setters { context in
            guard let options = context["seLinuxOptions"] else { return false }
            return !allowed.contains(options.text("type")) || !options.text("user").isEmpty
                || !options.text("role").isEmpty
        }
        guard !setters.isEmpty else { return nil }
        var details: [String] = []
        let types = values(of: ["seLinuxOptions", "type"]).filter { !allowed.contains($0) }
        if !types.isEmpty {
            details.append("\(Self.plural("type", types.count)) \(Self.quoted(types))")
        }
        for name in ["user", "role"]
        where values(of: ["seLinuxOptions", name]).contains(where: { !$0.isEmpty }) {
            details.append("\(name) may not be set")
        }
        return PodSecurityFault(
            reason: "seLinuxOptions",
            detail: setters.joined(separator: " and ")
                + " set forbidden securityContext.seLinuxOptions: "
                + details.joined(separator: "; "))
    }

    /// Sysctls that reach no further than the Pod, and the minor version that allows each.
    private static let safeSysctls: [String: Int] = [
        "kernel.shm_rmid_forced": 0, "net.ipv4.ip_local_port_range": 0,
        "net.ipv4.tcp_syncookies": 0, "net.ipv4.ping_group_range": 0,
        "net.ipv4.ip_unprivileged_port_start": 0, "net.ipv4.ip_local_reserved_ports": 27,
        "net.ipv4.tcp_keepalive_time": 29, "net.ipv4.tcp_fin_timeout": 29,
        "net.ipv4.tcp_keepalive_intvl": 29, "net.ipv4.tcp_keepalive_probes": 29,
        "net.ipv4.tcp_rmem": 32, "net.ipv4.tcp_wmem": 32,
    ]

    var sysctls: PodSecurityFault? {
        let names = (spec["securityContext"]?.list("sysctls") ?? []).map { $0.text("name") }
        let forbidden = names.filter { name in
            Self.safeSysctls[name].map { !level.includes($0) } ?? true
        }
        return forbidden.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "forbidden sysctls", detail: forbidden.joined(separator: ", "))
    }

    var hostProcess: PodSecurityFault? {
        let setters = setters { $0["windowsOptions"]?.flag("hostProcess") ?? false }
        return setters.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "hostProcess",
                detail: setters.joined(separator: " and ")
                    + " must not set securityContext.windowsOptions.hostProcess=true")
    }

    /// What container runtimes give by default.
    private static let defaultCapabilities: Set<String> = [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
        "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ]

    var addedCapabilities: PodSecurityFault? {
        guard let detail = addedDetail(beyond: Self.defaultCapabilities) else { return nil }
        return PodSecurityFault(reason: "non-default capabilities", detail: detail)
    }

    /// Who adds capabilities besides these, and which.
    func addedDetail(beyond allowed: Set<String>) -> String? {
        func added(_ container: JSON) -> [String] {
            (container["securityContext"]?["capabilities"]?["add"]).strings
                .filter { !allowed.contains($0) }
        }
        let bad = names { !added($0).isEmpty }
        guard !bad.isEmpty else { return nil }
        let forbidden = Set(containers.flatMap(added)).sorted()
        return "\(Self.naming(bad)) must not include \(Self.quoted(forbidden)) in "
            + "securityContext.capabilities.add"
    }

    var hostPaths: PodSecurityFault? {
        let bad = spec.list("volumes").filter { $0["hostPath"] != nil }.map { $0.text("name") }
        return bad.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "hostPath volumes",
                detail: "\(Self.plural("volume", bad.count)) \(Self.quoted(bad))")
    }

    /// - Parameter isRequired: whether a profile must be set, as the level `restricted` asks.
    func seccomp(isRequired: Bool) -> PodSecurityFault? {
        guard level.includes(19) else { return seccompAnnotations }
        if isRequired, isForWindows, level.includes(25) { return nil }
        func isAllowed(_ type: String) -> Bool {
            type == "RuntimeDefault" || type == "Localhost"
        }
        let setters = setters { context in
            context["seccompProfile"].map { !isAllowed($0.text("type")) } ?? false
        }
        guard setters.isEmpty else {
            let values = values(of: ["seccompProfile", "type"]).filter { !isAllowed($0) }
            return PodSecurityFault(
                reason: "seccompProfile",
                detail: setters.joined(separator: " and ")
                    + " must not set securityContext.seccompProfile.type to "
                    + Self.quoted(values))
        }
        guard isRequired, spec["securityContext"]?["seccompProfile"] == nil else { return nil }
        let bad = names { $0["securityContext"]?["seccompProfile"] == nil }
        return bad.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "seccompProfile",
                detail: "pod or \(Self.naming(bad)) must set "
                    + "securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"")
    }

    /// Before 1.19, seccomp was a matter of annotations.
    private var seccompAnnotations: PodSecurityFault? {
        let pod = "seccomp.security.alpha.kubernetes.io/pod"
        let names = Set(
            containers.map {
                "container.seccomp.security.alpha.kubernetes.io/" + $0.text("name")
            } + [pod])
        let forbidden = names.sorted().filter { name in
            guard let value = annotations[name]?.string else { return false }
            return !["runtime/default", "docker/default"].contains(value)
                && !value.hasPrefix("localhost/")
        }.map { "\($0)=\(quotedText(annotations.text($0)))" }
        return forbidden.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "seccompProfile",
                detail: "forbidden \(Self.plural("annotation", forbidden.count)) "
                    + forbidden.joined(separator: ", "))
    }
}
