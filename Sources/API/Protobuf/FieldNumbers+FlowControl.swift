extension MessageNumbers {
    /// The field numbers of FlowSchemas and priority levels.
    @MessageListBuilder static var flowControl: [MessageNumbers] {
        MessageNumbers(
            .flowcontrol, "ExemptPriorityLevelConfiguration",
            ["nominalConcurrencyShares": .kept(1), "lendablePercent": .kept(2)])
        MessageNumbers(.flowcontrol, "FlowDistinguisherMethod", ["type": 1])
        MessageNumbers(.flowcontrol, "FlowSchema", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .flowcontrol, "FlowSchemaCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 3, "reason": 4, "message": 5])
        MessageNumbers(
            .flowcontrol, "FlowSchemaSpec",
            [
                "priorityLevelConfiguration": 1, "matchingPrecedence": 2,
                "distinguisherMethod": 3, "rules": 4,
            ])
        MessageNumbers(.flowcontrol, "FlowSchemaStatus", ["conditions": 1])
        MessageNumbers(.flowcontrol, "GroupSubject", ["name": 1])
        MessageNumbers(.flowcontrol, "LimitResponse", ["type": 1, "queuing": 2])
        MessageNumbers(
            .flowcontrol, "LimitedPriorityLevelConfiguration",
            [
                "nominalConcurrencyShares": .kept(1), "limitResponse": 2,
                "lendablePercent": .kept(3), "borrowingLimitPercent": .kept(4),
            ])
        MessageNumbers(
            .flowcontrol, "NonResourcePolicyRule", ["verbs": 1, "nonResourceURLs": 6])
        MessageNumbers(
            .flowcontrol, "PolicyRulesWithSubjects",
            ["subjects": 1, "resourceRules": 2, "nonResourceRules": 3])
        MessageNumbers(
            .flowcontrol, "PriorityLevelConfiguration", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .flowcontrol, "PriorityLevelConfigurationCondition",
            ["type": 1, "status": 2, "lastTransitionTime": 3, "reason": 4, "message": 5])
        MessageNumbers(.flowcontrol, "PriorityLevelConfigurationReference", ["name": 1])
        MessageNumbers(
            .flowcontrol, "PriorityLevelConfigurationSpec",
            ["type": 1, "limited": 2, "exempt": 3])
        MessageNumbers(.flowcontrol, "PriorityLevelConfigurationStatus", ["conditions": 1])
        MessageNumbers(
            .flowcontrol, "QueuingConfiguration",
            ["queues": 1, "handSize": 2, "queueLengthLimit": 3])
        MessageNumbers(
            .flowcontrol, "ResourcePolicyRule",
            ["verbs": 1, "apiGroups": 2, "resources": 3, "clusterScope": 4, "namespaces": 5])
        MessageNumbers(.flowcontrol, "ServiceAccountSubject", ["namespace": 1, "name": 2])
        MessageNumbers(
            .flowcontrol, "Subject", ["kind": 1, "user": 2, "group": 3, "serviceAccount": 4])
        MessageNumbers(.flowcontrol, "UserSubject", ["name": 1])
    }

    /// The field numbers of the newer Events, the older autoscalers, presets and components.
    @MessageListBuilder static var events: [MessageNumbers] {
        MessageNumbers(
            .events, "Event",
            [
                "metadata": 1, "eventTime": 2, "series": 3, "reportingController": 4,
                "reportingInstance": 5, "action": 6, "reason": 7, "regarding": 8, "related": 9,
                "note": 10, "type": 11, "deprecatedSource": 12, "deprecatedFirstTimestamp": 13,
                "deprecatedLastTimestamp": 14, "deprecatedCount": 15,
            ])
        MessageNumbers(.events, "EventSeries", ["count": 1, "lastObservedTime": 2])
        MessageNumbers(
            .autoscaling, "CrossVersionObjectReference", ["kind": 1, "name": 2, "apiVersion": 3])
        MessageNumbers(
            .autoscaling, "HorizontalPodAutoscaler", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .autoscaling, "HorizontalPodAutoscalerSpec",
            [
                "scaleTargetRef": 1, "minReplicas": .kept(2), "maxReplicas": 3,
                "targetCPUUtilizationPercentage": .kept(4),
            ])
        MessageNumbers(
            .autoscaling, "HorizontalPodAutoscalerStatus",
            [
                "observedGeneration": .kept(1), "lastScaleTime": 2, "currentReplicas": 3,
                "desiredReplicas": 4, "currentCPUUtilizationPercentage": .kept(5),
            ])
        MessageNumbers(.settings, "PodPreset", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .settings, "PodPresetSpec",
            ["selector": 1, "env": 2, "envFrom": 3, "volumes": 4, "volumeMounts": 5])
        MessageNumbers(
            .core, "ComponentCondition", ["type": 1, "status": 2, "message": 3, "error": 4])
        MessageNumbers(.core, "ComponentStatus", ["metadata": 1, "conditions": 2])
    }
}
