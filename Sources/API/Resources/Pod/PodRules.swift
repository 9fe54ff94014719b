import JSON
import Objects

/// What a Pod or a Pod template must look like beyond its schema (`ValidatePodSpec`).
enum PodRules {
    static let containerLists = ["containers", "initContainers", "ephemeralContainers"]

    /// Judges the PodSpec that the walk stands at.
    static func validate(_ spec: JSON?, _ v: inout Validation) {
        guard let spec else { return v.at("containers") { $0.required() } }
        let volumes = validateVolumes(spec, &v)
        validateContainers(spec, volumes: volumes, &v)
        validateLabels(spec["nodeSelector"], "nodeSelector", &v)
        validateDNS(spec, &v)
        v.each("tolerations", of: spec) { v, toleration in validate(toleration: toleration, &v) }
        validateAffinity(spec["affinity"] ?? [:], &v)
        validateUnique("imagePullSecrets", by: "name", of: spec, &v)
        validateUnique("schedulingGates", by: "name", of: spec, &v)
        v.each("hostAliases", of: spec) { v, alias in
            v.each("hostnames", of: alias) { v, name in
                for fault in StringFormat.dnsSubdomain.faults(of: name.string ?? "") {
                    v.invalid(name, fault)
                }
            }
        }
        if let security = spec["securityContext"] {
            v.at("securityContext") { v in
                validateSeccomp(security, &v)
                SysctlRules.validate(security, &v)
            }
            if spec.flag("shareProcessNamespace"), spec.flag("hostPID") {
                v.at("securityContext") {
                    $0.invalid(true, "ShareProcessNamespace and HostPID cannot both be enabled")
                }
            }
        }
    }

    /// Reports elements of a list whose member `key` was there before.
    static func validateUnique(
        _ list: String, by key: String, of owner: JSON, _ v: inout Validation
    ) {
        var seen: Set<String> = []
        v.each(list, of: owner) { v, element in
            let name = element.text(key)
            guard !name.isEmpty, !seen.insert(name).inserted else { return }
            v.at(key) { $0.duplicate(.string(name)) }
        }
    }

    private static func validateContainers(
        _ spec: JSON, volumes: Set<String>, _ v: inout Validation
    ) {
        var names: Set<String> = []
        var hostPorts: Set<String> = []
        for list in containerLists {
            v.each(list, of: spec) { v, container in
                let name = container.text("name")
                if !name.isEmpty, !names.insert(name).inserted {
                    v.at("name") { $0.duplicate(.string(name)) }
                }
                ContainerRules(
                    container: container, volumes: volumes,
                    usesHostNetwork: spec.flag("hostNetwork"),
                    isInit: list == "initContainers", isEphemeral: list == "ephemeralContainers"
                ).validate(hostPorts: &hostPorts, &v)
            }
        }
    }

    private static func validateDNS(_ spec: JSON, _ v: inout Validation) {
        let configuration = spec["dnsConfig"] ?? [:]
        if spec.text("dnsPolicy") == "None", configuration.list("nameservers").isEmpty {
            let fault = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            v.at("dnsConfig") { v in
                if spec["dnsConfig"] == nil {
                    v.required(fault)
                } else {
                    v.at("nameservers") { $0.required(fault) }
                }
            }
        }
        v.at("dnsConfig") { v in
            let servers = configuration.list("nameservers")
            if servers.count > 3 {
                v.at("nameservers") {
                    $0.invalid(.array(servers), "must not have more than 3 nameservers")
                }
            }
            v.each("nameservers", of: configuration) { v, server in
                for fault in StringFormat.ipAddress.faults(of: server.string ?? "") {
                    v.invalid(server, fault)
                }
            }
            let searches = configuration.list("searches")
            if searches.count > 32 {
                v.at("searches") {
                    $0.invalid(.array(searches), "must not have more than 32 search paths")
                }
            }
            v.each("options", of: configuration) { v, option in
                if option.text("name").isEmpty { v.at("name") { $0.required("must not be empty") } }
            }
        }
    }

    private static func validate(toleration: JSON, _ v: inout Validation) {
        let key = toleration.text("key")
        let comparison = toleration.text("operator")
        if !key.isEmpty {
            for fault in StringFormat.qualifiedName.faults(of: key) {
                v.at("key") { $0.invalid(.string(key), fault) }
            }
        } else if comparison != "Exists" {
            v.at("operator") {
                $0.invalid(
                    .string(comparison),
                    "operator must be Exists when `key` is empty, which means \"match all values "
                        + "and all keys\"")
            }
        }
        if toleration["tolerationSeconds"] != nil, toleration.text("effect") != "NoExecute" {
            v.at("effect") {
                $0.invalid(
                    .string(toleration.text("effect")),
                    "effect must be 'NoExecute' when `tolerationSeconds` is set")
            }
        }
        let value = toleration.text("value")
        if comparison == "Exists", !value.isEmpty {
            v.at("operator") {
                $0.invalid(toleration, "value must be empty when `operator` is 'Exists'")
            }
        } else {
            for fault in StringFormat.labelValue.faults(of: value) {
                v.at("operator") { $0.invalid(.string(value), fault) }
            }
        }
    }

    static func validateSeccomp(_ security: JSON, _ v: inout Validation) {
        guard let profile = security["seccompProfile"] else { return }
        let isLocal = profile.text("type") == "Localhost"
        let path = profile.text("localhostProfile")
        v.at("seccompProfile") { v in
            v.at("localhostProfile") { v in
                if isLocal, path.isEmpty {
                    v.required("must be set when seccomp type is Localhost")
                } else if !isLocal, !path.isEmpty {
                    v.invalid(.string(path), "can only be set when seccomp type is Localhost")
                }
            }
        }
    }
}
