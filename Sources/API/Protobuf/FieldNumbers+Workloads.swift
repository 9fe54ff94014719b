extension MessageNumbers {
    /// The field numbers of workloads beyond Deployments.
    @MessageListBuilder static var workloads: [MessageNumbers] {
        MessageNumbers(
            .autoscalingV2, "ContainerResourceMetricSource",
            ["name": 1, "target": 2, "container": 3])
        MessageNumbers(
            .autoscalingV2, "ContainerResourceMetricStatus",
            ["name": 1, "current": 2, "container": 3])
        MessageNumbers(.apps, "ControllerRevision", ["metadata": 1, "data": 2, "revision": 3])
        MessageNumbers(.batch, "CronJob", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .batch, "CronJobSpec",
            [
                "schedule": 1, "startingDeadlineSeconds": .kept(2), "concurrencyPolicy": 3,
                "suspend": .kept(4), "jobTemplate": 5, "successfulJobsHistoryLimit": .kept(6),
                "failedJobsHistoryLimit": .kept(7), "timeZone": .kept(8),
            ])
        MessageNumbers(
            .batch, "CronJobStatus", ["active": 1, "lastScheduleTime": 4, "lastSuccessfulTime": 5])
        MessageNumbers(
            .autoscalingV2, "CrossVersionObjectReference", ["kind": 1, "name": 2, "apiVersion": 3])
        MessageNumbers(.apps, "DaemonSet", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .apps, "DaemonSetCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 3, "reason": 4, "message": 5])
        MessageNumbers(
            .apps, "DaemonSetSpec",
            [
                "selector": 1, "template": 2, "updateStrategy": 3, "minReadySeconds": 4,
                "revisionHistoryLimit": .kept(6),
            ])
        MessageNumbers(
            .apps, "DaemonSetStatus",
            [
                "currentNumberScheduled": 1, "numberMisscheduled": 2, "desiredNumberScheduled": 3,
                "numberReady": 4, "observedGeneration": 5, "updatedNumberScheduled": 6,
                "numberAvailable": 7, "numberUnavailable": 8, "collisionCount": .kept(9),
                "conditions": 10,
            ])
        MessageNumbers(.apps, "DaemonSetUpdateStrategy", ["type": 1, "rollingUpdate": 2])
        MessageNumbers(.autoscalingV2, "ExternalMetricSource", ["metric": 1, "target": 2])
        MessageNumbers(.autoscalingV2, "ExternalMetricStatus", ["metric": 1, "current": 2])
        MessageNumbers(
            .autoscalingV2, "HPAScalingPolicy", ["type": 1, "value": 2, "periodSeconds": 3])
        MessageNumbers(
            .autoscalingV2, "HPAScalingRules",
            [
                "selectPolicy": .kept(1), "policies": 2, "stabilizationWindowSeconds": .kept(3),
                "tolerance": 4,
            ])
        MessageNumbers(
            .autoscalingV2, "HorizontalPodAutoscaler", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .autoscalingV2, "HorizontalPodAutoscalerBehavior", ["scaleUp": 1, "scaleDown": 2])
        MessageNumbers(
            .autoscalingV2, "HorizontalPodAutoscalerCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 3, "reason": 4, "message": 5])
        MessageNumbers(
            .autoscalingV2, "HorizontalPodAutoscalerSpec",
            [
                "scaleTargetRef": 1, "minReplicas": .kept(2), "maxReplicas": 3, "metrics": 4,
                "behavior": 5,
            ])
        MessageNumbers(
            .autoscalingV2, "HorizontalPodAutoscalerStatus",
            [
                "observedGeneration": .kept(1), "lastScaleTime": 2, "currentReplicas": 3,
                "desiredReplicas": 4, "currentMetrics": 5, "conditions": 6,
            ])
        MessageNumbers(.batch, "Job", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .batch, "JobCondition",
            [
                "type": 1, "status": 2, "lastProbeTime": 3, "lastTransitionTime": 4, "reason": 5,
                "message": 6,
            ])
        MessageNumbers(
            .batch, "JobSpec",
            [
                "parallelism": .kept(1), "completions": .kept(2), "activeDeadlineSeconds": .kept(3),
                "selector": 4, "manualSelector": .kept(5), "template": 6, "backoffLimit": .kept(7),
                "ttlSecondsAfterFinished": .kept(8), "completionMode": .kept(9),
                "suspend": .kept(10), "podFailurePolicy": 11, "backoffLimitPerIndex": .kept(12),
                "maxFailedIndexes": .kept(13), "podReplacementPolicy": .kept(14),
                "managedBy": .kept(15), "successPolicy": 16,
            ])
        MessageNumbers(
            .batch, "JobStatus",
            [
                "conditions": 1, "startTime": 2, "completionTime": 3, "active": 4, "succeeded": 5,
                "failed": 6, "completedIndexes": 7, "uncountedTerminatedPods": 8, "ready": .kept(9),
                "failedIndexes": .kept(10), "terminating": .kept(11),
            ])
        MessageNumbers(.batch, "JobTemplateSpec", ["metadata": 1, "spec": 2])
        MessageNumbers(.autoscalingV2, "MetricIdentifier", ["name": 1, "selector": 2])
        MessageNumbers(
            .autoscalingV2, "MetricSpec",
            [
                "type": 1, "object": 2, "pods": 3, "resource": 4, "external": 5,
                "containerResource": 7,
            ])
        MessageNumbers(
            .autoscalingV2, "MetricStatus",
            [
                "type": 1, "object": 2, "pods": 3, "resource": 4, "external": 5,
                "containerResource": 7,
            ])
        MessageNumbers(
            .autoscalingV2, "MetricTarget",
            ["type": 1, "value": 2, "averageValue": 3, "averageUtilization": .kept(4)])
        MessageNumbers(
            .autoscalingV2, "MetricValueStatus",
            ["value": 1, "averageValue": 2, "averageUtilization": .kept(3)])
        MessageNumbers(
            .autoscalingV2, "ObjectMetricSource", ["describedObject": 1, "target": 2, "metric": 3])
        MessageNumbers(
            .autoscalingV2, "ObjectMetricStatus", ["metric": 1, "current": 2, "describedObject": 3])
        MessageNumbers(.batch, "PodFailurePolicy", ["rules": 1])
        MessageNumbers(
            .batch, "PodFailurePolicyOnExitCodesRequirement",
            ["containerName": .kept(1), "operator": 2, "values": 3])
        MessageNumbers(.batch, "PodFailurePolicyOnPodConditionsPattern", ["type": 1, "status": 2])
        MessageNumbers(
            .batch, "PodFailurePolicyRule", ["action": 1, "onExitCodes": 2, "onPodConditions": 3])
        MessageNumbers(.core, "PodTemplate", ["metadata": 1, "template": 2])
        MessageNumbers(.autoscalingV2, "PodsMetricSource", ["metric": 1, "target": 2])
        MessageNumbers(.autoscalingV2, "PodsMetricStatus", ["metric": 1, "current": 2])
        MessageNumbers(.core, "ReplicationController", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .core, "ReplicationControllerCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 3, "reason": 4, "message": 5])
        MessageNumbers(
            .core, "ReplicationControllerSpec",
            ["replicas": .kept(1), "selector": 2, "template": 3, "minReadySeconds": 4])
        MessageNumbers(
            .core, "ReplicationControllerStatus",
            [
                "replicas": 1, "fullyLabeledReplicas": 2, "observedGeneration": 3,
                "readyReplicas": 4, "availableReplicas": 5, "conditions": 6,
            ])
        MessageNumbers(.autoscalingV2, "ResourceMetricSource", ["name": 1, "target": 2])
        MessageNumbers(.autoscalingV2, "ResourceMetricStatus", ["name": 1, "current": 2])
        MessageNumbers(.apps, "RollingUpdateDaemonSet", ["maxUnavailable": 1, "maxSurge": 2])
        MessageNumbers(
            .apps, "RollingUpdateStatefulSetStrategy", ["partition": .kept(1), "maxUnavailable": 2])
        MessageNumbers(.apps, "StatefulSet", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .apps, "StatefulSetCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 3, "reason": 4, "message": 5])
        MessageNumbers(.apps, "StatefulSetOrdinals", ["start": 1])
        MessageNumbers(
            .apps, "StatefulSetPersistentVolumeClaimRetentionPolicy",
            ["whenDeleted": 1, "whenScaled": 2])
        MessageNumbers(
            .apps, "StatefulSetSpec",
            [
                "replicas": .kept(1), "selector": 2, "template": 3, "volumeClaimTemplates": 4,
                "serviceName": 5, "podManagementPolicy": 6, "updateStrategy": 7,
                "revisionHistoryLimit": .kept(8), "minReadySeconds": 9,
                "persistentVolumeClaimRetentionPolicy": 10, "ordinals": 11,
            ])
        MessageNumbers(
            .apps, "StatefulSetStatus",
            [
                "observedGeneration": 1, "replicas": 2, "readyReplicas": 3, "currentReplicas": 4,
                "updatedReplicas": 5, "currentRevision": 6, "updateRevision": 7,
                "collisionCount": .kept(9), "conditions": 10, "availableReplicas": 11,
            ])
        MessageNumbers(.apps, "StatefulSetUpdateStrategy", ["type": 1, "rollingUpdate": 2])
        MessageNumbers(.batch, "SuccessPolicy", ["rules": 1])
        MessageNumbers(
            .batch, "SuccessPolicyRule", ["succeededIndexes": .kept(1), "succeededCount": .kept(2)])
        MessageNumbers(.batch, "UncountedTerminatedPods", ["succeeded": 1, "failed": 2])
    }
}
