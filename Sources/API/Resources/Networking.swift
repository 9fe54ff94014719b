import JSON
import Objects

/// What brings traffic to Pods, or keeps it away.
extension ResourceDefinition {
    static let ingresses = ResourceDefinition(
        .ingresses, shortNames: ["ing"], subresources: [.status("Ingress")],
        schema: NetworkingV1.ingress, columns: IngressTable.columns,
        strategy: ResourceStrategy(
            hasGeneration: true, prepareForCreate: { $0["status"] = ["loadBalancer": [:]] },
            validate: IngressRules.validate, cells: IngressTable.cells))

    static let ingressClasses = ResourceDefinition(
        .ingressClasses, schema: NetworkingV1.ingressClass,
        columns: [
            .name, TableColumn("Controller", "Who serves Ingresses of the class."),
            TableColumn("Parameters", "The object with the controller's settings."), .age,
        ],
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                document.update("spec") { spec in
                    spec.update("parameters") { parameters in
                        if parameters["scope"] == nil { parameters["scope"] = "Cluster" }
                    }
                }
            },
            validateUpdate: { document, old, _, v in
                let controller = document["spec"]?["controller"]
                guard controller != old["spec"]?["controller"] else { return }
                v.at("spec") { v in
                    v.at("controller") { $0.invalid(controller, "field is immutable") }
                }
            },
            cells: { document, now in
                let spec = document["spec"] ?? [:]
                let parameters = spec["parameters"].map { parameters in
                    let group = parameters.text("apiGroup")
                    let kind = parameters.text("kind") + (group.isEmpty ? "" : "." + group)
                    return "\(kind)/\(parameters.text("name"))"
                }
                return [
                    document.name, .string(spec.text("controller")), (parameters ?? "").orNone,
                    document.age(at: now),
                ]
            }))

    static let networkPolicies = ResourceDefinition(
        .networkPolicies, shortNames: ["netpol"], schema: NetworkingV1.networkPolicy,
        columns: [
            .name, TableColumn("Pod-Selector", "Labels of the Pods that the policy is about."),
            .age,
        ],
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                document.update("spec") { spec in
                    if spec["podSelector"] == nil { spec["podSelector"] = [:] }
                    guard spec.list("policyTypes").isEmpty else { return }
                    let hasEgress = !spec.list("egress").isEmpty
                    spec["policyTypes"] = hasEgress ? ["Ingress", "Egress"] : ["Ingress"]
                }
            },
            validate: { document, v in
                v.at("spec") { NetworkPolicyRules.validate(document["spec"] ?? [:], &$0) }
            },
            cells: { document, now in
                let selector = document["spec"]?["podSelector"]?.labelSelectorText ?? "<none>"
                return [document.name, selector, document.age(at: now)]
            }))

    static let serviceCIDRs = ResourceDefinition(
        .serviceCIDRs, subresources: [.status("ServiceCIDR")],
        schema: NetworkingV1.serviceCIDR,
        columns: [.name, TableColumn("CIDRs", "The blocks of addresses."), .age],
        strategy: ResourceStrategy(
            validateUpdate: { document, old, subresource, v in
                guard subresource == nil, document["spec"] != old["spec"] else { return }
                v.at("spec") { v in
                    v.at("cidrs") {
                        $0.invalid(document["spec"]?["cidrs"], "field is immutable")
                    }
                }
            },
            cells: { document, now in
                let blocks = (document["spec"] ?? [:]).list("cidrs").compactMap(\.string)
                return [
                    document.name, .string(blocks.joined(separator: ",")),
                    document.age(at: now),
                ]
            }))

    static let ipAddresses = ResourceDefinition(
        .ipAddresses, shortNames: ["ip"], schema: NetworkingV1.ipAddress,
        columns: [.name, TableColumn("ParentRef", "The object that has the address."), .age],
        strategy: ResourceStrategy(
            validateUpdate: { document, old, _, v in
                guard document["spec"] != old["spec"] else { return }
                v.at("spec") { v in
                    v.at("parentRef") {
                        $0.invalid(document["spec"]?["parentRef"], "field is immutable")
                    }
                }
            },
            cells: { document, now in
                let parent = document["spec"]?["parentRef"] ?? [:]
                let group = parent.text("group")
                let parts = [
                    parent.text("resource") + (group.isEmpty ? "" : "." + group),
                    parent.text("namespace"), parent.text("name"),
                ]
                return [
                    document.name,
                    .string(parts.filter { !$0.isEmpty }.joined(separator: "/")),
                    document.age(at: now),
                ]
            }))
}

