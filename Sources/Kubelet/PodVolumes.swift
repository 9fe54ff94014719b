import JSON
import Objects

/// Why a volume cannot be set up (`FailedMount`).
struct VolumeError: Error, Equatable {
    let volume: String
    let message: String
}

/// Where a Pod's files are on the machine.
struct PodPaths: Sendable, Equatable {
    let directory: String
    let logDirectory: String

    init(namespace: String, name: String, uid: String, _ configuration: KubeletConfiguration) {
        directory = "\(configuration.podRoot)/\(uid)"
        logDirectory = "\(configuration.podLogRoot)/\(namespace)_\(name)_\(uid)"
    }

    var hostsFile: String { "\(directory)/etc-hosts" }

    func terminationLog(_ container: String, attempt: UInt32) -> String {
        "\(directory)/containers/\(container)/\(attempt)"
    }

    /// Relative to ``logDirectory``.
    static func log(_ container: String, attempt: UInt32) -> String {
        "\(container)/\(attempt).log"
    }
}

/// Turns the volumes of a Pod into steps for the shell.
struct PodVolumes {
    let sources: PodSources
    let fields: FieldReference
    let tokens: [TokenRequest: ServiceAccountToken]
    let paths: PodPaths

    private var pod: Pod { fields.pod }
    private var group: Int64? { pod.spec["securityContext"]?["fsGroup"]?.integer }

    /// The steps for all volumes, or the first that lacks its source.
    func steps() throws(VolumeError) -> [PreparationStep] {
        var steps: [PreparationStep] = [
            .directory(path: paths.directory, mode: 0o750, group: nil),
            .directory(path: paths.logDirectory, mode: 0o755, group: nil),
        ]
        for volume in pod.volumes { steps += try self.steps(for: volume) }
        return steps
    }

    private func steps(for volume: JSON) throws(VolumeError) -> [PreparationStep] {
        let name = volume["name"]?.string ?? ""
        do throws(ConfigurationError) {
            guard let location = try paths.location(of: volume, in: pod, sources) else {
                throw ConfigurationError("no volume plugin matched")
            }
            return try steps(for: volume, at: location.path)
        } catch {
            throw VolumeError(volume: name, message: error.message)
        }
    }

    private func steps(
        for volume: JSON, at path: String
    ) throws(ConfigurationError) -> [PreparationStep] {
        if let source = volume["emptyDir"] { return [try emptyDirectory(source, path)] }
        if let source = volume["hostPath"] {
            return [.hostPath(path: path, type: source["type"]?.string ?? "")]
        }
        // Mounted once the image is there.
        if volume["image"] != nil { return [] }
        if ClaimedVolume.claimName(of: volume, in: pod) != nil {
            return claimed(try ClaimedVolume.find(volume, of: pod, in: sources), path)
        }
        let files = PreparationStep.fileSet(
            path: path, files: try contents(of: volume), group: group)
        // What is secret stays off the disk.
        guard volume["configMap"] == nil else { return [files] }
        return [.memoryDirectory(path: path, sizeLimit: nil, group: group), files]
    }

    /// Writable by everyone, as `kubernetes.io/empty-dir` is.
    private func emptyDirectory(
        _ source: JSON, _ path: String
    ) throws(ConfigurationError) -> PreparationStep {
        let medium = source["medium"]?.string ?? ""
        // The machine offers none, so no Pod that asks for some is placed here.
        guard !medium.hasPrefix("HugePages") else {
            throw ConfigurationError(
                "hugePages storage requested, but there is no resource request for huge pages")
        }
        guard medium == "Memory" else {
            return .emptyDirectory(path: path, group: group)
        }
        // Not more than the containers may use together, nor than the machine gives to Pods.
        let bounds = [
            source["sizeLimit"]?.string.flatMap(Quantity.init)?.value,
            PodResources.memoryLimit(of: pod), fields.allocatable.memoryBytes,
        ]
        let size = bounds.compactMap { $0 }.filter { $0 > 0 }.min()
        return .memoryDirectory(path: path, sizeLimit: size, group: group)
    }

    private func claimed(_ volume: ClaimedVolume, _ path: String) -> [PreparationStep] {
        guard !volume.isDevice else { return [.hostPath(path: path, type: "BlockDevice")] }
        guard volume.spec["local"] != nil else {
            let type = volume.spec["hostPath"]?["type"]?.string ?? ""
            return [.hostPath(path: path, type: type)]
        }
        var steps: [PreparationStep] = [
            volume.isProvisionedHere
                ? .emptyDirectory(path: path, group: nil)
                : .hostPath(path: path, type: "Directory")
        ]
        if let group {
            let policy = pod.spec["securityContext"]?["fsGroupChangePolicy"]?.string
            steps.append(
                .group(path: path, group: group, onlyOnMismatch: policy == "OnRootMismatch"))
        }
        return steps
    }

