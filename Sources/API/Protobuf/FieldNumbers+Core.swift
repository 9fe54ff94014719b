extension MessageNumbers {
    /// The field numbers of the other types of `k8s.io/api/core/v1`.
    @MessageListBuilder static var core: [MessageNumbers] {
        MessageNumbers(.core, "AttachedVolume", ["name": 1, "devicePath": 2])
        MessageNumbers(.core, "Binding", ["metadata": 1, "target": 2])
        MessageNumbers(.core, "ClientIPConfig", ["timeoutSeconds": .kept(1)])
        MessageNumbers(
            .core, "ConfigMap",
            ["metadata": 1, "data": 2, "binaryData": 3, "immutable": .kept(4)])
        MessageNumbers(
            .core, "ConfigMapNodeConfigSource",
            ["namespace": 1, "name": 2, "uid": 3, "resourceVersion": 4, "kubeletConfigKey": 5])
        MessageNumbers(.core, "ContainerImage", ["names": 1, "sizeBytes": 2])
        MessageNumbers(.core, "DaemonEndpoint", ["Port": 1])
        MessageNumbers(
            .core, "EndpointAddress",
            ["ip": 1, "targetRef": 2, "hostname": 3, "nodeName": .kept(4)])
        MessageNumbers(
            .core, "EndpointPort",
            ["name": 1, "port": 2, "protocol": 3, "appProtocol": .kept(4)])
        MessageNumbers(
            .core, "EndpointSubset", ["addresses": 1, "notReadyAddresses": 2, "ports": 3])
        MessageNumbers(.core, "Endpoints", ["metadata": 1, "subsets": 2])
        MessageNumbers(
            .core, "Event",
            [
                "metadata": 1, "involvedObject": 2, "reason": 3, "message": 4, "source": 5,
                "firstTimestamp": 6, "lastTimestamp": 7, "count": 8, "type": 9, "eventTime": 10,
                "series": 11, "action": 12, "related": 13, "reportingComponent": 14,
                "reportingInstance": 15,
            ])
        MessageNumbers(.core, "EventSeries", ["count": 1, "lastObservedTime": 2])
        MessageNumbers(.core, "EventSource", ["component": 1, "host": 2])
        MessageNumbers(
            .core, "LoadBalancerIngress",
            ["ip": 1, "hostname": 2, "ipMode": .kept(3), "ports": 4])
        MessageNumbers(.core, "LoadBalancerStatus", ["ingress": 1])
        MessageNumbers(.core, "Namespace", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .core, "NamespaceCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 4, "reason": 5, "message": 6])
        MessageNumbers(.core, "NamespaceSpec", ["finalizers": 1])
        MessageNumbers(.core, "NamespaceStatus", ["phase": 1, "conditions": 2])
        MessageNumbers(.core, "Node", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(.core, "NodeAddress", ["type": 1, "address": 2])
        MessageNumbers(
            .core, "NodeCondition",
            [
                "type": 1, "status": 2, "lastHeartbeatTime": 3, "lastTransitionTime": 4,
                "reason": 5, "message": 6,
            ])
        MessageNumbers(.core, "NodeConfigSource", ["configMap": 2])
        MessageNumbers(
            .core, "NodeConfigStatus", ["assigned": 1, "active": 2, "lastKnownGood": 3, "error": 4])
        MessageNumbers(.core, "NodeDaemonEndpoints", ["kubeletEndpoint": 1])
        MessageNumbers(.core, "NodeFeatures", ["supplementalGroupsPolicy": .kept(1)])
        MessageNumbers(.core, "NodeRuntimeHandler", ["name": 1, "features": 2])
        MessageNumbers(
            .core, "NodeRuntimeHandlerFeatures",
            ["recursiveReadOnlyMounts": .kept(1), "userNamespaces": .kept(2)])
        MessageNumbers(
            .core, "NodeSpec",
            [
                "podCIDR": 1, "externalID": 2, "providerID": 3, "unschedulable": 4, "taints": 5,
                "configSource": 6, "podCIDRs": 7,
            ])
        MessageNumbers(
            .core, "NodeStatus",
            [
                "capacity": 1, "allocatable": 2, "phase": 3, "conditions": 4, "addresses": 5,
                "daemonEndpoints": 6, "nodeInfo": 7, "images": 8, "volumesInUse": 9,
                "volumesAttached": 10, "config": 11, "runtimeHandlers": 12, "features": 13,
                "declaredFeatures": 14,
            ])
        MessageNumbers(.core, "NodeSwapStatus", ["capacity": .kept(1)])
        MessageNumbers(
            .core, "NodeSystemInfo",
            [
                "machineID": 1, "systemUUID": 2, "bootID": 3, "kernelVersion": 4, "osImage": 5,
                "containerRuntimeVersion": 6, "kubeletVersion": 7, "kubeProxyVersion": 8,
                "operatingSystem": 9, "architecture": 10, "swap": 11,
            ])
        MessageNumbers(.core, "PortStatus", ["port": 1, "protocol": 2, "error": .kept(3)])
        MessageNumbers(
            .core, "Secret",
            ["metadata": 1, "data": 2, "type": 3, "stringData": 4, "immutable": .kept(5)])
        MessageNumbers(.core, "Service", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .core, "ServiceAccount",
            [
                "metadata": 1, "secrets": 2, "imagePullSecrets": 3,
                "automountServiceAccountToken": .kept(4),
            ])
        MessageNumbers(
            .core, "ServicePort",
            [
                "name": 1, "protocol": 2, "port": 3, "targetPort": 4, "nodePort": 5,
                "appProtocol": .kept(6),
            ])
        MessageNumbers(
            .core, "ServiceSpec",
            [
                "ports": 1, "selector": 2, "clusterIP": 3, "type": 4, "externalIPs": 5,
                "sessionAffinity": 7, "loadBalancerIP": 8, "loadBalancerSourceRanges": 9,
                "externalName": 10, "externalTrafficPolicy": 11, "healthCheckNodePort": 12,
                "publishNotReadyAddresses": 13, "sessionAffinityConfig": 14,
                "ipFamilyPolicy": .kept(17), "clusterIPs": 18, "ipFamilies": 19,
                "allocateLoadBalancerNodePorts": .kept(20), "loadBalancerClass": .kept(21),
                "internalTrafficPolicy": .kept(22), "trafficDistribution": .kept(23),
            ])
        MessageNumbers(.core, "ServiceStatus", ["loadBalancer": 1, "conditions": 2])
        MessageNumbers(.core, "SessionAffinityConfig", ["clientIP": 1])
        MessageNumbers(.core, "Taint", ["key": 1, "value": 2, "effect": 3, "timeAdded": 4])
    }
}
