extension MessageNumbers {
    /// The field numbers of persistent volumes and storage classes.
    @MessageListBuilder static var storage: [MessageNumbers] {
        MessageNumbers(.storage, "CSIDriver", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .storage, "CSIDriverSpec",
            [
                "attachRequired": .kept(1), "podInfoOnMount": .kept(2), "volumeLifecycleModes": 3,
                "storageCapacity": .kept(4), "fsGroupPolicy": .kept(5), "tokenRequests": 6,
                "requiresRepublish": .kept(7), "seLinuxMount": .kept(8),
                "nodeAllocatableUpdatePeriodSeconds": .kept(9),
                "serviceAccountTokenInSecrets": .kept(10),
            ])
        MessageNumbers(.storage, "CSINode", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .storage, "CSINodeDriver",
            ["name": 1, "nodeID": 2, "topologyKeys": 3, "allocatable": 4])
        MessageNumbers(.storage, "CSINodeSpec", ["drivers": 1])
        MessageNumbers(
            .core, "CSIPersistentVolumeSource",
            [
                "driver": 1, "volumeHandle": 2, "readOnly": 3, "fsType": 4, "volumeAttributes": 5,
                "controllerPublishSecretRef": 6, "nodeStageSecretRef": 7, "nodePublishSecretRef": 8,
                "controllerExpandSecretRef": 9, "nodeExpandSecretRef": 10,
            ])
        MessageNumbers(
            .storage, "CSIStorageCapacity",
            [
                "metadata": 1, "nodeTopology": 2, "storageClassName": 3, "capacity": 4,
                "maximumVolumeSize": 5,
            ])
        MessageNumbers(
            .core, "ISCSIPersistentVolumeSource",
            [
                "targetPortal": 1, "iqn": 2, "lun": 3, "iscsiInterface": 4, "fsType": 5,
                "readOnly": 6, "portals": 7, "chapAuthDiscovery": 8, "secretRef": 10,
                "chapAuthSession": 11, "initiatorName": .kept(12),
            ])
        MessageNumbers(.core, "LocalVolumeSource", ["path": 1, "fsType": .kept(2)])
        MessageNumbers(
            .core, "ModifyVolumeStatus", ["targetVolumeAttributesClassName": 1, "status": 2])
        MessageNumbers(.core, "PersistentVolume", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(.core, "PersistentVolumeClaim", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .core, "PersistentVolumeClaimCondition",
            [
                "type": 1, "status": 2, "lastProbeTime": 3, "lastTransitionTime": 4, "reason": 5,
                "message": 6,
            ])
        MessageNumbers(
            .core, "PersistentVolumeClaimStatus",
            [
                "phase": 1, "accessModes": 2, "capacity": 3, "conditions": 4,
                "allocatedResources": 5, "allocatedResourceStatuses": 7,
                "currentVolumeAttributesClassName": .kept(8), "modifyVolumeStatus": 9,
            ])
        MessageNumbers(
            .core, "PersistentVolumeSource",
            ["hostPath": 3, "nfs": 5, "iscsi": 7, "fc": 10, "local": 20, "csi": 22])
        MessageNumbers(
            .core, "PersistentVolumeSpec",
            [
                "capacity": 1, "persistentVolumeSource": .embedded(2, "PersistentVolumeSource"),
                "accessModes": 3, "claimRef": 4, "persistentVolumeReclaimPolicy": 5,
                "storageClassName": 6, "mountOptions": 7, "volumeMode": .kept(8), "nodeAffinity": 9,
                "volumeAttributesClassName": .kept(10),
            ])
        MessageNumbers(
            .core, "PersistentVolumeStatus",
            ["phase": 1, "message": 2, "reason": 3, "lastPhaseTransitionTime": 4])
        MessageNumbers(.core, "SecretReference", ["name": 1, "namespace": 2])
        MessageNumbers(
            .storage, "StorageClass",
            [
                "metadata": 1, "provisioner": 2, "parameters": 3, "reclaimPolicy": .kept(4),
                "mountOptions": 5, "allowVolumeExpansion": .kept(6), "volumeBindingMode": .kept(7),
                "allowedTopologies": 8,
            ])
        MessageNumbers(.storage, "TokenRequest", ["audience": 1, "expirationSeconds": .kept(2)])
        MessageNumbers(.core, "TopologySelectorLabelRequirement", ["key": 1, "values": 2])
        MessageNumbers(.core, "TopologySelectorTerm", ["matchLabelExpressions": 1])
        MessageNumbers(.storage, "VolumeAttachment", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .storage, "VolumeAttachmentSource",
            ["persistentVolumeName": .kept(1), "inlineVolumeSpec": 2])
        MessageNumbers(
            .storage, "VolumeAttachmentSpec", ["attacher": 1, "source": 2, "nodeName": 3])
        MessageNumbers(
            .storage, "VolumeAttachmentStatus",
            ["attached": 1, "attachmentMetadata": 2, "attachError": 3, "detachError": 4])
        MessageNumbers(
            .storage, "VolumeAttributesClass", ["metadata": 1, "driverName": 2, "parameters": 3])
        MessageNumbers(.storage, "VolumeError", ["time": 1, "message": 2, "errorCode": .kept(3)])
        MessageNumbers(.core, "VolumeNodeAffinity", ["required": 1])
        MessageNumbers(.storage, "VolumeNodeResources", ["count": .kept(1)])
    }
}