/// What an Ingress must look like beyond its schema (`pkg/apis/networking/validation`).
enum IngressRules {
    @Sendable static func validate(_ document: JSON, _ v: inout Validation) {
        let spec = document["spec"] ?? [:]
        v.at("spec") { v in
            if spec.list("rules").isEmpty, spec["defaultBackend"] == nil {
                v.invalid(
                    .array(spec.list("rules")),
                    "either `defaultBackend` or `rules` must be specified")
            }
            if let backend = spec["defaultBackend"] {
                v.at("defaultBackend") { validate(backend: backend, &$0) }
            }
            v.each("rules", of: spec) { v, rule in
                validate(host: rule.text("host"), &v)
                v.at("http") { v in
                    v.each("paths", of: rule["http"] ?? [:]) { validate(path: $1, &$0) }
                }
            }
        }
    }

    private static func validate(host: String, _ v: inout Validation) {
        guard !host.isEmpty else { return }
        v.at("host") { v in
            if StringFormat.ipAddress.faults(of: host).isEmpty {
                v.invalid(.string(host), "must be a DNS name, not an IP address")
            }
            let name = host.hasPrefix("*.") ? String(host.dropFirst(2)) : host
            for fault in StringFormat.dnsSubdomain.faults(of: name) {
                v.invalid(.string(host), fault)
            }
        }
    }

    private static func validate(path: JSON, _ v: inout Validation) {
        let text = path.text("path")
        if path.text("pathType") != "ImplementationSpecific", !text.hasPrefix("/") {
            v.at("path") { $0.invalid(.string(text), "must be an absolute path") }
        }
        v.at("backend") { validate(backend: path["backend"] ?? [:], &$0) }
    }

    private static func validate(backend: JSON, _ v: inout Validation) {
        switch (backend["service"], backend["resource"]) {
        case (nil, nil):
            v.invalid("", "resource or service backend is required")
        case (.some, .some):
            v.invalid("", "cannot set both resource and service backends")
        case (let service?, nil):
            let port = service["port"] ?? [:]
            let hasName = !port.text("name").isEmpty
            let hasNumber = port.count("number") != 0
            v.at("service") { v in
                if hasName, hasNumber {
                    v.invalid("", "cannot set both port name & port number")
                } else if !hasName, !hasNumber {
                    v.at("port") { $0.required("port name or number is required") }
                }
            }
        case (nil, .some):
            break
        }
    }
}

/// What a NetworkPolicy must look like beyond its schema.
enum NetworkPolicyRules {
    static func validate(_ spec: JSON, _ v: inout Validation) {
        v.at("podSelector") { validateLabelSelector(spec["podSelector"] ?? [:], &$0) }
        for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
            v.each(direction, of: spec) { v, rule in
                v.each("ports", of: rule) { validate(port: $1, &$0) }
                v.each(peers, of: rule) { validate(peer: $1, &$0) }
            }
        }
    }

    private static func validate(port: JSON, _ v: inout Validation) {
        if let number = port["port"] { v.at("port") { PortName.validate(number, &$0) } }
        guard let end = port["endPort"]?.integer else { return }
        v.at("endPort") { v in
            switch port["port"] {
            case nil:
                v.invalid(.integer(end), "may not be specified when `port` is not specified")
            case .integer(let first):
                if end < first {
                    v.invalid(.integer(end), "must be greater than or equal to `port`")
                }
            default:
                v.invalid(
                    .integer(end), "may not be specified when `port` is non-numeric")
            }
        }
    }

    private static func validate(peer: JSON, _ v: inout Validation) {
        let kinds = peer.present(of: ["ipBlock", "namespaceSelector", "podSelector"])
        if kinds.isEmpty { return v.required("must specify a peer") }
        for name in ["namespaceSelector", "podSelector"] {
            guard let selector = peer[name] else { continue }
            v.at(name) { validateLabelSelector(selector, &$0) }
        }
        if peer["ipBlock"] != nil, kinds.count > 1 {
            v.forbidden("may not specify both ipBlock and another peer")
        }
    }
}
