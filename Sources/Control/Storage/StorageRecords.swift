import JSON
import Objects

/// A view of `v1.PersistentVolumeClaim`.
struct ClaimRecord {
    static let bindCompleted = "pv.kubernetes.io/bind-completed"
    static let boundByController = "pv.kubernetes.io/bound-by-controller"
    static let selectedNode = "volume.kubernetes.io/selected-node"
    static let provisioner = "volume.kubernetes.io/storage-provisioner"

    let record: ObjectRecord

    init(_ record: ObjectRecord) { self.record = record }

    /// The claim of a volume of a Pod; a generic ephemeral one is the Pod's own.
    static func key(of volume: JSON, in pod: Pod) -> ObjectKey? {
        var name = volume["persistentVolumeClaim"]?["claimName"]?.string
        if volume["ephemeral"] != nil {
            name = volume["name"]?.string.map { "\(pod.name)-\($0)" }
        }
        return name.map {
            ObjectKey(.persistentVolumeClaims, namespace: pod.namespace, name: $0)
        }
    }

    static func keys(of pod: Pod) -> [ObjectKey] { pod.volumes.compactMap { key(of: $0, in: pod) } }

    var key: ObjectKey { record.key }
    var uid: String { record.uid }
    /// Nil when the claim leaves the choice to the cluster's default class.
    var className: String? { record.spec["storageClassName"]?.string }
    var accessModes: [String] { record.spec["accessModes"].strings }
    var volumeMode: String { record.spec["volumeMode"]?.string ?? "Filesystem" }
    var volumeName: String { record.spec["volumeName"]?.string ?? "" }
    var phase: String { record.status["phase"]?.string ?? "Pending" }
    var annotations: [String: String] { record.metadata.annotations }
    var selectedNode: String? { annotations[Self.selectedNode] }
    /// The volume is the claim's and the claim the volume's.
    var isBound: Bool { !volumeName.isEmpty && annotations[Self.bindCompleted] != nil }

    var request: Quantity {
        (record.spec["resources"]?["requests"]?["storage"]?.string).flatMap(Quantity.init) ?? .zero
    }

    /// What a volume says of its claim (`spec.claimRef`).
    var reference: JSON {
        [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "namespace": .string(key.namespace), "name": .string(key.name), "uid": .string(uid),
            "resourceVersion": .string(record.metadata.resourceVersion),
        ]
    }
}

/// A view of `v1.PersistentVolume`.
struct VolumeRecord {
    let record: ObjectRecord

    init(_ record: ObjectRecord) { self.record = record }

    var key: ObjectKey { record.key }
    var className: String { record.spec["storageClassName"]?.string ?? "" }
    var accessModes: [String] { record.spec["accessModes"].strings }
    var volumeMode: String { record.spec["volumeMode"]?.string ?? "Filesystem" }
    var phase: String { record.status["phase"]?.string ?? "Pending" }
    var claimUID: String { record.spec["claimRef"]?["uid"]?.string ?? "" }

    var capacity: Quantity {
        (record.spec["capacity"]?["storage"]?.string).flatMap(Quantity.init) ?? .zero
    }

    /// The claim that the volume is for; nil when it is free.
    var claim: ObjectKey? {
        guard let reference = record.spec["claimRef"], let name = reference["name"]?.string
        else { return nil }
        return ObjectKey(
            .persistentVolumeClaims, namespace: reference["namespace"]?.string ?? "", name: name)
    }

    /// Whether it is reserved for this claim and for no earlier one of the same name.
    func isReserved(for claim: ClaimRecord) -> Bool {
        self.claim == claim.key && (claimUID.isEmpty || claimUID == claim.uid)
    }

    /// Whether the claim could be bound to it (`volume.FindMatchingVolume`).
    func satisfies(_ claim: ClaimRecord) -> Bool {
        guard !record.isBeingDeleted, volumeMode == claim.volumeMode,
            className == claim.className ?? "", capacity >= claim.request,
            claim.accessModes.allSatisfy(accessModes.contains)
        else { return false }
        guard let selector = claim.record.spec["selector"] else { return true }
        return LabelSelector(selector).matches(record.labels)
    }

    /// Whether the Node reaches it (`spec.nodeAffinity`).
    func isReachable(from node: NodeRecord) -> Bool {
        guard let required = record.spec["nodeAffinity"]?["required"] else { return true }
        return NodeAffinity.matches(selector: required, node)
    }
}

/// A view of `storage.k8s.io/v1.StorageClass`.
struct ClassRecord {
    static let isDefault = "storageclass.kubernetes.io/is-default-class"

    let record: ObjectRecord

    var name: String { record.key.name }
    var provisioner: String { record.json["provisioner"]?.string ?? "" }
    var reclaimPolicy: String { record.json["reclaimPolicy"]?.string ?? "Delete" }
    /// Volumes are chosen only when a Pod that uses them is placed.
    var waitsForConsumer: Bool {
        record.json["volumeBindingMode"]?.string == "WaitForFirstConsumer"
    }
    var makesVolumes: Bool { provisioner != "kubernetes.io/no-provisioner" }

    static func named(_ name: String?, in state: ClusterState) -> ClassRecord? {
        guard let name, !name.isEmpty else { return nil }
        return state.record(ObjectKey(.storageClasses, name: name)).map(ClassRecord.init)
    }

    /// The one that the claim names, or will when it names none.
    static func of(_ claim: ClaimRecord, in state: ClusterState) -> ClassRecord? {
        claim.className == nil ? chosenByDefault(in: state) : named(claim.className, in: state)
    }

    /// The newest of those that are marked as such.
    static func chosenByDefault(in state: ClusterState) -> ClassRecord? {
        state.records(.storageClasses).filter {
            !$0.isBeingDeleted && $0.metadata.annotations[isDefault] == "true"
        }.max { ($0.createdAt, $1.key) < ($1.createdAt, $0.key) }.map(ClassRecord.init)
    }
}

extension ClusterState {
    func claim(_ key: ObjectKey) -> ClaimRecord? { record(key).map(ClaimRecord.init) }

    /// The volume that a claim names, or that is reserved for it.
    func volume(of claim: ClaimRecord) -> VolumeRecord? {
        if !claim.volumeName.isEmpty {
            return record(ObjectKey(.persistentVolumes, name: claim.volumeName))
                .map(VolumeRecord.init)
        }
        return records(.persistentVolumes).map(VolumeRecord.init).first {
            $0.isReserved(for: claim) && !$0.record.isBeingDeleted
        }
    }

    /// The smallest free volume that the claim could be bound to, on the Node when there is one.
    func freeVolume(for claim: ClaimRecord, on node: NodeRecord?) -> VolumeRecord? {
        records(.persistentVolumes).map(VolumeRecord.init).filter { volume in
            volume.claim == nil && volume.satisfies(claim)
                && (node.map { volume.isReachable(from: $0) } ?? true)
        }.min { ($0.capacity, $0.key) < ($1.capacity, $1.key) }
    }
}
