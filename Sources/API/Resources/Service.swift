import Base
import JSON
import Objects

extension ResourceDefinition {
    static let services = ResourceDefinition(
        .services, shortNames: ["svc"], categories: ["all"],
        subresources: [.status("Service"), .proxy("ServiceProxyOptions")], schema: CoreV1.service,
        columns: ServiceTable.columns,
        selectableFields: [SelectableField("spec.clusterIP"), SelectableField("spec.type")],
        strategy: ResourceStrategy(
            nameFormat: .dns1035Label, defaults: applyServiceDefaults,
            prepareForCreate: { $0["status"] = ["loadBalancer": [:]] },
            prepareForUpdate: keepAddresses, validate: ServiceRules.validate,
            validateUpdate: ServiceRules.validateUpdate, cells: ServiceTable.cells))

    private static func applyServiceDefaults(_ document: inout JSON) {
        document.update("spec") { spec in
            let type = spec.text("type")
            if spec.text("sessionAffinity") == "ClientIP" {
                let path = ["sessionAffinityConfig", "clientIP", "timeoutSeconds"]
                if spec[path: path] == nil { spec[path: path] = 10_800 }
            }
            if type == "NodePort" || type == "LoadBalancer",
                spec.text("externalTrafficPolicy").isEmpty
            {
                spec["externalTrafficPolicy"] = "Cluster"
            }
            if type == "LoadBalancer", spec["allocateLoadBalancerNodePorts"] == nil {
                spec["allocateLoadBalancerNodePorts"] = true
            }
            let isHeadless = spec.text("clusterIP") == "None"
            spec.updateEach("ports") { port in
                let target = port["targetPort"]
                if target == nil || target == 0 || target == "" || isHeadless && target == nil {
                    port["targetPort"] = port["port"]
                }
            }
            guard type != "ExternalName" else { return }
            if spec.text("internalTrafficPolicy").isEmpty {
                spec["internalTrafficPolicy"] = "Cluster"
            }
            if spec.list("ipFamilies").isEmpty { spec["ipFamilies"] = ["IPv4"] }
            if spec.text("ipFamilyPolicy").isEmpty { spec["ipFamilyPolicy"] = "SingleStack" }
            applyClusterAddress(&spec)
        }
    }

    /// `clusterIP` is the first of `clusterIPs`; a client may give either.
    private static func applyClusterAddress(_ spec: inout JSON) {
        let address = spec.text("clusterIP")
        let list = spec.list("clusterIPs")
        if !address.isEmpty, list.isEmpty {
            spec["clusterIPs"] = [.string(address)]
        } else if address.isEmpty, let first = list.first {
            spec["clusterIP"] = first
        }
    }

    /// An update that leaves the addresses and node ports out keeps those allotted before.
    private static func keepAddresses(
        _ document: inout JSON, _ old: JSON, _ subresource: String?
    ) {
        guard subresource == nil, let oldSpec = old["spec"] else { return }
        document.update("spec") { spec in
            guard spec.text("type") != "ExternalName", oldSpec.text("type") != "ExternalName"
            else { return }
            for name in ["clusterIP", "clusterIPs"] where spec[name] == nil || spec[name] == "" {
                spec[name] = oldSpec[name]
            }
            guard spec.text("type") != "ClusterIP" else { return }
            spec.updateEach("ports") { port in
                guard port.count("nodePort") == 0 else { return }
                let same = oldSpec.list("ports").first {
                    $0["port"] == port["port"] && $0.text("protocol") == port.text("protocol")
                }
                port["nodePort"] = same?["nodePort"]
            }
        }
    }
}

