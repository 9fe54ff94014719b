import JSON

/// Volumes of storage systems. podmesh keeps them as written, for clients that read them; its
/// kubelet does not mount them.
extension CoreV1 {
    /// Sources that a storage system serves.
    static let remoteVolumeSources: [Field] = [
        Field(
            "awsElasticBlockStore", awsElasticBlockStoreVolumeSource, "A disk of Amazon's cloud."),
        Field("azureDisk", azureDiskVolumeSource, "A disk of Microsoft's cloud."),
        Field("azureFile", azureFileVolumeSource, "A file share of Microsoft's cloud."),
        Field("cephfs", cephFSVolumeSource, "A CephFS file system."),
        Field("cinder", cinderVolumeSource, "A disk of OpenStack."),
        Field("fc", fcVolumeSource, "A Fibre Channel device."),
        Field("flexVolume", flexVolumeSource, "A volume that a program on the machine mounts."),
        Field("flocker", flockerVolumeSource, "A Flocker volume."),
        Field("gcePersistentDisk", gcePersistentDiskVolumeSource, "A disk of Google's cloud."),
        Field("gitRepo", gitRepoVolumeSource, "A clone of a git repository."),
        Field("glusterfs", glusterfsVolumeSource, "A Gluster volume."),
        Field("iscsi", iscsiVolumeSource, "An iSCSI device."),
        Field("nfs", nfsVolumeSource, "A folder of an NFS server."),
        Field(
            "photonPersistentDisk", photonPersistentDiskVolumeSource,
            "A disk of a Photon controller."),
        Field("portworxVolume", portworxVolumeSource, "A Portworx volume."),
        Field("quobyte", quobyteVolumeSource, "A Quobyte volume."),
        Field("rbd", rbdVolumeSource, "A Ceph block device."),
        Field("scaleIO", scaleIOVolumeSource, "A ScaleIO volume."),
        Field("storageos", storageOSVolumeSource, "A StorageOS volume."),
        Field("vsphereVolume", vsphereVirtualDiskVolumeSource, "A vSphere disk."),
    ]

