import JSON

/// Where the storage of a PersistentVolume is, and how it may be used.
extension CoreV1 {
    /// Modes in which a volume may be used.
    static let accessModes = Schema.list(
        of: .choice(["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]),
        .atomic)

    /// The kinds of storage, of which a volume has one. Those that need a cloud are left out.
    static let persistentVolumeSources: [Field] = [
        Field("csi", csiPersistentVolumeSource, "A volume of a storage driver."),
        Field("fc", fcVolumeSource, "A Fibre Channel device."),
        Field("hostPath", hostPathVolumeSource, "A path of whichever machine the Pod is on."),
        Field("iscsi", iscsiPersistentVolumeSource, "An iSCSI device."),
        Field("local", localVolumeSource, "A folder or device of one machine."),
        Field("nfs", nfsVolumeSource, "A folder of an NFS server."),
    ]
}

extension BatchV1 {
    /// Server-side apply owns the list as a whole, while a strategic merge patch merges it.
    static let jobConditions = Schema.list(
        of: .object(jobCondition),
        ListMerge(.atomic, patchMergeKey: "type", isPatchMerged: true))
}
