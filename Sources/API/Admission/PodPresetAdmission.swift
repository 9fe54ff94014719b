import JSON
import Objects
import Store

/// PodPreset (`settings.k8s.io/v1alpha1`): a new Pod gets the variables and volumes of every
/// preset whose selector finds it, and an annotation for each preset that it got. When two of
/// them, or one and the Pod, disagree, the Pod gets nothing at all, and an Event tells why.
extension Evaluation {
    private static let annotationPrefix = "podpreset.admission.kubernetes.io/"

    func applyPodPresets(
        _ document: inout JSON, _ target: ResourceTarget, _ writes: inout Writes
    ) {
        let resource = Resource.podPresets
        let range = KeyRange.namespace(
            group: resource.group, resource: resource.plural, namespace: target.namespace)
        guard snapshot.count(range) > 0 else { return }
        let metadata = ObjectMeta(document["metadata"] ?? [:])
        guard metadata.annotations[Self.annotationPrefix + "exclude"] != "true",
            metadata.annotations["kubernetes.io/config.mirror"] == nil
        else { return }
        var merge = PodPresetMerge(spec: document["spec"] ?? [:])
        var notes: [(name: String, version: String)] = []
        for (key, stored) in snapshot.list(range) {
            let spec = stored.json["spec"] ?? [:]
            guard LabelSelector(spec["selector"] ?? [:]).matches(metadata.labels) else { continue }
            merge.add(spec, of: key.name)
            notes.append((key.name, stored.modRevision.description))
        }
        guard !notes.isEmpty else { return }
        guard merge.conflicts.isEmpty else {
            record(merge.conflicts, of: document, &writes)
            return
        }
        document["spec"] = merge.spec
        for note in notes {
            document[path: [
                "metadata", "annotations", "\(Self.annotationPrefix)podpreset-\(note.name)",
            ]] = .string(note.version)
        }
    }

    /// The Event is made with the Pod, in one transaction.
    private func record(_ conflicts: [String], of pod: JSON, _ writes: inout Writes) {
        guard !options.isDryRun else { return }
        let metadata = pod["metadata"] ?? [:]
        let name = "\(metadata.text("name")).\(metadata.text("uid").prefix(8))"
        let event: JSON = [
            "apiVersion": "v1", "kind": "Event",
            "metadata": [
                "name": .string(name), "namespace": metadata["namespace"] ?? "",
                "uid": metadata["uid"] ?? "", "creationTimestamp": .string(now),
            ],
            "involvedObject": [
                "kind": "Pod", "apiVersion": "v1", "namespace": metadata["namespace"] ?? "",
                "name": metadata["name"] ?? "", "uid": metadata["uid"] ?? "",
            ],
            "reason": "PodPresetConflict", "type": "Warning",
            "message": .string("conflict: " + conflicts.joined(separator: "; ")),
            "source": ["component": "podpreset-admission"], "count": 1,
            "firstTimestamp": .string(now), "lastTimestamp": .string(now),
            "reportingComponent": "podpreset-admission", "reportingInstance": "",
        ]
        let key = Resource.events.key(namespace: metadata.text("namespace"), name: name)
        writes.operations.append(.put(key, event.bytes))
    }
}

/// The spec of a Pod with what presets add to it, and what they disagree about.
private struct PodPresetMerge {
    private(set) var spec: JSON
    private(set) var conflicts: [String] = []

    init(spec: JSON) { self.spec = spec }

    mutating func add(_ preset: JSON, of name: String) {
        var spec = spec
        merge(&spec, "volumes", preset.list("volumes"), by: ["name"], name)
        for list in ["initContainers", "containers"] {
            guard var containers = spec[list]?.array else { continue }
            for index in containers.indices {
                merge(&containers[index], "env", preset.list("env"), by: ["name"], name)
                merge(
                    &containers[index], "volumeMounts", preset.list("volumeMounts"),
                    by: ["name", "mountPath"], name)
                let sources = preset.list("envFrom")
                guard !sources.isEmpty else { continue }
                containers[index]["envFrom"] = .array(containers[index].list("envFrom") + sources)
            }
            spec[list] = .array(containers)
        }
        self.spec = spec
    }

    /// Appends what is not there yet. An element that is the same as one there is passed over; one
    /// that has the same key and is otherwise different is a conflict.
    private mutating func merge(
        _ owner: inout JSON, _ list: String, _ additions: [JSON], by keys: [String],
        _ preset: String
    ) {
        guard !additions.isEmpty else { return }
        var elements = owner.list(list)
        for addition in additions where !elements.contains(addition) {
            for key in keys {
                let value = addition.text(key)
                guard !value.isEmpty, elements.contains(where: { $0.text(key) == value })
                else { continue }
                conflicts.append(
                    "merging \(list) for \(preset) has a conflict on \(value)")
            }
            elements.append(addition)
        }
        owner[list] = .array(elements)
    }
}