/// What a Service must look like beyond its schema (`ValidateService`).
enum ServiceRules {
    @Sendable static func validate(_ document: JSON, _ v: inout Validation) {
        let spec = document["spec"] ?? [:]
        let type = spec.text("type")
        let isHeadless = spec.text("clusterIP") == "None"
        v.at("spec") { v in
            if spec.list("ports").isEmpty, !isHeadless, type != "ExternalName" {
                v.at("ports") { $0.required() }
            }
            switch type {
            case "LoadBalancer", "NodePort":
                if isHeadless {
                    v.at("clusterIPs", 0) {
                        $0.invalid("None", "may not be set to 'None' for \(type) services")
                    }
                }
            case "ExternalName":
                validateExternalName(spec, &v)
            default:
                break
            }
            validatePorts(spec, isHeadless: isHeadless, &v)
            validateLabels(spec["selector"], "selector", &v)
            for name in ["clusterIPs", "externalIPs"] {
                v.each(name, of: spec) { v, address in
                    guard !(name == "clusterIPs" && address == "None") else { return }
                    for fault in StringFormat.ipAddress.faults(of: address.string ?? "") {
                        v.invalid(address, fault)
                    }
                }
            }
            let first = spec.list("clusterIPs").first?.string ?? ""
            if !spec.text("clusterIP").isEmpty, first != spec.text("clusterIP") {
                v.at("clusterIPs", 0) {
                    $0.invalid(spec["clusterIPs"], "first value must match `clusterIP`")
                }
            }
            let seconds = spec[path: ["sessionAffinityConfig", "clientIP", "timeoutSeconds"]]
            if let seconds = seconds?.integer, !(1...86_400).contains(seconds) {
                v.at("sessionAffinityConfig") { v in
                    v.at("clientIP") { v in
                        v.at("timeoutSeconds") {
                            $0.invalid(
                                .integer(seconds), "must be greater than 0 and less than 86400")
                        }
                    }
                }
            }
        }
    }

    private static func validateExternalName(_ spec: JSON, _ v: inout Validation) {
        let name = spec.text("externalName")
        if name.isEmpty {
            v.at("externalName") { $0.required() }
        } else {
            let host = name.hasSuffix(".") ? String(name.dropLast()) : name
            for fault in StringFormat.dnsSubdomain.faults(of: host) {
                v.at("externalName") { $0.invalid(.string(name), fault) }
            }
        }
        if !spec.list("clusterIPs").isEmpty {
            v.at("clusterIPs") { $0.forbidden("may not be set for ExternalName services") }
        }
    }

    private static func validatePorts(_ spec: JSON, isHeadless: Bool, _ v: inout Validation) {
        let count = spec.list("ports").count
        var names: Set<String> = []
        var numbers: Set<String> = []
        v.each("ports", of: spec) { v, port in
            let name = port.text("name")
            if name.isEmpty {
                if count > 1 { v.at("name") { $0.required() } }
            } else if !names.insert(name).inserted {
                v.at("name") { $0.duplicate(.string(name)) }
            }
            if let number = port["port"] {
                v.at("port") { PortName.validate(number, &$0) }
                let key = "\(port.text("protocol"))/\(number.quoted)"
                if !numbers.insert(key).inserted {
                    v.duplicate(["protocol": port["protocol"] ?? "TCP", "port": number])
                }
            }
            if let target = port["targetPort"] {
                v.at("targetPort") { PortName.validate(target, &$0) }
            }
            let nodePort = port.count("nodePort")
            guard nodePort != 0 else { return }
            let type = spec.text("type")
            if type == "ClusterIP" || type == "ExternalName" {
                v.at("nodePort") { $0.forbidden("may not be used when `type` is '\(type)'") }
            } else if !(1...65_535).contains(nodePort) {
                v.at("nodePort") {
                    $0.invalid(.integer(nodePort), "must be between 1 and 65535, inclusive")
                }
            }
        }
    }

    @Sendable static func validateUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        guard subresource == nil else { return }
        let spec = document["spec"] ?? [:]
        let oldSpec = old["spec"] ?? [:]
        let before = oldSpec.list("clusterIPs").first?.string ?? ""
        let after = spec.list("clusterIPs").first?.string ?? ""
        guard !before.isEmpty, before != after, spec.text("type") != "ExternalName",
            oldSpec.text("type") != "ExternalName"
        else { return }
        v.at("spec") { v in
            v.at("clusterIPs", 0) {
                $0.invalid(spec["clusterIPs"], "may not change once set")
            }
        }
    }
}
