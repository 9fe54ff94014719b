import Base
import JSON
import Objects

/// Why a container cannot be configured (`CreateContainerConfigError`).
struct ConfigurationError: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }
}

/// What a Pod reads from outside of itself.
struct PodSources {
    /// Nil for a document that was not told yet, `.some(nil)` for one that does not exist.
    var documents: [ObjectKey: JSON?]
    var services: [String: [JSON]]

    /// Whether all that was asked for has been answered.
    func knows(_ needs: PodNeeds) -> Bool {
        needs.documents.allSatisfy { documents[$0] != nil }
            && needs.serviceNamespaces.allSatisfy { services[$0] != nil }
    }

    func document(_ resource: Resource, _ namespace: String, _ name: String) -> JSON? {
        documents[ObjectKey(resource, namespace: namespace, name: name)] ?? nil
    }

    /// The text of a key of a ConfigMap or the bytes of one of a Secret.
    static func content(of document: JSON, key: String) -> [UInt8]? {
        if document["kind"]?.string == "Secret" {
            return document["data"]?[key]?.string.flatMap(Base64.decode)
        }
        if let text = document["data"]?[key]?.string { return Array(text.utf8) }
        return document["binaryData"]?[key]?.string.flatMap(Base64.decode)
    }

    static func keys(of document: JSON) -> [String] {
        let names = (document["data"]?.object?.names ?? [])
            + (document["binaryData"]?.object?.names ?? [])
        return names.sorted()
    }
}

/// Makes the environment of a container: Services, then `envFrom`, then `env`, where later ones
/// win (`makeEnvironmentVariables`).
struct PodEnvironment {
    let sources: PodSources
    let fields: FieldReference
    var files: [EnvironmentFileName: [UInt8]?] = [:]

    private var pod: Pod { fields.pod }

    func variables(for container: Container) throws(ConfigurationError) -> [EnvironmentVariable] {
        var names: [String] = []
        var values: [String: String] = [:]
        func set(_ name: String, _ value: String) {
            if values.updateValue(value, forKey: name) == nil { names.append(name) }
        }
        for group in container.json["envFrom"]?.array ?? [] {
            for variable in try variables(from: group) { set(variable.name, variable.value) }
        }
        let services = serviceVariables()
        var known: [String: String] = [:]
        for variable in services { known[variable.name] = variable.value }
        for entry in container.json["env"]?.array ?? [] {
            guard let name = entry["name"]?.string else { continue }
            if let reference = entry["valueFrom"] {
                guard let value = try value(from: reference, container) else { continue }
                set(name, value)
            } else {
                let text = entry["value"]?.string ?? ""
                set(name, Expansion.expand(text) { values[$0] ?? known[$0] })
            }
        }
        let own = Set(names)
        return services.filter { !own.contains($0.name) }
            + names.map { EnvironmentVariable(name: $0, value: values[$0] ?? "") }
    }

    /// Services of the Pod's namespace and `default/kubernetes`; without enableServiceLinks
    /// only the latter.
    private func serviceVariables() -> [EnvironmentVariable] {
        let linked = pod.spec["enableServiceLinks"]?.bool ?? true
        var chosen: [String: JSON] = [:]
        for service in sources.services["default"] ?? []
        where service["metadata"]?["name"]?.string == "kubernetes" {
            chosen["kubernetes"] = service
        }
        if linked {
            for service in sources.services[pod.namespace] ?? [] {
                if let name = service["metadata"]?["name"]?.string { chosen[name] = service }
            }
        }
        return ServiceVariables.variables(of: chosen.keys.sorted().compactMap { chosen[$0] })
    }

    private func variables(
        from group: JSON
    ) throws(ConfigurationError) -> [EnvironmentVariable] {
        let prefix = group["prefix"]?.string ?? ""
        let (resource, kind, reference): (Resource, String, JSON)
        if let map = group["configMapRef"] {
            (resource, kind, reference) = (.configMaps, "configmap", map)
        } else if let secret = group["secretRef"] {
            (resource, kind, reference) = (.secrets, "secret", secret)
        } else {
            return []
        }
        let name = reference["name"]?.string ?? ""
        guard let document = sources.document(resource, pod.namespace, name) else {
            if reference["optional"]?.bool == true { return [] }
            throw ConfigurationError("\(kind) \"\(name)\" not found")
        }
        return (document["data"]?.object?.names ?? []).sorted().compactMap { key in
            guard let content = PodSources.content(of: document, key: key) else { return nil }
            let name = prefix + key
            guard !name.isEmpty, !name.contains("=") else { return nil }
            return EnvironmentVariable(name: name, value: String(decoding: content, as: UTF8.self))
        }
    }

    /// Nil when an optional source is missing.
    private func value(
        from reference: JSON, _ container: Container
    ) throws(ConfigurationError) -> String? {
        if let field = reference["fieldRef"] {
            let path = field["fieldPath"]?.string ?? ""
            guard let value = fields.value(of: path) else {
                throw ConfigurationError("unsupported fieldPath: \(path)")
            }
            return value
        }
        if let resource = reference["resourceFieldRef"] {
            let name = resource["containerName"]?.string
            let target = name.flatMap { name in
                (pod.containers + pod.initContainers).first { $0.name == name }
            }
            guard let value = fields.value(ofResource: resource, in: target ?? container) else {
                let text = resource["resource"]?.string ?? ""
                throw ConfigurationError("unsupported container resource : \(text)")
            }
            return value
        }
        if let key = reference["fileKeyRef"] { return try value(ofFile: key) }
        if let key = reference["configMapKeyRef"] {
            return try value(of: key, .configMaps, noun: "configmap", title: "ConfigMap")
        }
        if let key = reference["secretKeyRef"] {
            return try value(of: key, .secrets, noun: "secret", title: "Secret")
        }
        return ""
    }

    private func value(ofFile selector: JSON) throws(ConfigurationError) -> String? {
        let isOptional = selector["optional"]?.bool ?? false
        let key = selector["key"]?.string ?? ""
        let path = selector["path"]?.string ?? ""
        guard let name = EnvironmentFileName(selector), let content = files[name] ?? nil else {
            if isOptional { return nil }
            throw ConfigurationError("couldn't read environment file \"\(path)\"")
        }
        do throws(EnvironmentFile.Malformed) {
            if let value = try EnvironmentFile(content)[key] { return value }
        } catch {
            throw ConfigurationError(
                "couldn't parse environment file \"\(path)\": line \(error.line): "
                    + error.reason)
        }
        if isOptional { return nil }
        throw ConfigurationError(
            "environment variable key \"\(key)\" not found in file \"\(path)\"")
    }

    private func value(
        of selector: JSON, _ resource: Resource, noun: String, title: String
    ) throws(ConfigurationError) -> String? {
        let name = selector["name"]?.string ?? ""
        let key = selector["key"]?.string ?? ""
        let isOptional = selector["optional"]?.bool ?? false
        guard let document = sources.document(resource, pod.namespace, name) else {
            if isOptional { return nil }
            throw ConfigurationError("\(noun) \"\(name)\" not found")
        }
        guard let content = PodSources.content(of: document, key: key) else {
            if isOptional { return nil }
            throw ConfigurationError(
                "couldn't find key \(key) in \(title) \(pod.namespace)/\(name)")
        }
        return String(decoding: content, as: UTF8.self)
    }
}
