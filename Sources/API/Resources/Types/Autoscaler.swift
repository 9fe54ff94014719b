import JSON

/// HorizontalPodAutoscalers.
extension AutoscalingV2 {
    static let horizontalPodAutoscaler = ObjectSchema(
        .autoscalingV2, "HorizontalPodAutoscaler",
        "Keeps the number of Pods in step with their load."
    ) {
        MetaV1.header
        Field("spec", horizontalPodAutoscalerSpec, "What is scaled, by what and how far.")
        Field("status", horizontalPodAutoscalerStatus, "What the autoscaler sees and does.")
    }

    static let horizontalPodAutoscalerSpec = ObjectSchema(
        .autoscalingV2, "HorizontalPodAutoscalerSpec", "What is scaled, by what and how far."
    ) {
        Field("behavior", horizontalPodAutoscalerBehavior, "How fast it is scaled.")
        Field("maxReplicas", .int32, "The most Pods.", required: true)
        Field("metrics", .atomicList(metricSpec), "What the load is; the highest result counts.")
        Field("minReplicas", .int32, "The fewest Pods.", default: 1)
        Field("scaleTargetRef", crossVersionObjectReference, "What is scaled.", required: true)
    }

    static let crossVersionObjectReference = ObjectSchema(
        .autoscalingV2, "CrossVersionObjectReference", "Names an object of any version.",
        isAtomic: true
    ) {
        Field("apiVersion", .string, "Group and version of the object.")
        Field("kind", .string, "Kind of the object.", required: true)
        Field("name", .string, "Name of the object.", required: true)
    }

    static let horizontalPodAutoscalerBehavior = ObjectSchema(
        .autoscalingV2, "HorizontalPodAutoscalerBehavior", "How fast an autoscaler scales."
    ) {
        Field("scaleDown", hpaScalingRules, "To fewer Pods.")
        Field("scaleUp", hpaScalingRules, "To more Pods.")
    }

    static let hpaScalingRules = ObjectSchema(
        .autoscalingV2, "HPAScalingRules", "How fast an autoscaler scales in one direction."
    ) {
        Field("policies", .atomicList(hpaScalingPolicy), "How much may change in a time.")
        Field("selectPolicy", .choice(["Disabled", "Max", "Min"]), "Which of the policies counts.")
        Field("stabilizationWindowSeconds", .int32, "Seconds of earlier wishes that are looked at.")
        Field("tolerance", .quantity, "How far from its target a metric may be.")
    }

    static let hpaScalingPolicy = ObjectSchema(
        .autoscalingV2, "HPAScalingPolicy", "How much may change in a time."
    ) {
        Field("periodSeconds", .int32, "The time in seconds.", required: true)
        Field("type", .choice(["Percent", "Pods"]), "What the value counts.", required: true)
        Field("value", .int32, "How much may change.", required: true)
    }

    static let metricSpec = ObjectSchema(.autoscalingV2, "MetricSpec", "What the load is.") {
        Field(
            "containerResource", containerResourceMetricSource,
            "A resource of one container in every Pod.")
        Field("external", externalMetricSource, "A number from outside the cluster.")
        Field("object", objectMetricSource, "A number of one object.")
        Field("pods", podsMetricSource, "A number of every Pod.")
        Field("resource", resourceMetricSource, "A resource of every Pod.")
        Field(
            "type", .choice(["ContainerResource", "External", "Object", "Pods", "Resource"]),
            "Which of them it is.", required: true)
    }

    static let metricTarget = ObjectSchema(
        .autoscalingV2, "MetricTarget", "What a metric should be."
    ) {
        Field("averageUtilization", .int32, "Percentage of the request, over all Pods.")
        Field("averageValue", .quantity, "The average over all Pods.")
        Field(
            "type", .choice(["AverageValue", "Utilization", "Value"]), "Which of them is given.",
            required: true)
        Field("value", .quantity, "The value itself.")
    }

    static let metricIdentifier = ObjectSchema(
        .autoscalingV2, "MetricIdentifier", "Names a metric."
    ) {
        Field("name", .string, "Name of the metric.", required: true)
        Field("selector", MetaV1.labelSelector, "Selects among its series.")
    }

    static let resourceMetricSource = ObjectSchema(
        .autoscalingV2, "ResourceMetricSource", "A resource of every Pod."
    ) {
        Field("name", .string, "Name of the resource.", required: true)
        Field("target", metricTarget, "What it should be.", required: true)
    }

