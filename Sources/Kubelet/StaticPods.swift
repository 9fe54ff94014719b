import Base
import JSON
import Objects

/// Where static Pods come from.
package enum StaticPodSource: String, Sendable, CaseIterable {
    /// A folder of manifests on the machine.
    case file
    /// Manifests behind a URL.
    case http
}

/// The Pods that a machine runs because its own operator says so, with or without an API, and
/// the mirrors by which the API shows them.
///
/// Invariant: at most one static Pod of a name runs; a changed one starts when its predecessor
/// has left nothing behind.
struct StaticPods: Sendable {
    /// What each source said last, by the Pod's full name.
    private var bySource: [StaticPodSource: [ObjectKey: JSON]] = [:]
    /// The UIDs of the static Pods that are on the machine, by name.
    var uids: [ObjectKey: String] = [:]
    /// The mirrors that the API has.
    var mirrors: [ObjectKey: Pod] = [:]
    var writing: Set<ObjectKey> = []
    var retries: [ObjectKey: Retry] = [:]
    /// Something changed since Pods and mirrors were last compared.
    var isStale = false

    func hasHeard(_ sources: [StaticPodSource]) -> Bool {
        sources.allSatisfy { bySource[$0] != nil }
    }

    /// What should run. A name in a file goes before the same name behind the URL.
    var wanted: [ObjectKey: JSON] {
        (bySource[.file] ?? [:]).merging(bySource[.http] ?? [:]) { file, _ in file }
    }

    /// Takes all manifests of a source; returns why some of them cannot run.
    mutating func take(
        _ manifests: [JSON], from source: StaticPodSource,
        _ configuration: KubeletConfiguration, _ wall: WallTime
    ) -> [String] {
        isStale = true
        let known = bySource[source] ?? [:]
        var faults: [String] = []
        var fresh: [ObjectKey: JSON] = [:]
        for manifest in manifests {
            if let fault = Self.fault(in: manifest) {
                faults.append(fault)
                continue
            }
            let pod = Self.complete(manifest, source, configuration, wall)
            let key = Pod(pod).key
            fresh[key] = pod
            // The time at which a manifest was first seen is no change.
            if let same = known[key], Pod(same).uid == Pod(pod).uid { fresh[key] = same }
        }
        bySource[source] = fresh
        return faults
    }

    var deadline: Instant? { retries.values.compactMap(\.at).min() }

    private static func fault(in manifest: JSON) -> String? {
        let pod = Pod(manifest)
        guard manifest["kind"]?.string == "Pod" else { return "a manifest is of no Pod" }
        guard !pod.name.isEmpty else { return "a static pod has no name" }
        guard !pod.containers.isEmpty else { return "static pod \(pod.name) has no containers" }
        let needs = PodNeeds(pod)
        guard needs.documents.isEmpty, needs.tokens.isEmpty else {
            return "static pod \(pod.name) may not reference objects of the API"
        }
        return nil
    }

    /// The manifest with what every static Pod has (`applyDefaults` of the kubelet's sources).
    private static func complete(
        _ manifest: JSON, _ source: StaticPodSource, _ configuration: KubeletConfiguration,
        _ wall: WallTime
    ) -> JSON {
        var pod = manifest
        let node = configuration.nodeName
        let hash = PodLabels.digest(of: "\(node)\u{1F}\(source.rawValue)\u{1F}\(manifest.text)")
        pod["apiVersion"] = "v1"
        pod["status"] = nil
        pod["metadata"]?["name"] = .string("\(Pod(manifest).name)-\(node)")
        if Pod(manifest).namespace.isEmpty { pod["metadata"]?["namespace"] = "default" }
        pod["metadata"]?["uid"] = .string(hash)
        var annotations = manifest["metadata"]?["annotations"] ?? [:]
        annotations[PodLabels.configurationHash] = .string(hash)
        annotations[PodLabels.configurationSource] = .string(source.rawValue)
        annotations[PodLabels.configurationSeen] = .string(wall.rfc3339)
        pod["metadata"]?["annotations"] = annotations
        pod["spec"]?["nodeName"] = .string(node)
        let tolerations = manifest["spec"]?["tolerations"]?.array ?? []
        pod["spec"]?["tolerations"] = .array(
            tolerations + [["effect": "NoExecute", "operator": "Exists"]])
        for field in ["containers", "initContainers"] {
            guard let containers = manifest["spec"]?[field]?.array else { continue }
            pod["spec"]?[field] = .array(containers.map(Self.withPullPolicy))
        }
        return pod
    }

    private static func withPullPolicy(_ container: JSON) -> JSON {
        guard container["imagePullPolicy"] == nil else { return container }
        let image = Container(container).image
        let name = image.split(separator: "/").last ?? ""
        let isPinned = name.contains("@") || name.contains(":") && !name.hasSuffix(":latest")
        var result = container
        result["imagePullPolicy"] = isPinned ? "IfNotPresent" : "Always"
        return result
    }

    /// The document by which the API shows a static Pod.
    static func mirror(of pod: JSON, node uid: String, named node: String) -> JSON {
        var mirror = pod
        let hash = Pod(pod).uid
        mirror["metadata"]?["uid"] = nil
        mirror["metadata"]?["annotations"]?[PodLabels.configurationMirror] = .string(hash)
        if !uid.isEmpty {
            mirror["metadata"]?["ownerReferences"] = [
                [
                    "apiVersion": "v1", "kind": "Node", "name": .string(node),
                    "uid": .string(uid), "controller": true,
                ]
            ]
        }
        return mirror
    }
}

extension Pod {
    /// The UID of the static Pod that this document mirrors; nil for an ordinary Pod.
    var mirroredUID: String? { metadata.annotations[PodLabels.configurationMirror] }
}
