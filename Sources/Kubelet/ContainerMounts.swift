import JSON
import Objects

extension ContainerBuilder {
    func addMounts(
        to result: inout ContainerConfiguration, _ container: Container,
        _ values: [String: String]
    ) throws(ConfigurationError) {
        for (index, mount) in (container.json["volumeMounts"]?.array ?? []).enumerated() {
            let name = mount["name"]?.string ?? ""
            guard let volume = pod.volumes.first(where: { $0["name"]?.string == name }),
                let location = try paths.location(of: volume, in: pod, sources)
            else {
                throw ConfigurationError(
                    "cannot find volume \"\(name)\" to mount into container "
                        + "\"\(container.name)\"")
            }
            var source = location.path
            let subPath = try subPath(of: mount, in: container, values)
            if !subPath.isEmpty {
                source = paths.subPath(volume: name, container: container.name, mount: index)
                result.preparation.append(
                    .subPath(
                        volume: location.path, path: subPath, target: source,
                        reason: "failed to prepare subPath for volumeMount \"\(name)\" of "
                            + "container \"\(container.name)\""))
            }
            let isReadOnly = mount["readOnly"]?.bool ?? false || location.isReadOnly
            if mount["recursiveReadOnly"]?.string == "Enabled" {
                throw ConfigurationError(
                    "recursive read-only mount is not supported by the container runtime: "
                        + "volumeMount \"\(name)\" of container \"\(container.name)\"")
            }
            let path = mount["mountPath"]?.string ?? ""
            result.mounts.append(
                Mount(
                    hostPath: source, containerPath: path.hasPrefix("/") ? path : "/" + path,
                    readOnly: isReadOnly, propagation: propagation(of: mount)))
        }
    }

    /// The block devices that the container asks for (`volumeDevices`).
    func devices(of container: Container) throws(ConfigurationError) -> [Device] {
        var result: [Device] = []
        for wanted in container.json["volumeDevices"]?.array ?? [] {
            let name = wanted["name"]?.string ?? ""
            guard let volume = pod.volumes.first(where: { $0["name"]?.string == name }),
                let location = try paths.location(of: volume, in: pod, sources),
                location.isDevice
            else {
                throw ConfigurationError(
                    "cannot find volume \"\(name)\" to pass into container "
                        + "\"\(container.name)\"")
            }
            result.append(
                Device(
                    hostPath: location.path, containerPath: wanted["devicePath"]?.string ?? "",
                    isReadOnly: location.isReadOnly))
        }
        return result
    }

    /// `subPath`, or `subPathExpr` with the container's variables; it stays inside of the volume.
    private func subPath(
        of mount: JSON, in container: Container, _ values: [String: String]
    ) throws(ConfigurationError) -> String {
        var path = mount["subPath"]?.string ?? ""
        if let expression = mount["subPathExpr"]?.string, !expression.isEmpty {
            var missing: Set<String> = []
            path = Expansion.expand(expression) { name in
                // An empty one would mount the whole volume in place of a part.
                if values[name] ?? "" == "" { missing.insert(name) }
                return values[name]
            }
            guard missing.isEmpty else {
                throw ConfigurationError(
                    "missing value for \(missing.sorted().joined(separator: ", "))")
            }
        }
        guard !path.hasPrefix("/") else {
            throw ConfigurationError("error SubPath `\(path)` must not be an absolute path")
        }
        guard !path.split(separator: "/").contains("..") else {
            throw ConfigurationError("unable to provision SubPath `\(path)`: must not contain '..'")
        }
        return path
    }

    private func propagation(of mount: JSON) -> Mount.Propagation {
        switch mount["mountPropagation"]?.string {
        case "HostToContainer": .hostToContainer
        case "Bidirectional": .bidirectional
        default: .privately
        }
    }
}
