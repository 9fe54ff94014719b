import JSON
import Objects

/// Defaults of a PodSpec that depend on other fields; the fixed ones are in its schema
/// (`SetDefaults_PodSpec` and its neighbours in Kubernetes).
enum PodDefaults {
    /// Completes the spec of a Pod or of a Pod template.
    static func apply(_ spec: inout JSON) {
        guard spec.object != nil else { return }
        applyServiceAccount(&spec)
        let usesHostNetwork = spec.flag("hostNetwork")
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            spec.updateEach(list) { container in
                if container.text("imagePullPolicy").isEmpty {
                    container["imagePullPolicy"] = .string(pullPolicy(container.text("image")))
                }
                container.update("resources", applyRequests)
                guard usesHostNetwork else { return }
                container.updateEach("ports") { port in
                    if (port["hostPort"]?.integer ?? 0) == 0 {
                        port["hostPort"] = port["containerPort"]
                    }
                }
            }
        }
        spec.update("resources", applyRequests)
        spec.updateEach("volumes") { volume in
            if volume.present(of: PodRules.volumeSources).isEmpty { volume["emptyDir"] = [:] }
        }
    }

    /// The older name of the field and the newer one always agree.
    static func applyServiceAccount(_ spec: inout JSON) {
        let name = spec.text("serviceAccountName")
        let older = spec.text("serviceAccount")
        if !name.isEmpty, older != name {
            spec["serviceAccount"] = .string(name)
        } else if name.isEmpty, !older.isEmpty {
            spec["serviceAccountName"] = .string(older)
        }
    }

    /// An image without a tag or with the tag `latest` may change behind its name.
    static func pullPolicy(_ image: String) -> String {
        let name = image.split(separator: "/").last ?? ""
        if name.contains("@") { return "IfNotPresent" }
        guard let colon = name.lastIndex(of: ":") else { return "Always" }
        return name[name.index(after: colon)...] == "latest" ? "Always" : "IfNotPresent"
    }

    /// What is limited and not asked for is asked for to the limit.
    private static func applyRequests(_ resources: inout JSON) {
        guard let limits = resources["limits"]?.object, !limits.isEmpty else { return }
        var requests = resources["requests"] ?? [:]
        for (name, limit) in limits where requests[name] == nil { requests[name] = limit }
        resources["requests"] = requests
    }

    /// `status.qosClass`: Guaranteed when every container's CPU and memory is limited and all of
    /// it requested, BestEffort when nothing is asked for, else Burstable.
    static func qosClass(_ spec: JSON) -> String {
        let owners: [JSON]
        if let whole = spec["resources"], whole["limits"] != nil || whole["requests"] != nil {
            owners = [whole]
        } else {
            owners = (spec.list("initContainers") + spec.list("containers")).map {
                $0["resources"] ?? [:]
            }
        }
        var isAnySet = false
        var isGuaranteed = true
        for resources in owners {
            for name in ["cpu", "memory"] {
                let limit = amount(resources["limits"]?[name])
                let request = amount(resources["requests"]?[name])
                if limit > .zero || request > .zero { isAnySet = true }
                if limit == .zero || limit != request { isGuaranteed = false }
            }
        }
        return isAnySet ? (isGuaranteed ? "Guaranteed" : "Burstable") : "BestEffort"
    }

    private static func amount(_ value: JSON?) -> Quantity {
        value.flatMap(\.quantity) ?? .zero
    }
}

extension JSON {
    /// A quantity, which may be written as a string or as a number.
    var quantity: Quantity? {
        switch self {
        case .string(let text): Quantity(text)
        case .integer, .number: Quantity(quoted)
        default: nil
        }
    }
}