    static let awsElasticBlockStoreVolumeSource = ObjectSchema(
        .core, "AWSElasticBlockStoreVolumeSource", "A disk of Amazon's cloud."
    ) {
        Field("fsType", .string, "Type of the file system.")
        Field("partition", .int32, "Number of the partition.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("volumeID", .string, "Identity of the disk.", required: true)
    }

    static let azureDiskVolumeSource = ObjectSchema(
        .core, "AzureDiskVolumeSource", "A disk of Microsoft's cloud."
    ) {
        Field("cachingMode", .string, "How the machine caches it.", default: "ReadWrite")
        Field("diskName", .string, "Name of the disk.", required: true)
        Field("diskURI", .string, "Address of the disk.", required: true)
        Field("fsType", .string, "Type of the file system.", default: "ext4")
        Field("kind", .string, "Shared, Dedicated or Managed.", default: "Shared")
        Field("readOnly", .boolean, "Whether the volume may only be read.", default: false)
    }

    static let azureFileVolumeSource = ObjectSchema(
        .core, "AzureFileVolumeSource", "A file share of Microsoft's cloud."
    ) {
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretName", .string, "Secret with the account.", required: true)
        Field("shareName", .string, "Name of the share.", required: true)
    }

    static let cephFSVolumeSource = ObjectSchema(
        .core, "CephFSVolumeSource", "A CephFS file system."
    ) {
        Field("monitors", .strings, "Addresses of the monitors.", required: true)
        Field("path", .string, "The folder to mount.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretFile", .string, "File with the key.")
        Field("secretRef", localObjectReference, "Secret with the key.")
        Field("user", .string, "User of the file system.")
    }

    static let cinderVolumeSource = ObjectSchema(
        .core, "CinderVolumeSource", "A disk of OpenStack."
    ) {
        Field("fsType", .string, "Type of the file system.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretRef", localObjectReference, "Secret with the account.")
        Field("volumeID", .string, "Identity of the disk.", required: true)
    }

    static let fcVolumeSource = ObjectSchema(.core, "FCVolumeSource", "A Fibre Channel device.") {
        Field("fsType", .string, "Type of the file system.")
        Field("lun", .int32, "Number of the unit.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("targetWWNs", .strings, "Names of the targets.")
        Field("wwids", .strings, "Identities of the device.")
    }

    static let flexVolumeSource = ObjectSchema(
        .core, "FlexVolumeSource", "A volume that a program on the machine mounts."
    ) {
        Field("driver", .string, "Name of the program.", required: true)
        Field("fsType", .string, "Type of the file system.")
        Field("options", .stringMap, "Settings for the program.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretRef", localObjectReference, "Secret for the program.")
    }

    static let flockerVolumeSource = ObjectSchema(
        .core, "FlockerVolumeSource", "A Flocker volume."
    ) {
        Field("datasetName", .string, "Name of the data set.")
        Field("datasetUUID", .string, "Identity of the data set.")
    }

    static let gcePersistentDiskVolumeSource = ObjectSchema(
        .core, "GCEPersistentDiskVolumeSource", "A disk of Google's cloud."
    ) {
        Field("fsType", .string, "Type of the file system.")
        Field("partition", .int32, "Number of the partition.")
        Field("pdName", .string, "Name of the disk.", required: true)
        Field("readOnly", .boolean, "Whether the volume may only be read.")
    }

    static let gitRepoVolumeSource = ObjectSchema(
        .core, "GitRepoVolumeSource", "A clone of a git repository."
    ) {
        Field("directory", .string, "Folder to clone into.")
        Field("repository", .string, "Address of the repository.", required: true)
        Field("revision", .string, "The commit to check out.")
    }

    static let glusterfsVolumeSource = ObjectSchema(
        .core, "GlusterfsVolumeSource", "A Gluster volume."
    ) {
        Field("endpoints", .string, "Name of the Endpoints of the servers.", required: true)
        Field("path", .string, "Name of the volume.", required: true)
        Field("readOnly", .boolean, "Whether the volume may only be read.")
    }

    static let iscsiVolumeSource = ObjectSchema(.core, "ISCSIVolumeSource", "An iSCSI device.") {
        Field("chapAuthDiscovery", .boolean, "Whether discovery uses CHAP.")
        Field("chapAuthSession", .boolean, "Whether the session uses CHAP.")
        Field("fsType", .string, "Type of the file system.")
        Field("initiatorName", .string, "Name of the initiator.")
        Field("iqn", .string, "Name of the target.", required: true)
        Field("iscsiInterface", .string, "Interface of the initiator.", default: "default")
        Field("lun", .int32, "Number of the unit.", required: true)
        Field("portals", .strings, "Further addresses of the target.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretRef", localObjectReference, "Secret for CHAP.")
        Field("targetPortal", .string, "Address of the target.", required: true)
    }

    static let nfsVolumeSource = ObjectSchema(
        .core, "NFSVolumeSource", "A folder of an NFS server."
    ) {
        Field("path", .string, "The folder.", required: true)
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("server", .string, "Name or address of the server.", required: true)
    }

    static let photonPersistentDiskVolumeSource = ObjectSchema(
        .core, "PhotonPersistentDiskVolumeSource", "A disk of a Photon controller."
    ) {
        Field("fsType", .string, "Type of the file system.")
        Field("pdID", .string, "Identity of the disk.", required: true)
    }

    static let portworxVolumeSource = ObjectSchema(
        .core, "PortworxVolumeSource", "A Portworx volume."
    ) {
        Field("fsType", .string, "Type of the file system.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("volumeID", .string, "Identity of the volume.", required: true)
    }

    static let quobyteVolumeSource = ObjectSchema(
        .core, "QuobyteVolumeSource", "A Quobyte volume."
    ) {
        Field("group", .string, "Group that owns the volume.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("registry", .string, "Addresses of the registries.", required: true)
        Field("tenant", .string, "Owner of the volume.")
        Field("user", .string, "User that owns the volume.")
        Field("volume", .string, "Name of the volume.", required: true)
    }

    static let rbdVolumeSource = ObjectSchema(.core, "RBDVolumeSource", "A Ceph block device.") {
        Field("fsType", .string, "Type of the file system.")
        Field("image", .string, "Name of the image.", required: true)
        Field("keyring", .string, "File with the keys.", default: "/etc/ceph/keyring")
        Field("monitors", .strings, "Addresses of the monitors.", required: true)
        Field("pool", .string, "Name of the pool.", default: "rbd")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretRef", localObjectReference, "Secret with the key.")
        Field("user", .string, "User of the pool.", default: "admin")
    }

    static let scaleIOVolumeSource = ObjectSchema(
        .core, "ScaleIOVolumeSource", "A ScaleIO volume."
    ) {
        Field("fsType", .string, "Type of the file system.", default: "xfs")
        Field("gateway", .string, "Address of the gateway.", required: true)
        Field("protectionDomain", .string, "Domain of the storage.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretRef", localObjectReference, "Secret with the account.", required: true)
        Field("sslEnabled", .boolean, "Whether the gateway is asked by TLS.")
        Field(
            "storageMode", .string,
            "Whether space is set aside at once.", default: "ThinProvisioned")
        Field("storagePool", .string, "Pool of the storage.")
        Field("system", .string, "Name of the storage system.", required: true)
        Field("volumeName", .string, "Name of the volume.")
    }

    static let storageOSVolumeSource = ObjectSchema(
        .core, "StorageOSVolumeSource", "A StorageOS volume."
    ) {
        Field("fsType", .string, "Type of the file system.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("secretRef", localObjectReference, "Secret with the account.")
        Field("volumeName", .string, "Name of the volume.")
        Field("volumeNamespace", .string, "Namespace of the volume.")
    }

    static let vsphereVirtualDiskVolumeSource = ObjectSchema(
        .core, "VsphereVirtualDiskVolumeSource", "A vSphere disk."
    ) {
        Field("fsType", .string, "Type of the file system.")
        Field("storagePolicyID", .string, "Identity of the storage policy.")
        Field("storagePolicyName", .string, "Name of the storage policy.")
        Field("volumePath", .string, "Path of the disk.", required: true)
    }
}
