import JSON
import Objects

/// What one container must look like beyond its schema (`validateContainerCommon`).
struct ContainerRules {
    let container: JSON
    /// Names of the Pod's volumes.
    let volumes: Set<String>
    let usesHostNetwork: Bool
    let isInit: Bool
    let isEphemeral: Bool

    /// An init container with this policy stays, so it may have probes.
    private var isSidecar: Bool { isInit && container.text("restartPolicy") == "Always" }

    /// Judges the container that the walk stands at.
    ///
    /// - Parameter hostPorts: what containers before it have taken of the machine's ports.
    func validate(hostPorts: inout Set<String>, _ v: inout Validation) {
        let image = container.text("image")
        if image.isEmpty {
            v.at("image") { $0.required() }
        } else if image.first?.isWhitespace ?? false || image.last?.isWhitespace ?? false {
            v.at("image") {
                $0.invalid(.string(image), "must not have leading or trailing whitespace")
            }
        }
        validatePorts(&hostPorts, &v)
        validateEnvironment(&v)
        validateMounts(&v)
        validateProbes(&v)
        validateLifecycle(&v)
        if let resources = container["resources"] {
            v.at("resources") { ResourceRules.validate(resources, &$0) }
        }
        if let security = container["securityContext"] {
            v.at("securityContext") { v in
                PodRules.validateSeccomp(security, &v)
                if security.flag("privileged"),
                    security["allowPrivilegeEscalation"]?.bool == false
                {
                    v.invalid(
                        security,
                        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
                }
            }
        }
    }

    private func validatePorts(_ hostPorts: inout Set<String>, _ v: inout Validation) {
        var names: Set<String> = []
        for (index, port) in container.list("ports").enumerated() {
            guard let number = port["containerPort"]?.integer else { continue }
            let name = port.text("name")
            let hostPort = port["hostPort"]?.integer ?? 0
            let isNameTaken = !name.isEmpty && !names.insert(name).inserted
            let claim = "\(port.text("protocol"))/\(port.text("hostIP"))/\(hostPort)"
            let isTaken = hostPort != 0 && !isInit && !hostPorts.insert(claim).inserted
            v.at("ports", index) { v in
                for fault in name.isEmpty ? [] : PortName.faults(of: name) {
                    v.at("name") { $0.invalid(.string(name), fault) }
                }
                if isNameTaken { v.at("name") { $0.duplicate(.string(name)) } }
                if usesHostNetwork, hostPort != 0, hostPort != number {
                    v.at("containerPort") {
                        $0.invalid(
                            .integer(number),
                            "must match `hostPort` when `hostNetwork` is true")
                    }
                }
                if isTaken { v.at("hostPort") { $0.duplicate(.string(claim)) } }
            }
        }
    }

    private func validateMounts(_ v: inout Validation) {
        var paths: Set<String> = []
        v.each("volumeMounts", of: container) { v, mount in
            let name = mount.text("name")
            if !name.isEmpty, !volumes.contains(name) {
                v.at("name") { $0.notFound(.string(name)) }
            }
            let path = mount.text("mountPath")
            if !path.isEmpty, !paths.insert(path).inserted {
                v.at("mountPath") { $0.invalid(.string(path), "must be unique") }
            }
            for field in ["subPath", "subPathExpr"] where !mount.text(field).isEmpty {
                v.at(field) { PodRules.validateRelativePath(mount.text(field), &$0) }
            }
            if !mount.text("subPath").isEmpty, !mount.text("subPathExpr").isEmpty {
                v.at("subPathExpr") {
                    $0.invalid(
                        mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive")
                }
            }
            let isPrivileged = container["securityContext"]?.flag("privileged") ?? false
            if mount.text("mountPropagation") == "Bidirectional", !isPrivileged {
                v.at("mountPropagation") {
                    $0.forbidden(
                        "Bidirectional mount propagation is available only to privileged "
                            + "containers")
                }
            }
        }
        v.each("volumeDevices", of: container) { v, device in
            let name = device.text("name")
            if !name.isEmpty, !volumes.contains(name) {
                v.at("name") { $0.notFound(.string(name)) }
            }
        }
    }

    private func validateProbes(_ v: inout Validation) {
        for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
            guard let probe = container[name] else { continue }
            v.at(name) { v in
                if isEphemeral {
                    return v.forbidden("cannot be set for an Ephemeral Container")
                }
                if isInit, !isSidecar {
                    return v.forbidden(
                        "may not be set for init containers without restartPolicy=Always")
                }
                Self.validateHandler(probe, ["exec", "httpGet", "tcpSocket", "grpc"], &v)
                let threshold = probe["successThreshold"]?.integer ?? 1
                if name != "readinessProbe", threshold > 1 {
                    v.at("successThreshold") { $0.invalid(.integer(threshold), "must be 1") }
                }
            }
        }
    }

    private func validateLifecycle(_ v: inout Validation) {
        guard let lifecycle = container["lifecycle"] else { return }
        v.at("lifecycle") { v in
            if isEphemeral { return v.forbidden("cannot be set for an Ephemeral Container") }
            if isInit, !isSidecar {
                return v.forbidden(
                    "may not be set for init containers without restartPolicy=Always")
            }
            for name in ["postStart", "preStop"] {
                guard let handler = lifecycle[name] else { continue }
                v.at(name) {
                    Self.validateHandler(handler, ["exec", "httpGet", "tcpSocket", "sleep"], &$0)
                }
            }
        }
    }

    /// A probe or hook has exactly one way to act.
    private static func validateHandler(
        _ handler: JSON, _ kinds: [String], _ v: inout Validation
    ) {
        let present = handler.present(of: kinds)
        if present.isEmpty { v.required("must specify a handler type") }
        for extra in present.dropFirst() {
            v.at(extra) { $0.forbidden("may not specify more than 1 handler type") }
        }
        guard let kind = present.first, let action = handler[kind] else { return }
        v.at(kind) { v in
            if kind == "exec", action.list("command").isEmpty {
                v.at("command") { $0.required() }
            }
            if let port = action["port"], kind != "grpc" {
                v.at("port") { PortName.validate(port, &$0) }
            }
        }
    }
}
