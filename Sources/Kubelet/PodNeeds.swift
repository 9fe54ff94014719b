import JSON
import Objects

/// The documents, Services and tokens without which a Pod cannot be set up.
struct PodNeeds: Sendable, Equatable {
    /// Sorted, without repetition.
    private(set) var documents: [ObjectKey] = []
    private(set) var serviceNamespaces: [String]
    private(set) var tokens: [TokenRequest] = []

    /// - Parameter sources: what is known by now; a claim tells its PersistentVolume.
    init(_ pod: Pod, _ sources: PodSources = PodSources(documents: [:], services: [:])) {
        serviceNamespaces = Set(["default", pod.namespace]).sorted()
        var keys: Set<ObjectKey> = []
        func add(_ resource: Resource, _ name: String?) {
            guard let name, !name.isEmpty else { return }
            keys.insert(ObjectKey(resource, namespace: pod.namespace, name: name))
        }
        for container in pod.initContainers + pod.containers + pod.ephemeralContainers {
            for group in container.json["envFrom"]?.array ?? [] {
                add(.configMaps, group["configMapRef"]?["name"]?.string)
                add(.secrets, group["secretRef"]?["name"]?.string)
            }
            for entry in container.json["env"]?.array ?? [] {
                let source = entry["valueFrom"]
                add(.configMaps, source?["configMapKeyRef"]?["name"]?.string)
                add(.secrets, source?["secretKeyRef"]?["name"]?.string)
            }
        }
        for secret in pod.spec["imagePullSecrets"]?.array ?? [] {
            add(.secrets, secret["name"]?.string)
        }
        if let name = pod.spec["runtimeClassName"]?.string, !name.isEmpty {
            keys.insert(ObjectKey(.runtimeClasses, name: name))
        }
        for volume in pod.volumes {
            if let name = ClaimedVolume.claimName(of: volume, in: pod) {
                add(.persistentVolumeClaims, name)
                let claim = sources.document(.persistentVolumeClaims, pod.namespace, name)
                if let bound = claim?["spec"]?["volumeName"]?.string, !bound.isEmpty {
                    keys.insert(ObjectKey(.persistentVolumes, name: bound))
                }
            }
            add(.configMaps, volume["configMap"]?["name"]?.string)
            add(.secrets, volume["secret"]?["secretName"]?.string)
            for source in volume["projected"]?["sources"]?.array ?? [] {
                add(.configMaps, source["configMap"]?["name"]?.string)
                add(.secrets, source["secret"]?["name"]?.string)
                guard let token = source["serviceAccountToken"] else { continue }
                let request = Self.tokenRequest(token, pod)
                if !tokens.contains(request) { tokens.append(request) }
            }
        }
        documents = keys.sorted()
    }

    static func tokenRequest(_ source: JSON, _ pod: Pod) -> TokenRequest {
        TokenRequest(
            namespace: pod.namespace, serviceAccount: pod.serviceAccountName,
            audience: source["audience"]?.string ?? "",
            expirationSeconds: source["expirationSeconds"]?.integer ?? 3_600,
            podName: pod.name, podUID: pod.uid)
    }
}
