import Base
import JSON
import Objects

extension ObjectRecord {
    var generation: Int64 { json["metadata"]?["generation"]?.integer ?? 0 }
    var spec: JSON { json["spec"] ?? [:] }
    var status: JSON { json["status"] ?? [:] }
    var createdAt: WallTime { metadata.creationTimestamp ?? WallTime(seconds: 0) }

    /// `spec.selector` of an object that keeps Pods; a ReplicationController's is plain labels.
    var podSelector: LabelSelector {
        let selector = spec["selector"] ?? [:]
        let isPlain = key.resource == .replicationControllers
        return LabelSelector(isPlain ? ["matchLabels": selector] : selector)
    }

    /// A reference to this object as the managing controller of another.
    var controllerReference: JSON {
        [
            "apiVersion": .string(key.resource.apiVersion), "kind": .string(key.resource.kind),
            "name": .string(key.name), "uid": .string(uid), "controller": true,
            "blockOwnerDeletion": true,
        ]
    }
}

extension Reconciliation {
    /// Writes the status of an object, if it says anything new.
    mutating func proposeStatus(_ status: JSON, of record: ObjectRecord, why: String) {
        guard status != record.status else { return }
        var document = record.json
        document["status"] = status
        propose(.update(record.key.resource, document, subresource: "status"), why: why)
    }
}

extension ClusterState {
    /// The objects of a type that control the changed object, or would adopt it.
    func keepers(of change: ObjectChange, _ resource: Resource) -> [ObjectKey] {
        controllers(of: change, resource) + adopters(of: change, resource)
    }

    /// The keys of the objects of a type that control the object, before and after a change.
    func controllers(of change: ObjectChange, _ resource: Resource) -> [ObjectKey] {
        [change.old, change.new].compactMap { record in
            guard let owner = record?.controller, owner.kind == resource.kind else { return nil }
            return ObjectKey(resource, namespace: change.key.namespace, name: owner.name)
        }
    }

    /// The objects of a type in the namespace whose selector would adopt the object: it has no
    /// controller yet and its labels match.
    private func adopters(of change: ObjectChange, _ resource: Resource) -> [ObjectKey] {
        guard let new = change.new, new.controller == nil, !new.labels.isEmpty else { return [] }
        return records(resource, inNamespace: change.key.namespace).filter {
            let selector = $0.podSelector
            return !selector.isEmpty && selector.matches(new.labels)
        }.map(\.key)
    }
}

/// Patches that give an object to a controller or take it away.
enum Ownership {
    static func adopt(_ object: ObjectRecord, by owner: ObjectRecord) -> ObjectWrite {
        .patch(
            object.key,
            [
                "metadata": [
                    "uid": .string(object.uid),
                    "ownerReferences": [owner.controllerReference],
                ]
            ])
    }

    static func release(_ object: ObjectRecord, from ownerUIDs: [String]) -> ObjectWrite {
        let deletions = ownerUIDs.map { uid -> JSON in
            ["$patch": "delete", "uid": .string(uid)]
        }
        return .patch(
            object.key,
            ["metadata": ["uid": .string(object.uid), "ownerReferences": .array(deletions)]])
    }
}

/// A list of status conditions under change, with the times that Kubernetes keeps in them.
struct ConditionList {
    private(set) var conditions: [Condition]
    private let now: String
    /// Deployments record when a condition was last written; Nodes and Pods do not.
    private let hasUpdateTime: Bool

    init(_ json: JSON?, now: WallTime, hasUpdateTime: Bool) {
        conditions = (json?.array ?? []).map(Condition.init)
        self.now = now.rfc3339
        self.hasUpdateTime = hasUpdateTime
    }

    subscript(type: String) -> Condition? { conditions.first { $0.type == type } }

    var json: JSON { .array(conditions.map(\.json)) }

    /// Sets a condition. Without a change of status or reason nothing is written unless `renewing`.
    mutating func set(
        _ type: String, _ status: String, reason: String, message: String, renewing: Bool = false
    ) {
        let old = self[type]
        guard renewing || old?.status != status || old?.reason != reason else { return }
        var condition = Condition(type: type, status: status, reason: reason, message: message)
        if hasUpdateTime { condition.json["lastUpdateTime"] = .string(now) }
        let transition = old?.status == status ? old?.json["lastTransitionTime"] : nil
        condition.json["lastTransitionTime"] = transition ?? .string(now)
        if let index = conditions.firstIndex(where: { $0.type == type }) {
            conditions[index] = condition
        } else {
            conditions.append(condition)
        }
    }

    mutating func remove(_ type: String) { conditions.removeAll { $0.type == type } }
}

/// A number, or a percentage of a whole (`intstr.IntOrString`).
enum IntOrPercent {
    /// What is neither counts as zero.
    static func resolve(_ value: JSON, of whole: Int, roundingUp: Bool = true) -> Int {
        if let number = value.integer { return Int(clamping: max(0, number)) }
        guard let text = value.string, text.hasSuffix("%"), let percent = Int(text.dropLast()),
            (0...1_000_000).contains(percent), (0...1_000_000_000).contains(whole)
        else { return 0 }
        return (whole * percent + (roundingUp ? 99 : 0)) / 100
    }
}
