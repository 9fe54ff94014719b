import JSON
import Objects

/// Where a volume of a Pod is on the machine, and what containers may do with it.
struct VolumeLocation: Equatable {
    var path: String
    /// What the kubelet keeps up to date belongs to it alone.
    var isReadOnly = false
    /// Passed on to containers as it stands, not mounted (`volumeMode: Block`).
    var isDevice = false
}

/// The PersistentVolume behind a claim of a Pod.
struct ClaimedVolume {
    /// `PersistentVolume.spec`.
    let spec: JSON
    let annotations: [String: String]

    /// Whether the kubelet makes the folder (``VolumeReclaimer``).
    var isProvisionedHere: Bool {
        annotations[LocalProvisioner.provisionedBy] == LocalProvisioner.name
    }

    var isDevice: Bool { spec["volumeMode"]?.string == "Block" }

    var path: String? { spec["local"]?["path"]?.string ?? spec["hostPath"]?["path"]?.string }

    /// The claim that a volume of a Pod names; a generic ephemeral one is the Pod's own.
    static func claimName(of volume: JSON, in pod: Pod) -> String? {
        if volume["ephemeral"] != nil {
            return volume["name"]?.string.map { "\(pod.name)-\($0)" }
        }
        return volume["persistentVolumeClaim"]?["claimName"]?.string
    }

    static func find(
        _ volume: JSON, of pod: Pod, in sources: PodSources
    ) throws(ConfigurationError) -> ClaimedVolume {
        let name = claimName(of: volume, in: pod) ?? ""
        func refusal(_ reason: String) -> ConfigurationError {
            ConfigurationError("error processing PVC \(pod.namespace)/\(name): \(reason)")
        }
        guard let claim = sources.document(.persistentVolumeClaims, pod.namespace, name) else {
            throw refusal(
                "failed to fetch PVC from API server: persistentvolumeclaims \"\(name)\" not found")
        }
        if volume["ephemeral"] != nil, !owns(pod, claim) {
            throw refusal("PVC was not created for pod \(pod.name) (pod is not owner)")
        }
        guard claim["status"]?["phase"]?.string == "Bound",
            let volumeName = claim["spec"]?["volumeName"]?.string, !volumeName.isEmpty
        else { throw refusal("PVC is not bound") }
        guard let found = sources.document(.persistentVolumes, "", volumeName) else {
            throw refusal(
                "failed to fetch PV \(volumeName) from API server: persistentvolumes "
                    + "\"\(volumeName)\" not found")
        }
        let reference = found["spec"]?["claimRef"]?["uid"]
        guard reference != nil, reference == claim["metadata"]?["uid"] else {
            throw refusal("PV \(volumeName) is bound to another claim")
        }
        let result = ClaimedVolume(
            spec: found["spec"] ?? [:], annotations: (found["metadata"]?["annotations"]).stringMap)
        try result.checkMode(volume, of: pod)
        return result
    }

    /// Files are mounted and devices are passed on, not the other way about.
    private func checkMode(_ volume: JSON, of pod: Pod) throws(ConfigurationError) {
        let mode = spec["volumeMode"]?.string ?? "Filesystem"
        let other = mode == "Block" ? "volumeMounts" : "volumeDevices"
        let name = volume["name"]?.string ?? ""
        let isNamed = (pod.initContainers + pod.containers).contains { container in
            (container.json[other]?.array ?? []).contains { $0["name"] == volume["name"] }
        }
        guard !isNamed else {
            throw ConfigurationError(
                "volume \(name) has volumeMode \(mode), but is specified in \(other)")
        }
        guard mode == "Filesystem" || spec["local"] != nil else {
            throw ConfigurationError(
                "volume \(name) has volumeMode Block, which only local volumes may have")
        }
    }

    private static func owns(_ pod: Pod, _ claim: JSON) -> Bool {
        (claim["metadata"]?["ownerReferences"]?.array ?? []).contains {
            $0["uid"]?.string == pod.uid && $0["controller"]?.bool == true
        }
    }
}

extension PodPaths {
    /// The folder of a volume, or the path that it names; nil for kinds that this kubelet has not.
    func location(
        of volume: JSON, in pod: Pod, _ sources: PodSources
    ) throws(ConfigurationError) -> VolumeLocation? {
        if let path = volume["hostPath"]?["path"]?.string { return VolumeLocation(path: path) }
        if ClaimedVolume.claimName(of: volume, in: pod) != nil {
            let claimed = try ClaimedVolume.find(volume, of: pod, in: sources)
            guard let path = claimed.path else { return nil }
            let isReadOnly = volume["persistentVolumeClaim"]?["readOnly"]?.bool ?? false
            return VolumeLocation(
                path: path, isReadOnly: isReadOnly, isDevice: claimed.isDevice)
        }
        guard let name = volume["name"]?.string else { return nil }
        if volume["emptyDir"] != nil { return VolumeLocation(path: emptyDirectory(name)) }
        let kinds = [
            ("configMap", "configmap"), ("secret", "secret"),
            ("projected", "projected"), ("downwardAPI", "downward-api"), ("image", "image"),
        ]
        guard let kind = kinds.first(where: { volume[$0.0] != nil }) else { return nil }
        return VolumeLocation(
            path: "\(directory)/volumes/kubernetes.io~\(kind.1)/\(name)",
            isReadOnly: true)
    }

    func emptyDirectory(_ name: String) -> String {
        "\(directory)/volumes/kubernetes.io~empty-dir/\(name)"
    }

    /// Where the part of a volume that a mount names by `subPath` is bound.
    func subPath(volume: String, container: String, mount: Int) -> String {
        "\(directory)/volume-subpaths/\(volume)/\(container)/\(mount)"
    }
}
