import JSON
import Objects

/// A Pod, or the template of some, before the rules of the Pod Security Standards
/// (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
struct PodSecurityCheck {
    let spec: JSON
    let annotations: JSON
    let level: PodSecurityLevel
    let containers: [JSON]

    /// The faults in the order in which Kubernetes tells them: what baseline forbids, then what
    /// restricted asks for. Where both levels have a rule of one matter, the stricter one speaks.
    static func faults(
        of spec: JSON, annotations: JSON, _ level: PodSecurityLevel
    ) -> [PodSecurityFault] {
        guard level.level != .privileged else { return [] }
        let check = PodSecurityCheck(spec, annotations, level)
        let isRestricted = level.level == .restricted
        var faults = [
            check.appArmor, check.hostNamespaces, check.hostPorts, check.hostsOfProbes,
            check.privileged, check.procMount, check.seLinux, check.sysctls, check.hostProcess,
        ]
        if !isRestricted || !level.includes(22) { faults.append(check.addedCapabilities) }
        if !isRestricted { faults.append(check.hostPaths) }
        if !isRestricted || !level.includes(19) { faults.append(check.seccomp(isRequired: false)) }
        if isRestricted {
            faults += [
                check.privilegeEscalation, check.droppedCapabilities, check.volumeTypes,
                check.nonRoot, check.rootUser,
            ]
            if level.includes(19) { faults.append(check.seccomp(isRequired: true)) }
        }
        return faults.compactMap { $0 }
    }

    private init(_ spec: JSON, _ annotations: JSON, _ level: PodSecurityLevel) {
        self.spec = spec
        self.annotations = annotations
        self.level = level
        containers = ["initContainers", "containers", "ephemeralContainers"].flatMap {
            spec.list($0)
        }
    }

    // MARK: - Words

    /// Names of containers with the fault, as `container "a"` or `containers "a", "b"`.
    static func naming(_ names: [String]) -> String {
        "\(plural("container", names.count)) \(quoted(names))"
    }

    static func plural(_ word: String, _ count: Int) -> String { count == 1 ? word : word + "s" }

    static func quoted(_ names: [String]) -> String {
        names.map(quotedText).joined(separator: ", ")
    }

    func names(where isBad: (JSON) -> Bool) -> [String] {
        containers.filter(isBad).map { $0.text("name") }
    }

    /// `pod and container "a"`: who sets a value, the Pod itself first.
    func setters(where isBad: (JSON) -> Bool) -> [String] {
        var setters: [String] = []
        if let own = spec["securityContext"], isBad(own) { setters.append("pod") }
        let bad = names { $0["securityContext"].map(isBad) ?? false }
        if !bad.isEmpty { setters.append(Self.naming(bad)) }
        return setters
    }

    /// All values of a field of the Pod's and its containers' security contexts, sorted.
    func values(of path: [String]) -> [String] {
        let contexts = [spec["securityContext"]] + containers.map { $0["securityContext"] }
        return Set(contexts.compactMap { $0?[path: path]?.string }).sorted()
    }

    var isForWindows: Bool { spec["os"]?.text("name") == "windows" }

    /// From 1.35 on, a user namespace takes the place of some rules (KEP-127).
    var hasOwnUsers: Bool { level.includes(35) && spec["hostUsers"]?.bool == false }
}
