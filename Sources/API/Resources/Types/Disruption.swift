/// PodDisruptionBudgets.
extension PolicyV1 {
    static let podDisruptionBudget = ObjectSchema(
        .policy, "PodDisruptionBudget",
        "Says how many Pods must stay when others want to evict them."
    ) {
        MetaV1.header
        Field("spec", podDisruptionBudgetSpec, "Which Pods, and how many must stay.")
        Field("status", podDisruptionBudgetStatus, "How many may go now.")
    }

    static let podDisruptionBudgetSpec = ObjectSchema(
        .policy, "PodDisruptionBudgetSpec", "Which Pods, and how many must stay."
    ) {
        Field("maxUnavailable", .intOrString, "How many may be missing, as a number or percentage.")
        Field("minAvailable", .intOrString, "How many must stay, as a number or percentage.")
        Field("selector", MetaV1.labelSelector, "Selects the Pods.")
        Field(
            "unhealthyPodEvictionPolicy", .choice(["AlwaysAllow", "IfHealthyBudget"]),
            "Whether Pods that are not ready may always go.")
    }

    static let podDisruptionBudgetStatus = ObjectSchema(
        .policy, "PodDisruptionBudgetStatus", "How many Pods may go now."
    ) {
        Field("conditions", .list(MetaV1.condition, by: "type"), "What is true of the budget now.")
        Field("currentHealthy", .int32, "Pods that are healthy.", required: true)
        Field("desiredHealthy", .int32, "Pods that must be healthy.", required: true)
        Field(
            "disruptedPods", .map(of: .time, keys: .plain),
            "Pods whose eviction is on its way, and since when.")
        Field("disruptionsAllowed", .int32, "Pods that may go now.", required: true)
        Field("expectedPods", .int32, "Pods that the budget counts.", required: true)
        Field("observedGeneration", .int64, "The generation that the controller has seen.")
    }
}
