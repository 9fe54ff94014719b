import JSON

/// HorizontalPodAutoscalers as they were before there were metrics other than CPU.
extension AutoscalingV1 {
    static let horizontalPodAutoscaler = ObjectSchema(
        .autoscaling, "HorizontalPodAutoscaler",
        "Keeps the number of Pods in step with the CPU that they use."
    ) {
        MetaV1.header
        Field("spec", horizontalPodAutoscalerSpec, "What is scaled and how far.")
        Field("status", horizontalPodAutoscalerStatus, "What the autoscaler sees and does.")
    }

    static let horizontalPodAutoscalerSpec = ObjectSchema(
        .autoscaling, "HorizontalPodAutoscalerSpec", "What is scaled and how far."
    ) {
        Field("maxReplicas", .int32, "The most Pods.", required: true)
        Field("minReplicas", .int32, "The fewest Pods.", default: 1)
        Field("scaleTargetRef", crossVersionObjectReference, "What is scaled.", required: true)
        Field(
            "targetCPUUtilizationPercentage", .int32,
            "How much of the requested CPU the Pods should use, in percent.")
    }

    static let crossVersionObjectReference = ObjectSchema(
        .autoscaling, "CrossVersionObjectReference", "Names an object of any version.",
        isAtomic: true
    ) {
        Field("apiVersion", .string, "Group and version of the object.")
        Field("kind", .string, "Kind of the object.", required: true)
        Field("name", .string, "Name of the object.", required: true)
    }

    static let horizontalPodAutoscalerStatus = ObjectSchema(
        .autoscaling, "HorizontalPodAutoscalerStatus", "What the autoscaler sees and does."
    ) {
        Field(
            "currentCPUUtilizationPercentage", .int32,
            "How much of the requested CPU the Pods use, in percent.")
        Field("currentReplicas", .int32, "How many Pods there were when it looked last.")
        Field("desiredReplicas", .int32, "How many there should be.")
        Field("lastScaleTime", .time, "When it changed the number last.")
        Field("observedGeneration", .int64, "The generation that it has seen.")
    }
}
