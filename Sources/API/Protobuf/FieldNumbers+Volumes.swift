extension MessageNumbers {
    /// The field numbers of volumes (`k8s.io/api/core/v1`).
    @MessageListBuilder static var volumes: [MessageNumbers] {
        MessageNumbers(
            .core, "AWSElasticBlockStoreVolumeSource",
            ["volumeID": 1, "fsType": 2, "partition": 3, "readOnly": 4])
        MessageNumbers(
            .core, "AzureDiskVolumeSource",
            [
                "diskName": 1, "diskURI": 2, "cachingMode": .kept(3), "fsType": .kept(4),
                "readOnly": .kept(5), "kind": .kept(6),
            ])
        MessageNumbers(
            .core, "AzureFileVolumeSource", ["secretName": 1, "shareName": 2, "readOnly": 3])
        MessageNumbers(
            .core, "CSIVolumeSource",
            [
                "driver": 1, "readOnly": .kept(2), "fsType": .kept(3), "volumeAttributes": 4,
                "nodePublishSecretRef": 5,
            ])
        MessageNumbers(
            .core, "CephFSVolumeSource",
            ["monitors": 1, "path": 2, "user": 3, "secretFile": 4, "secretRef": 5, "readOnly": 6])
        MessageNumbers(
            .core, "CinderVolumeSource",
            ["volumeID": 1, "fsType": 2, "readOnly": 3, "secretRef": 4])
        MessageNumbers(
            .core, "ClusterTrustBundleProjection",
            [
                "name": .kept(1), "signerName": .kept(2), "labelSelector": 3, "path": 4,
                "optional": .kept(5),
            ])
        MessageNumbers(
            .core, "ConfigMapProjection",
            [
                "localObjectReference": .embedded(1, "LocalObjectReference"), "items": 2,
                "optional": .kept(4),
            ])
        MessageNumbers(
            .core, "ConfigMapVolumeSource",
            [
                "localObjectReference": .embedded(1, "LocalObjectReference"), "items": 2,
                "defaultMode": .kept(3), "optional": .kept(4),
            ])
        MessageNumbers(.core, "DownwardAPIProjection", ["items": 1])
        MessageNumbers(
            .core, "DownwardAPIVolumeFile",
            ["path": 1, "fieldRef": 2, "resourceFieldRef": 3, "mode": .kept(4)])
        MessageNumbers(.core, "DownwardAPIVolumeSource", ["items": 1, "defaultMode": .kept(2)])
        MessageNumbers(.core, "EmptyDirVolumeSource", ["medium": 1, "sizeLimit": 2])
        MessageNumbers(.core, "EphemeralVolumeSource", ["volumeClaimTemplate": 1])
        MessageNumbers(
            .core, "FCVolumeSource",
            ["targetWWNs": 1, "lun": .kept(2), "fsType": 3, "readOnly": 4, "wwids": 5])
        MessageNumbers(
            .core, "FlexVolumeSource",
            ["driver": 1, "fsType": 2, "secretRef": 3, "readOnly": 4, "options": 5])
        MessageNumbers(.core, "FlockerVolumeSource", ["datasetName": 1, "datasetUUID": 2])
        MessageNumbers(
            .core, "GCEPersistentDiskVolumeSource",
            ["pdName": 1, "fsType": 2, "partition": 3, "readOnly": 4])
        MessageNumbers(
            .core, "GitRepoVolumeSource", ["repository": 1, "revision": 2, "directory": 3])
        MessageNumbers(.core, "GlusterfsVolumeSource", ["endpoints": 1, "path": 2, "readOnly": 3])
        MessageNumbers(.core, "HostPathVolumeSource", ["path": 1, "type": .kept(2)])
        MessageNumbers(
            .core, "ISCSIVolumeSource",
            [
                "targetPortal": 1, "iqn": 2, "lun": 3, "iscsiInterface": 4, "fsType": 5,
                "readOnly": 6, "portals": 7, "chapAuthDiscovery": 8, "secretRef": 10,
                "chapAuthSession": 11, "initiatorName": .kept(12),
            ])
        MessageNumbers(.core, "ImageVolumeSource", ["reference": 1, "pullPolicy": 2])
        MessageNumbers(.core, "KeyToPath", ["key": 1, "path": 2, "mode": .kept(3)])
        MessageNumbers(.core, "NFSVolumeSource", ["server": 1, "path": 2, "readOnly": 3])
        MessageNumbers(
            .core, "PersistentVolumeClaimSpec",
            [
                "accessModes": 1, "resources": 2, "volumeName": 3, "selector": 4,
                "storageClassName": .kept(5), "volumeMode": .kept(6), "dataSource": 7,
                "dataSourceRef": 8, "volumeAttributesClassName": .kept(9),
            ])
        MessageNumbers(.core, "PersistentVolumeClaimTemplate", ["metadata": 1, "spec": 2])
        MessageNumbers(.core, "PersistentVolumeClaimVolumeSource", ["claimName": 1, "readOnly": 2])
        MessageNumbers(.core, "PhotonPersistentDiskVolumeSource", ["pdID": 1, "fsType": 2])
        MessageNumbers(
            .core, "PodCertificateProjection",
            [
                "signerName": 1, "keyType": 2, "maxExpirationSeconds": .kept(3),
                "credentialBundlePath": 4, "keyPath": 5, "certificateChainPath": 6,
                "userAnnotations": 7,
            ])
        MessageNumbers(.core, "PortworxVolumeSource", ["volumeID": 1, "fsType": 2, "readOnly": 3])
        MessageNumbers(.core, "ProjectedVolumeSource", ["sources": 1, "defaultMode": .kept(2)])
        MessageNumbers(
            .core, "QuobyteVolumeSource",
            ["registry": 1, "volume": 2, "readOnly": 3, "user": 4, "group": 5, "tenant": 6])
        MessageNumbers(
            .core, "RBDVolumeSource",
            [
                "monitors": 1, "image": 2, "fsType": 3, "pool": 4, "user": 5, "keyring": 6,
                "secretRef": 7, "readOnly": 8,
            ])
        MessageNumbers(
            .core, "ScaleIOVolumeSource",
            [
                "gateway": 1, "system": 2, "secretRef": 3, "sslEnabled": 4, "protectionDomain": 5,
                "storagePool": 6, "storageMode": 7, "volumeName": 8, "fsType": 9, "readOnly": 10,
            ])
        MessageNumbers(
            .core, "SecretProjection",
            [
                "localObjectReference": .embedded(1, "LocalObjectReference"), "items": 2,
                "optional": .kept(4),
            ])
        MessageNumbers(
            .core, "SecretVolumeSource",
            ["secretName": 1, "items": 2, "defaultMode": .kept(3), "optional": .kept(4)])
        MessageNumbers(
            .core, "ServiceAccountTokenProjection",
            ["audience": 1, "expirationSeconds": .kept(2), "path": 3])
        MessageNumbers(
            .core, "StorageOSVolumeSource",
            ["volumeName": 1, "volumeNamespace": 2, "fsType": 3, "readOnly": 4, "secretRef": 5])
        MessageNumbers(
            .core, "TypedLocalObjectReference", ["apiGroup": .kept(1), "kind": 2, "name": 3])
        MessageNumbers(
            .core, "TypedObjectReference",
            ["apiGroup": .kept(1), "kind": 2, "name": 3, "namespace": .kept(4)])
        MessageNumbers(.core, "Volume", ["name": 1, "volumeSource": .embedded(2, "VolumeSource")])
        MessageNumbers(
            .core, "VolumeProjection",
            [
                "secret": 1, "downwardAPI": 2, "configMap": 3, "serviceAccountToken": 4,
                "clusterTrustBundle": 5, "podCertificate": 6,
            ])
        MessageNumbers(.core, "VolumeResourceRequirements", ["limits": 1, "requests": 2])
        MessageNumbers(
            .core, "VolumeSource",
            [
                "hostPath": 1, "emptyDir": 2, "gcePersistentDisk": 3, "awsElasticBlockStore": 4,
                "gitRepo": 5, "secret": 6, "nfs": 7, "iscsi": 8, "glusterfs": 9,
                "persistentVolumeClaim": 10, "rbd": 11, "flexVolume": 12, "cinder": 13,
                "cephfs": 14, "flocker": 15, "downwardAPI": 16, "fc": 17, "azureFile": 18,
                "configMap": 19, "vsphereVolume": 20, "quobyte": 21, "azureDisk": 22,
                "photonPersistentDisk": 23, "portworxVolume": 24, "scaleIO": 25, "projected": 26,
                "storageos": 27, "csi": 28, "ephemeral": 29, "image": 30,
            ])
        MessageNumbers(
            .core, "VsphereVirtualDiskVolumeSource",
            ["volumePath": 1, "fsType": 2, "storagePolicyName": 3, "storagePolicyID": 4])
    }
}