    private func contents(of volume: JSON) throws(ConfigurationError) -> [VolumeFile] {
        if let source = volume["configMap"] {
            let name = source["name"]?.string ?? ""
            return try files(.configMaps, name, source, defaultMode(source))
        }
        if let source = volume["secret"] {
            let name = source["secretName"]?.string ?? ""
            return try files(.secrets, name, source, defaultMode(source))
        }
        if let source = volume["downwardAPI"] {
            return try downwardFiles(source, defaultMode(source))
        }
        guard let projected = volume["projected"] else { return [] }
        let mode = defaultMode(projected)
        var result: [VolumeFile] = []
        for source in projected["sources"]?.array ?? [] {
            if let map = source["configMap"] {
                result += try files(.configMaps, map["name"]?.string ?? "", map, mode)
            } else if let secret = source["secret"] {
                result += try files(.secrets, secret["name"]?.string ?? "", secret, mode)
            } else if let downward = source["downwardAPI"] {
                result += try downwardFiles(downward, mode)
            } else if let token = source["serviceAccountToken"] {
                result.append(try tokenFile(token, mode))
            } else if source["clusterTrustBundle"] != nil {
                throw ConfigurationError("ClusterTrustBundle projection is not supported")
            } else if source["podCertificate"] != nil {
                throw ConfigurationError("PodCertificate projection is not supported")
            }
        }
        return result
    }

    private func defaultMode(_ source: JSON) -> UInt32 { mode(source["defaultMode"]) ?? 0o644 }

    private func mode(_ value: JSON?) -> UInt32? {
        value?.integer.flatMap { UInt32(exactly: $0) }.map { $0 & 0o777 }
    }

    private func files(
        _ resource: Resource, _ name: String, _ source: JSON, _ defaultMode: UInt32
    ) throws(ConfigurationError) -> [VolumeFile] {
        let isOptional = source["optional"]?.bool ?? false
        let noun = resource == .secrets ? "secret" : "configmap"
        guard let document = sources.document(resource, pod.namespace, name) else {
            if isOptional { return [] }
            throw ConfigurationError("\(noun) \"\(name)\" not found")
        }
        guard let items = source["items"]?.array, !items.isEmpty else {
            return PodSources.keys(of: document).compactMap { key in
                PodSources.content(of: document, key: key).map {
                    VolumeFile(path: key, content: $0, mode: defaultMode)
                }
            }
        }
        var result: [VolumeFile] = []
        for item in items {
            let key = item["key"]?.string ?? ""
            let path = try checked(item["path"]?.string ?? key)
            guard let content = PodSources.content(of: document, key: key) else {
                if isOptional { continue }
                let kind = resource == .secrets ? "secret" : "config"
                throw ConfigurationError("references non-existent \(kind) key: \(key)")
            }
            let mode = mode(item["mode"]) ?? defaultMode
            result.append(VolumeFile(path: path, content: content, mode: mode))
        }
        return result
    }

    private func downwardFiles(
        _ source: JSON, _ defaultMode: UInt32
    ) throws(ConfigurationError) -> [VolumeFile] {
        var result: [VolumeFile] = []
        for item in source["items"]?.array ?? [] {
            let path = try checked(item["path"]?.string ?? "")
            let text: String?
            if let field = item["fieldRef"] {
                text = fields.value(of: field["fieldPath"]?.string ?? "")
            } else if let reference = item["resourceFieldRef"] {
                let name = reference["containerName"]?.string
                text = (pod.containers + pod.initContainers).first { $0.name == name }
                    .flatMap { fields.value(ofResource: reference, in: $0) }
            } else {
                text = nil
            }
            guard let text else {
                throw ConfigurationError("downwardAPI item \(path) cannot be resolved")
            }
            let mode = mode(item["mode"]) ?? defaultMode
            result.append(VolumeFile(path: path, content: Array(text.utf8), mode: mode))
        }
        return result
    }

    private func tokenFile(
        _ source: JSON, _ mode: UInt32
    ) throws(ConfigurationError) -> VolumeFile {
        let path = try checked(source["path"]?.string ?? "token")
        guard let token = tokens[PodNeeds.tokenRequest(source, pod)] else {
            throw ConfigurationError("failed to fetch token: not issued yet")
        }
        // With a group of the Pod its processes read the token by group, else by owner.
        guard group == nil, let user = onlyUser else {
            return VolumeFile(
                path: path, content: Array(token.text.utf8), mode: group == nil ? mode : 0o600)
        }
        return VolumeFile(path: path, content: Array(token.text.utf8), mode: 0o600, user: user)
    }

    /// The user that all containers run as, when the Pod says so and it is one.
    private var onlyUser: Int64? {
        let ofPod = pod.spec["securityContext"]?["runAsUser"]?.integer
        var users: Set<Int64?> = []
        for container in pod.initContainers + pod.containers {
            users.insert(container.json["securityContext"]?["runAsUser"]?.integer ?? ofPod)
        }
        return users.count == 1 ? users.first ?? nil : nil
    }

    /// A path that stays inside the volume.
    private func checked(_ path: String) throws(ConfigurationError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.hasPrefix("/"), !parts.contains("..") else {
            throw ConfigurationError("invalid path \"\(path)\" in volume")
        }
        return path
    }
}
