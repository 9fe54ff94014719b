extension MessageNumbers {
    /// The field numbers of a Pod and what is told of it.
    @MessageListBuilder static var podStatus: [MessageNumbers] {
        MessageNumbers(
            .core, "ContainerExtendedResourceRequest",
            ["containerName": 1, "resourceName": 2, "requestName": 3])
        MessageNumbers(.core, "ContainerState", ["waiting": 1, "running": 2, "terminated": 3])
        MessageNumbers(.core, "ContainerStateRunning", ["startedAt": 1])
        MessageNumbers(
            .core, "ContainerStateTerminated",
            [
                "exitCode": 1, "signal": 2, "reason": 3, "message": 4, "startedAt": 5,
                "finishedAt": 6, "containerID": 7,
            ])
        MessageNumbers(.core, "ContainerStateWaiting", ["reason": 1, "message": 2])
        MessageNumbers(
            .core, "ContainerStatus",
            [
                "name": 1, "state": 2, "lastState": 3, "ready": 4, "restartCount": 5, "image": 6,
                "imageID": 7, "containerID": 8, "started": .kept(9), "allocatedResources": 10,
                "resources": 11, "volumeMounts": 12, "user": 13, "allocatedResourcesStatus": 14,
                "stopSignal": .kept(15),
            ])
        MessageNumbers(.core, "ContainerUser", ["linux": 1])
        MessageNumbers(.core, "HostIP", ["ip": 1])
        MessageNumbers(.core, "ImageVolumeStatus", ["imageRef": 1])
        MessageNumbers(.core, "LinuxContainerUser", ["uid": 1, "gid": 2, "supplementalGroups": 3])
        MessageNumbers(.core, "Pod", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .core, "PodCondition",
            [
                "type": 1, "status": 2, "lastProbeTime": 3, "lastTransitionTime": 4, "reason": 5,
                "message": 6, "observedGeneration": 7,
            ])
        MessageNumbers(
            .core, "PodExtendedResourceClaimStatus", ["requestMappings": 1, "resourceClaimName": 2])
        MessageNumbers(.core, "PodIP", ["ip": 1])
        MessageNumbers(
            .core, "PodResourceClaimStatus", ["name": 1, "resourceClaimName": .kept(2)])
        MessageNumbers(
            .core, "PodStatus",
            [
                "phase": 1, "conditions": 2, "message": 3, "reason": 4, "hostIP": 5, "podIP": 6,
                "startTime": 7, "containerStatuses": 8, "qosClass": 9, "initContainerStatuses": 10,
                "nominatedNodeName": 11, "podIPs": 12, "ephemeralContainerStatuses": 13,
                "resize": 14, "resourceClaimStatuses": 15, "hostIPs": 16, "observedGeneration": 17,
                "extendedResourceClaimStatus": 18, "allocatedResources": 19, "resources": 20,
            ])
        MessageNumbers(.core, "PodTemplateSpec", ["metadata": 1, "spec": 2])
        MessageNumbers(.core, "ResourceHealth", ["resourceID": 1, "health": 2])
        MessageNumbers(.core, "ResourceStatus", ["name": 1, "resources": 2])
        MessageNumbers(
            .core, "VolumeMountStatus",
            ["name": 1, "mountPath": 2, "readOnly": 3, "recursiveReadOnly": .kept(4)])
        MessageNumbers(.core, "VolumeStatus", ["image": 1])
    }
}
