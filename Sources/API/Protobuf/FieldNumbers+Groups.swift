extension MessageNumbers {
    /// The field numbers of the API groups besides the core.
    @MessageListBuilder static var groups: [MessageNumbers] {
        MessageNumbers(.apps, "Deployment", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .apps, "DeploymentCondition",
            [
                "type": 1, "status": 2, "reason": 4, "message": 5, "lastUpdateTime": 6,
                "lastTransitionTime": 7,
            ])
        MessageNumbers(
            .apps, "DeploymentSpec",
            [
                "replicas": .kept(1), "selector": 2, "template": 3, "strategy": 4,
                "minReadySeconds": 5, "revisionHistoryLimit": .kept(6), "paused": 7,
                "progressDeadlineSeconds": .kept(9),
            ])
        MessageNumbers(
            .apps, "DeploymentStatus",
            [
                "observedGeneration": 1, "replicas": 2, "updatedReplicas": 3,
                "availableReplicas": 4, "unavailableReplicas": 5, "conditions": 6,
                "readyReplicas": 7, "collisionCount": .kept(8),
                "terminatingReplicas": .kept(9),
            ])
        MessageNumbers(.apps, "DeploymentStrategy", ["type": 1, "rollingUpdate": 2])
        MessageNumbers(.apps, "ReplicaSet", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .apps, "ReplicaSetCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 3, "reason": 4, "message": 5])
        MessageNumbers(
            .apps, "ReplicaSetSpec",
            ["replicas": .kept(1), "selector": 2, "template": 3, "minReadySeconds": 4])
        MessageNumbers(
            .apps, "ReplicaSetStatus",
            [
                "replicas": 1, "fullyLabeledReplicas": 2, "observedGeneration": 3,
                "readyReplicas": 4, "availableReplicas": 5, "conditions": 6,
                "terminatingReplicas": .kept(7),
            ])
        MessageNumbers(.apps, "RollingUpdateDeployment", ["maxUnavailable": 1, "maxSurge": 2])
        MessageNumbers(
            .authentication, "BoundObjectReference",
            ["kind": 1, "apiVersion": 2, "name": 3, "uid": 4])
        MessageNumbers(.authentication, "SelfSubjectReview", ["metadata": 1])
        MessageNumbers(.authentication, "TokenRequest", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .authentication, "TokenRequestSpec",
            ["audiences": 1, "boundObjectRef": 3, "expirationSeconds": .kept(4)])
        MessageNumbers(.authentication, "TokenReview", ["metadata": 1, "spec": 2])
        MessageNumbers(.authentication, "TokenReviewSpec", ["token": 1, "audiences": 2])
        MessageNumbers(
            .authorization, "FieldSelectorAttributes", ["rawSelector": 1, "requirements": 2])
        MessageNumbers(
            .authorization, "LabelSelectorAttributes", ["rawSelector": 1, "requirements": 2])
        MessageNumbers(.authorization, "LocalSubjectAccessReview", ["metadata": 1, "spec": 2])
        MessageNumbers(.authorization, "NonResourceAttributes", ["path": 1, "verb": 2])
        MessageNumbers(
            .authorization, "ResourceAttributes",
            [
                "namespace": 1, "verb": 2, "group": 3, "version": 4, "resource": 5,
                "subresource": 6, "name": 7, "fieldSelector": 8, "labelSelector": 9,
            ])
        MessageNumbers(.authorization, "SelfSubjectAccessReview", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .authorization, "SelfSubjectAccessReviewSpec",
            ["resourceAttributes": 1, "nonResourceAttributes": 2])
        MessageNumbers(.authorization, "SelfSubjectRulesReview", ["metadata": 1, "spec": 2])
        MessageNumbers(.authorization, "SelfSubjectRulesReviewSpec", ["namespace": 1])
        MessageNumbers(.authorization, "SubjectAccessReview", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .authorization, "SubjectAccessReviewSpec",
            [
                "resourceAttributes": 1, "nonResourceAttributes": 2, "user": 3, "groups": 4,
                "extra": 5, "uid": 6,
            ])
        MessageNumbers(.autoscaling, "Scale", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(.autoscaling, "ScaleSpec", ["replicas": 1])
        MessageNumbers(.autoscaling, "ScaleStatus", ["replicas": 1, "selector": 2])
        MessageNumbers(.coordination, "Lease", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .coordination, "LeaseSpec",
            [
                "holderIdentity": .kept(1), "leaseDurationSeconds": .kept(2),
                "acquireTime": 3, "renewTime": 4, "leaseTransitions": .kept(5),
                "strategy": .kept(6), "preferredHolder": .kept(7),
            ])
        MessageNumbers(
            .discovery, "Endpoint",
            [
                "addresses": 1, "conditions": 2, "hostname": .kept(3), "targetRef": 4,
                "deprecatedTopology": 5, "nodeName": .kept(6), "zone": .kept(7), "hints": 8,
            ])
        MessageNumbers(
            .discovery, "EndpointConditions",
            ["ready": .kept(1), "serving": .kept(2), "terminating": .kept(3)])
        MessageNumbers(.discovery, "EndpointHints", ["forZones": 1, "forNodes": 2])
        MessageNumbers(
            .discovery, "EndpointPort",
            [
                "name": .kept(1), "protocol": .kept(2), "port": .kept(3),
                "appProtocol": .kept(4),
            ])
        MessageNumbers(
            .discovery, "EndpointSlice",
            ["metadata": 1, "endpoints": 2, "ports": 3, "addressType": 4])
        MessageNumbers(.discovery, "ForNode", ["name": 1])
        MessageNumbers(.discovery, "ForZone", ["name": 1])
        MessageNumbers(.policy, "Eviction", ["metadata": 1, "deleteOptions": 2])
    }
}
