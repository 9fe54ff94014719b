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

    /// The folder of a volume, or the path a hostPath volume names; nil for unknown kinds.
    func volume(_ volume: JSON) -> String? {
        if let path = volume["hostPath"]?["path"]?.string { return path }
        guard let name = volume["name"]?.string else { return nil }
        let kinds = [
            ("emptyDir", "empty-dir"), ("configMap", "configmap"), ("secret", "secret"),
            ("projected", "projected"), ("downwardAPI", "downward-api"),
        ]
        guard let kind = kinds.first(where: { volume[$0.0] != nil }) else { return nil }
        return "\(directory)/volumes/kubernetes.io~\(kind.1)/\(name)"
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
        for volume in pod.volumes { steps.append(try step(for: volume)) }
        return steps
    }

    private func step(for volume: JSON) throws(VolumeError) -> PreparationStep {
        let name = volume["name"]?.string ?? ""
        guard let path = paths.volume(volume) else {
            throw VolumeError(volume: name, message: "no volume plugin matched")
        }
        if let source = volume["emptyDir"] {
            guard source["medium"]?.string == "Memory" else {
                return .directory(path: path, mode: 0o777, group: group)
            }
            let limit = source["sizeLimit"]?.string.flatMap(Quantity.init)?.value
            return .memoryDirectory(path: path, sizeLimit: limit, group: group)
        }
        if let source = volume["hostPath"] {
            return .hostPath(path: path, type: source["type"]?.string ?? "")
        }
        let files: [VolumeFile]
        do throws(ConfigurationError) {
            files = try contents(of: volume)
        } catch {
            throw VolumeError(volume: name, message: error.message)
        }
        return .fileSet(path: path, files: files, group: group)
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
                throw ConfigurationError("references non-existent \(noun) key: \(key)")
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
        let user = pod.spec["securityContext"]?["runAsUser"]?.integer
        let ownMode = group != nil ? UInt32(0o640) : user != nil ? 0o600 : mode
        return VolumeFile(
            path: path, content: Array(token.text.utf8), mode: ownMode,
            user: group == nil ? user : nil)
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