    static let containerResourceMetricSource = ObjectSchema(
        .autoscalingV2, "ContainerResourceMetricSource",
        "A resource of one container in every Pod."
    ) {
        Field("container", .string, "Name of the container.", required: true)
        Field("name", .string, "Name of the resource.", required: true)
        Field("target", metricTarget, "What it should be.", required: true)
    }

    static let podsMetricSource = ObjectSchema(
        .autoscalingV2, "PodsMetricSource", "A number of every Pod."
    ) {
        Field("metric", metricIdentifier, "The metric.", required: true)
        Field("target", metricTarget, "What it should be.", required: true)
    }

    static let objectMetricSource = ObjectSchema(
        .autoscalingV2, "ObjectMetricSource", "A number of one object."
    ) {
        Field("describedObject", crossVersionObjectReference, "The object.", required: true)
        Field("metric", metricIdentifier, "The metric.", required: true)
        Field("target", metricTarget, "What it should be.", required: true)
    }

    static let externalMetricSource = ObjectSchema(
        .autoscalingV2, "ExternalMetricSource", "A number from outside the cluster."
    ) {
        Field("metric", metricIdentifier, "The metric.", required: true)
        Field("target", metricTarget, "What it should be.", required: true)
    }

    static let horizontalPodAutoscalerStatus = ObjectSchema(
        .autoscalingV2, "HorizontalPodAutoscalerStatus", "What an autoscaler sees and does."
    ) {
        Field(
            "conditions", .list(horizontalPodAutoscalerCondition, by: "type"),
            "What is true of the autoscaler now.")
        Field("currentMetrics", .atomicList(metricStatus), "What the metrics are.")
        Field("currentReplicas", .int32, "Pods that there are.")
        Field("desiredReplicas", .int32, "Pods that there should be.", required: true)
        Field("lastScaleTime", .time, "When it last changed their number.")
        Field("observedGeneration", .int64, "The generation that the controller has seen.")
    }

    static let horizontalPodAutoscalerCondition = ObjectSchema(
        .autoscalingV2, "HorizontalPodAutoscalerCondition",
        "One thing that is true of an autoscaler or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let metricStatus = ObjectSchema(.autoscalingV2, "MetricStatus", "What a metric is now."
    ) {
        Field(
            "containerResource", containerResourceMetricStatus,
            "A resource of one container in every Pod.")
        Field("external", externalMetricStatus, "A number from outside the cluster.")
        Field("object", objectMetricStatus, "A number of one object.")
        Field("pods", podsMetricStatus, "A number of every Pod.")
        Field("resource", resourceMetricStatus, "A resource of every Pod.")
        Field("type", .string, "Which of them it is.", required: true)
    }

    static let metricValueStatus = ObjectSchema(
        .autoscalingV2, "MetricValueStatus", "What a metric is now."
    ) {
        Field("averageUtilization", .int32, "Percentage of the request, over all Pods.")
        Field("averageValue", .quantity, "The average over all Pods.")
        Field("value", .quantity, "The value itself.")
    }

    static let resourceMetricStatus = ObjectSchema(
        .autoscalingV2, "ResourceMetricStatus", "A resource of every Pod."
    ) {
        Field("current", metricValueStatus, "What it is.", required: true)
        Field("name", .string, "Name of the resource.", required: true)
    }

    static let containerResourceMetricStatus = ObjectSchema(
        .autoscalingV2, "ContainerResourceMetricStatus",
        "A resource of one container in every Pod."
    ) {
        Field("container", .string, "Name of the container.", required: true)
        Field("current", metricValueStatus, "What it is.", required: true)
        Field("name", .string, "Name of the resource.", required: true)
    }

    static let podsMetricStatus = ObjectSchema(
        .autoscalingV2, "PodsMetricStatus", "A number of every Pod."
    ) {
        Field("current", metricValueStatus, "What it is.", required: true)
        Field("metric", metricIdentifier, "The metric.", required: true)
    }

    static let objectMetricStatus = ObjectSchema(
        .autoscalingV2, "ObjectMetricStatus", "A number of one object."
    ) {
        Field("current", metricValueStatus, "What it is.", required: true)
        Field("describedObject", crossVersionObjectReference, "The object.", required: true)
        Field("metric", metricIdentifier, "The metric.", required: true)
    }

    static let externalMetricStatus = ObjectSchema(
        .autoscalingV2, "ExternalMetricStatus", "A number from outside the cluster."
    ) {
        Field("current", metricValueStatus, "What it is.", required: true)
        Field("metric", metricIdentifier, "The metric.", required: true)
    }
}
