import JSON

/// Classes of storage, and the drivers behind them.
extension StorageV1 {
    static let storageClass = ObjectSchema(
        .storage, "StorageClass", "A kind of storage that claims may ask for by name."
    ) {
        Field("allowVolumeExpansion", .boolean, "Whether volumes may grow.")
        Field(
            "allowedTopologies", .atomicList(CoreV1.topologySelectorTerm),
            "Where volumes may be made.")
        MetaV1.header
        Field("mountOptions", .strings, "Options with which volumes are mounted.")
        Field("parameters", .stringMap, "Settings for the provisioner.")
        Field("provisioner", .string, "Who makes the volumes.", required: true)
        Field(
            "reclaimPolicy", .choice(["Delete", "Recycle", "Retain"]),
            "What becomes of a volume that is released.", default: "Delete")
        Field(
            "volumeBindingMode", .choice(["Immediate", "WaitForFirstConsumer"]),
            "When a claim gets its volume.", default: "Immediate")
    }

    static let volumeAttachment = ObjectSchema(
        .storage, "VolumeAttachment", "Asks for a volume to be attached to a Node."
    ) {
        MetaV1.header
        Field("spec", volumeAttachmentSpec, "Which volume and which Node.", required: true)
        Field("status", volumeAttachmentStatus, "Whether it is attached.")
    }

    static let volumeAttachmentSpec = ObjectSchema(
        .storage, "VolumeAttachmentSpec", "Which volume is attached to which Node."
    ) {
        Field("attacher", .string, "The driver.", required: true)
        Field("nodeName", .string, "Name of the Node.", required: true)
        Field("source", volumeAttachmentSource, "The volume.", required: true)
    }

    static let volumeAttachmentSource = ObjectSchema(
        .storage, "VolumeAttachmentSource", "The volume that is attached."
    ) {
        Field("inlineVolumeSpec", CoreV1.persistentVolumeSpec, "The volume itself.")
        Field("persistentVolumeName", .string, "Name of the PersistentVolume.")
    }

    static let volumeAttachmentStatus = ObjectSchema(
        .storage, "VolumeAttachmentStatus", "Whether a volume is attached."
    ) {
        Field("attachError", volumeError, "Why it could not be attached.")
        Field("attached", .boolean, "Whether it is attached.", required: true)
        Field("attachmentMetadata", .stringMap, "What the driver says of it.")
        Field("detachError", volumeError, "Why it could not be detached.")
    }

    static let volumeError = ObjectSchema(.storage, "VolumeError", "Why a driver failed.") {
        Field("errorCode", .int32, "The driver's code.")
        Field("message", .string, "Why, for people.")
        Field("time", .time, "When.")
    }

    static let csiDriver = ObjectSchema(.storage, "CSIDriver", "What a storage driver can do.") {
        MetaV1.header
        Field("spec", csiDriverSpec, "What it can do.", required: true)
    }

    static let csiDriverSpec = ObjectSchema(
        .storage, "CSIDriverSpec", "What a storage driver can do."
    ) {
        Field(
            "attachRequired", .boolean, "Whether volumes must be attached to a Node first.",
            default: true)
        Field(
            "fsGroupPolicy", .choice(["File", "None", "ReadWriteOnceWithFSType"]),
            "Whether owners of files are changed.", default: "ReadWriteOnceWithFSType")
        Field(
            "nodeAllocatableUpdatePeriodSeconds", .int64,
            "Seconds between two looks at how many volumes fit.")
        Field("podInfoOnMount", .boolean, "Whether the driver is told of the Pod.", default: false)
        Field(
            "requiresRepublish", .boolean, "Whether the driver is called again and again.",
            default: false)
        Field(
            "seLinuxMount", .boolean, "Whether the driver takes an SELinux label at mount.",
            default: false)
        Field("serviceAccountTokenInSecrets", .boolean, "Whether tokens are passed as secrets.")
        Field(
            "storageCapacity", .boolean, "Whether the scheduler looks at the capacity.",
            default: false)
        Field(
            "tokenRequests", .atomicList(tokenRequest),
            "Tokens that the driver needs of the Pod's account.")
        Field(
            "volumeLifecycleModes",
            .list(of: .choice(["Ephemeral", "Persistent"]), ListMerge(.set)),
            "Which kinds of volume it makes.")
    }

    static let tokenRequest = ObjectSchema(.storage, "TokenRequest", "A token that a driver needs."
    ) {
        Field("audience", .string, "Whom the token is for.", required: true)
        Field("expirationSeconds", .int64, "Seconds that it lasts.")
    }

    static let csiNode = ObjectSchema(.storage, "CSINode", "The storage drivers of a Node.") {
        MetaV1.header
        Field("spec", csiNodeSpec, "The drivers.", required: true)
    }

    static let csiNodeSpec = ObjectSchema(.storage, "CSINodeSpec", "The storage drivers of a Node."
    ) {
        Field("drivers", .list(csiNodeDriver, by: "name"), "The drivers.")
    }

    static let csiNodeDriver = ObjectSchema(
        .storage, "CSINodeDriver", "A storage driver of a Node."
    ) {
        Field("allocatable", volumeNodeResources, "How many volumes fit.")
        Field("name", .string, "Name of the driver.", required: true)
        Field("nodeID", .string, "Name of the Node, as the driver calls it.", required: true)
        Field("topologyKeys", .strings, "Labels by which the driver knows places.")
    }

    static let volumeNodeResources = ObjectSchema(
        .storage, "VolumeNodeResources", "How many volumes fit on a Node."
    ) {
        Field("count", .count32, "How many.")
    }

    static let csiStorageCapacity = ObjectSchema(
        .storage, "CSIStorageCapacity", "How much storage a driver has in one place."
    ) {
        Field("capacity", .quantity, "How much is left.")
        MetaV1.header
        Field("maximumVolumeSize", .quantity, "The largest volume that fits.")
        Field("nodeTopology", MetaV1.labelSelector, "The Nodes of the place.")
        Field("storageClassName", .string, "The class of storage.", required: true)
    }

    static let volumeAttributesClass = ObjectSchema(
        .storage, "VolumeAttributesClass", "A name for settings of volumes."
    ) {
        Field("driverName", .string, "The driver; it never changes.", required: true)
        MetaV1.header
        Field("parameters", .stringMap, "The settings; they never change.")
    }
}
