import JSON

/// Volumes that outlive Pods, and claims to them.
extension CoreV1 {
    static let persistentVolumeClaim = ObjectSchema(
        .core, "PersistentVolumeClaim", "Asks for storage that outlives Pods."
    ) {
        MetaV1.header
        Field("spec", persistentVolumeClaimSpec, "The storage that is asked for.")
        Field("status", persistentVolumeClaimStatus, "The storage that the claim has.")
    }

    static let persistentVolumeClaimStatus = ObjectSchema(
        .core, "PersistentVolumeClaimStatus", "The storage that a claim has."
    ) {
        Field("accessModes", .strings, "How many may use the volume at once, and how.")
        Field("allocatedResourceStatuses", .stringMap, "How far a change of size is.")
        Field("allocatedResources", .quantities, "The size that is being made.")
        Field("capacity", .quantities, "The size of the volume.")
        Field(
            "conditions", .list(persistentVolumeClaimCondition, by: "type"),
            "What is true of the claim now.")
        Field(
            "currentVolumeAttributesClassName", .string, "The class of the volume's settings now.")
        Field("modifyVolumeStatus", modifyVolumeStatus, "How far a change of the settings is.")
        Field("phase", .choice(["Bound", "Lost", "Pending"]), "Whether the claim has a volume.")
    }

    static let persistentVolumeClaimCondition = ObjectSchema(
        .core, "PersistentVolumeClaimCondition", "One thing that is true of a claim or not."
    ) {
        Field("lastProbeTime", .time, "When the condition was last looked at.")
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let modifyVolumeStatus = ObjectSchema(
        .core, "ModifyVolumeStatus", "How far a change of a volume's settings is."
    ) {
        Field("status", .string, "Pending, InProgress or Infeasible.", required: true)
        Field("targetVolumeAttributesClassName", .string, "The class that is wanted.")
    }

    static let persistentVolume = ObjectSchema(.core, "PersistentVolume", "Storage in the cluster."
    ) {
        MetaV1.header
        Field("spec", persistentVolumeSpec, "What the storage is.")
        Field("status", persistentVolumeStatus, "Whether the storage is in use.")
    }

    static let persistentVolumeStatus = ObjectSchema(
        .core, "PersistentVolumeStatus", "Whether a volume is in use."
    ) {
        Field("lastPhaseTransitionTime", .time, "When the phase last changed.")
        Field("message", .string, "Why, for people.")
        Field(
            "phase", .choice(["Available", "Bound", "Failed", "Pending", "Released"]),
            "Whether a claim has the volume.")
        Field("reason", .string, "Why, in one word.")
    }

    static let persistentVolumeSpec = ObjectSchema(
        .core, "PersistentVolumeSpec", "What a volume is, and who may have it."
    ) {
        Field("accessModes", accessModes, "How many may use the volume at once, and how.")
        Field("capacity", .quantities, "Its size.")
        Field("claimRef", objectReference, "The claim that has the volume.")
        Field("mountOptions", .strings, "Options with which it is mounted.")
        Field("nodeAffinity", volumeNodeAffinity, "Nodes that can reach it.")
        Field(
            "persistentVolumeReclaimPolicy", .choice(["Delete", "Recycle", "Retain"]),
            "What becomes of it when it is released.", default: "Retain")
        persistentVolumeSources
        Field("storageClassName", .string, "The class of storage.")
        Field("volumeAttributesClassName", .string, "The class of the volume's settings.")
        Field(
            "volumeMode", .choice(["Block", "Filesystem"]),
            "Whether Pods see a file system or a device.", default: "Filesystem")
    }

    static let volumeNodeAffinity = ObjectSchema(
        .core, "VolumeNodeAffinity", "Nodes that can reach a volume."
    ) {
        Field("required", nodeSelector, "Selects the Nodes.")
    }

    static let localVolumeSource = ObjectSchema(
        .core, "LocalVolumeSource", "A folder or device of one machine."
    ) {
        Field("fsType", .string, "File system of the device.")
        Field("path", .string, "Path on the machine.", required: true)
    }

    static let csiPersistentVolumeSource = ObjectSchema(
        .core, "CSIPersistentVolumeSource", "A volume of a storage driver."
    ) {
        Field("controllerExpandSecretRef", secretReference, "Secret for growing it.")
        Field("controllerPublishSecretRef", secretReference, "Secret for attaching it.")
        Field("driver", .string, "Name of the driver.", required: true)
        Field("fsType", .string, "File system.")
        Field("nodeExpandSecretRef", secretReference, "Secret for growing its file system.")
        Field("nodePublishSecretRef", secretReference, "Secret for mounting it.")
        Field("nodeStageSecretRef", secretReference, "Secret for staging it.")
        Field("readOnly", .boolean, "Whether nobody may write.")
        Field("volumeAttributes", .stringMap, "Settings of the volume.")
        Field("volumeHandle", .string, "The volume, as the driver calls it.", required: true)
    }

    static let iscsiPersistentVolumeSource = ObjectSchema(
        .core, "ISCSIPersistentVolumeSource", "An iSCSI device."
    ) {
        Field("chapAuthDiscovery", .boolean, "Whether discovery asks for a password.")
        Field("chapAuthSession", .boolean, "Whether sessions ask for a password.")
        Field("fsType", .string, "File system.")
        Field("initiatorName", .string, "Name of the initiator.")
        Field("iqn", .string, "Name of the target.", required: true)
        Field("iscsiInterface", .string, "Interface of the initiator.", default: "default")
        Field("lun", .int32, "Number of the device.", required: true)
        Field("portals", .strings, "Other addresses of the target.")
        Field("readOnly", .boolean, "Whether nobody may write.")
        Field("secretRef", secretReference, "Secret with the passwords.")
        Field("targetPortal", .string, "Address of the target.", required: true)
    }

    static let secretReference = ObjectSchema(
        .core, "SecretReference", "Names a Secret of any namespace.", isAtomic: true
    ) {
        Field("name", .string, "Name of the Secret.")
        Field("namespace", .string, "Namespace of the Secret.")
    }
}
