import JSON
import Objects

extension ContainerRules {
    private static let valueSources = CoreV1.envVarSource.fields.map(\.name)

    /// Judges `env` and `envFrom`.
    func validateEnvironment(_ v: inout Validation) {
        v.each("env", of: container) { v, variable in
            guard let source = variable["valueFrom"] else { return }
            v.at("valueFrom") { v in
                let present = source.present(of: Self.valueSources)
                if !variable.text("value").isEmpty {
                    v.invalid("", "may not be specified when `value` is not empty")
                }
                if present.isEmpty {
                    v.invalid(
                        "",
                        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` "
                            + "or `secretKeyRef`")
                } else if present.count > 1 {
                    v.invalid("", "may not have more than one field specified at a time")
                }
                for kind in present {
                    v.at(kind) { Self.validate(kind, source[kind] ?? [:], &$0) }
                }
            }
        }
        v.each("envFrom", of: container) { v, source in
            let present = source.present(of: ["configMapRef", "secretRef"])
            if present.isEmpty {
                v.invalid("", "must specify one of: `configMapRef` or `secretRef`")
            } else if present.count > 1 {
                v.invalid("", "may not have more than one field specified at a time")
            }
            for kind in present where (source[kind] ?? [:]).text("name").isEmpty {
                v.at(kind) { v in v.at("name") { $0.required() } }
            }
            let prefix = source.text("prefix")
            for fault in prefix.isEmpty ? [] : StringFormat.environmentName.faults(of: prefix) {
                v.at("prefix") { $0.invalid(.string(prefix), fault) }
            }
        }
    }

    private static func validate(_ kind: String, _ source: JSON, _ v: inout Validation) {
        switch kind {
        case "configMapKeyRef", "secretKeyRef":
            if source.text("name").isEmpty { v.at("name") { $0.required() } }
        case "fieldRef":
            let path = source.text("fieldPath")
            guard !path.isEmpty, !isPodField(path) else { return }
            v.at("fieldPath") {
                $0.invalid(
                    .string(path), "error converting fieldPath: field label not supported: \(path)")
            }
        case "resourceFieldRef":
            let resource = source.text("resource")
            let isKnown = resources.contains(resource) || resource.contains(".hugepages-")
            guard !resource.isEmpty, !isKnown else { return }
            v.at("resource") { $0.notSupported(.string(resource), resources) }
        default:
            break
        }
    }

    private static let resources = [
        "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu",
        "requests.ephemeral-storage", "requests.memory",
    ]

    private static let podFields: Set<String> = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName",
        "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP",
        "status.podIPs",
    ]

    private static func isPodField(_ path: String) -> Bool {
        if podFields.contains(path) { return true }
        for prefix in ["metadata.labels['", "metadata.annotations['"] where path.hasPrefix(prefix) {
            return path.hasSuffix("']") && path.utf8.count > prefix.utf8.count + 2
        }
        return false
    }
}
