import JSON

/// ReplicationControllers and Pod templates.
extension CoreV1 {
    static let replicationController = ObjectSchema(
        .core, "ReplicationController",
        "Keeps a number of copies of a Pod running; ReplicaSets have taken its place."
    ) {
        MetaV1.header
        Field("spec", replicationControllerSpec, "Which Pods and how many.")
        Field("status", replicationControllerStatus, "How many Pods there are.")
    }

    static let replicationControllerSpec = ObjectSchema(
        .core, "ReplicationControllerSpec", "Which Pods and how many."
    ) {
        Field(
            "minReadySeconds", .count32, "Seconds that a Pod must be ready to count as available.")
        Field("replicas", .count32, "How many Pods are wanted.", default: 1)
        Field(
            "selector", .stringMap,
            "Labels that the Pods have; those of the template when left out.")
        Field("template", podTemplateSpec, "The Pod to make copies of.")
    }

    static let replicationControllerStatus = ObjectSchema(
        .core, "ReplicationControllerStatus", "How many Pods a ReplicationController has."
    ) {
        Field("availableReplicas", .int32, "Pods that are available.")
        Field(
            "conditions", .list(replicationControllerCondition, by: "type"),
            "What is true of the ReplicationController now.")
        Field("fullyLabeledReplicas", .int32, "Pods that have all labels of the template.")
        Field("observedGeneration", .int64, "The generation that the controller has seen.")
        Field("readyReplicas", .int32, "Pods that are ready.")
        Field("replicas", .int32, "Pods that are there.", required: true)
    }

    static let replicationControllerCondition = ObjectSchema(
        .core, "ReplicationControllerCondition",
        "One thing that is true of a ReplicationController or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let podTemplate = ObjectSchema(
        .core, "PodTemplate", "A Pod to make copies of, kept by itself."
    ) {
        MetaV1.header
        Field("template", podTemplateSpec, "The Pod.")
    }
}
