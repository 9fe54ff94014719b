import JSON
import Objects

/// What the level `restricted` asks for besides.
extension PodSecurityCheck {
    var privilegeEscalation: PodSecurityFault? {
        guard level.includes(8), !(isForWindows && level.includes(25)) else { return nil }
        let bad = names {
            $0["securityContext"]?["allowPrivilegeEscalation"]?.bool ?? true
        }
        return bad.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "allowPrivilegeEscalation != false",
                detail: "\(Self.naming(bad)) must set "
                    + "securityContext.allowPrivilegeEscalation=false")
    }

    var droppedCapabilities: PodSecurityFault? {
        guard level.includes(22), !(isForWindows && level.includes(25)) else { return nil }
        var details: [String] = []
        let bad = names { container in
            !(container["securityContext"]?["capabilities"]?["drop"]).strings.contains("ALL")
        }
        if !bad.isEmpty {
            details.append(
                "\(Self.naming(bad)) must set securityContext.capabilities.drop=[\"ALL\"]")
        }
        if let added = addedDetail(beyond: ["NET_BIND_SERVICE"]) { details.append(added) }
        return details.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "unrestricted capabilities", detail: details.joined(separator: "; "))
    }

    private static let volumeTypes: Set<String> = [
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
        "projected", "secret",
    ]

    var volumeTypes: PodSecurityFault? {
        var names: [String] = []
        var types: Set<String> = []
        for volume in spec.list("volumes") {
            let sources = volume.members.filter { $0.name != "name" && !$0.value.isNull }
            guard !sources.contains(where: { Self.volumeTypes.contains($0.name) }) else {
                continue
            }
            names.append(volume.text("name"))
            types.insert(sources.first?.name ?? "unknown")
        }
        guard !names.isEmpty else { return nil }
        return PodSecurityFault(
            reason: "restricted volume types",
            detail: "\(Self.plural("volume", names.count)) \(Self.quoted(names)) "
                + "\(names.count == 1 ? "uses" : "use") "
                + "\(Self.plural("restricted volume type", types.count)) "
                + Self.quoted(types.sorted()))
    }

    var nonRoot: PodSecurityFault? {
        guard !hasOwnUsers else { return nil }
        let setters = setters { $0["runAsNonRoot"]?.bool == false }
        guard setters.isEmpty else {
            return PodSecurityFault(
                reason: "runAsNonRoot != true",
                detail: setters.joined(separator: " and ")
                    + " must not set securityContext.runAsNonRoot=false")
        }
        guard spec["securityContext"]?["runAsNonRoot"]?.bool != true else { return nil }
        let bad = names { $0["securityContext"]?["runAsNonRoot"]?.bool == nil }
        return bad.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "runAsNonRoot != true",
                detail: "pod or \(Self.naming(bad)) must set securityContext.runAsNonRoot=true")
    }

    var rootUser: PodSecurityFault? {
        guard level.includes(23), !hasOwnUsers else { return nil }
        let setters = setters { $0["runAsUser"]?.integer == 0 }
        return setters.isEmpty
            ? nil
            : PodSecurityFault(
                reason: "runAsUser=0",
                detail: setters.joined(separator: " and ") + " must not set runAsUser=0")
    }
}
