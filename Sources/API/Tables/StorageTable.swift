import Base
import JSON

/// The rows of `kubectl get` for volumes, claims and their classes.
enum StorageTable {
    static let volumeColumns = [
        TableColumn.name,
        TableColumn("Capacity", "Size of the volume."),
        TableColumn("Access Modes", "How many may use the volume at once, and how."),
        TableColumn("Reclaim Policy", "What becomes of the volume when it is released."),
        TableColumn("Status", "Whether a claim has the volume."),
        TableColumn("Claim", "The claim that has the volume."),
        TableColumn("StorageClass", "The class of storage."),
        TableColumn("VolumeAttributesClass", "The class of the volume's settings."),
        TableColumn("Reason", "Why the volume is in its phase."),
        TableColumn.age,
        TableColumn("VolumeMode", "Whether Pods see a file system or a device.", priority: 1),
    ]

    @Sendable static func volumeCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let claim = spec["claimRef"].map { "\($0.text("namespace"))/\($0.text("name"))" }
        return [
            document.name, amount(spec["capacity"]),
            .string(shortModes(spec.list("accessModes"))),
            .string(spec.text("persistentVolumeReclaimPolicy")), phase(document),
            .string(claim ?? ""), .string(spec.text("storageClassName")),
            spec.text("volumeAttributesClassName").orUnset,
            .string(document["status"]?.text("reason") ?? ""), document.age(at: now),
            spec.text("volumeMode").orUnset,
        ]
    }

    static let claimColumns = [
        TableColumn.name,
        TableColumn("Status", "Whether the claim has a volume."),
        TableColumn("Volume", "The volume that the claim has."),
        TableColumn("Capacity", "Size of the volume."),
        TableColumn("Access Modes", "How many may use the volume at once, and how."),
        TableColumn("StorageClass", "The class of storage."),
        TableColumn("VolumeAttributesClass", "The class of the volume's settings."),
        TableColumn.age,
        TableColumn("VolumeMode", "Whether Pods see a file system or a device.", priority: 1),
    ]

    @Sendable static func claimCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let status = document["status"] ?? [:]
        let isBound = !spec.text("volumeName").isEmpty
        return [
            document.name, phase(document), .string(spec.text("volumeName")),
            isBound ? amount(status["capacity"]) : "",
            .string(isBound ? shortModes(status.list("accessModes")) : ""),
            .string(spec.text("storageClassName")),
            spec.text("volumeAttributesClassName").orUnset, document.age(at: now),
            spec.text("volumeMode").orUnset,
        ]
    }

    static let classColumns = [
        TableColumn.name,
        TableColumn("Provisioner", "Who makes the volumes."),
        TableColumn("ReclaimPolicy", "What becomes of a volume that is released."),
        TableColumn("VolumeBindingMode", "When a claim gets its volume."),
        TableColumn("AllowVolumeExpansion", type: "boolean", "Whether volumes may grow."),
        TableColumn.age,
    ]

    @Sendable static func classCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let annotations = document["metadata"]?["annotations"] ?? [:]
        let isDefault = annotations.text("storageclass.kubernetes.io/is-default-class") == "true"
        return [
            .string((document.name.string ?? "") + (isDefault ? " (default)" : "")),
            .string(document.text("provisioner")), .string(document.text("reclaimPolicy")),
            .string(document.text("volumeBindingMode")),
            .bool(document.flag("allowVolumeExpansion")), document.age(at: now),
        ]
    }

    static let attachmentColumns = [
        TableColumn.name,
        TableColumn("Attacher", "The driver."),
        TableColumn("PV", "The volume."),
        TableColumn("Node", "Name of the Node."),
        TableColumn("Attached", type: "boolean", "Whether the volume is attached."),
        TableColumn.age,
    ]

    @Sendable static func attachmentCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        return [
            document.name, .string(spec.text("attacher")),
            .string(spec["source"]?.text("persistentVolumeName") ?? ""),
            .string(spec.text("nodeName")),
            .bool(document["status"]?.flag("attached") ?? false), document.age(at: now),
        ]
    }

    static let driverColumns = [
        TableColumn.name,
        TableColumn("AttachRequired", type: "boolean", "Whether volumes must be attached first."),
        TableColumn("PodInfoOnMount", type: "boolean", "Whether the driver is told of the Pod."),
        TableColumn(
            "StorageCapacity", type: "boolean", "Whether the scheduler looks at the capacity."),
        TableColumn("TokenRequests", "Whom the tokens that the driver needs are for."),
        TableColumn(
            "RequiresRepublish", type: "boolean", "Whether the driver is called again and again."),
        TableColumn("Modes", "Which kinds of volume the driver makes."),
        TableColumn.age,
    ]

    @Sendable static func driverCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let audiences = spec.list("tokenRequests").map { $0.text("audience") }
        let modes = spec.list("volumeLifecycleModes").compactMap(\.string)
        return [
            document.name, .bool(spec.flag("attachRequired")),
            .bool(spec.flag("podInfoOnMount")), .bool(spec.flag("storageCapacity")),
            audiences.joined(separator: ",").orUnset, .bool(spec.flag("requiresRepublish")),
            modes.joined(separator: ",").orNone, document.age(at: now),
        ]
    }

    private static func phase(_ document: JSON) -> JSON {
        if document["metadata"]?["deletionTimestamp"] != nil { return "Terminating" }
        return .string(document["status"]?.text("phase") ?? "")
    }

    private static func amount(_ capacity: JSON?) -> JSON {
        .string(capacity?["storage"]?.string ?? "0")
    }

    /// Modes as users of `kubectl` know them, in a fixed order and each once.
    private static func shortModes(_ modes: [JSON]) -> String {
        let known = [
            ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"),
            ("ReadWriteOncePod", "RWOP"),
        ]
        return known.filter { modes.contains(.string($0.0)) }.map(\.1).joined(separator: ",")
    }
}

extension String {
    /// The cell of a setting that may be left out.
    fileprivate var orUnset: JSON { isEmpty ? "<unset>" : .string(self) }
}
