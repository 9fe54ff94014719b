import JSON

/// Deployments and ReplicaSets.
extension AppsV1 {
    static let deployment = ObjectSchema(
        .apps, "Deployment", "Keeps copies of a Pod running and changes them step by step."
    ) {
        MetaV1.header
        Field("spec", deploymentSpec, "Which Pods, how many, and how they are changed.")
        Field("status", deploymentStatus, "How far the Deployment is.")
    }

    static let deploymentSpec = ObjectSchema(
        .apps, "DeploymentSpec", "Which Pods, how many, and how they are changed."
    ) {
        Field(
            "minReadySeconds", .count32, "Seconds that a Pod must be ready to count as available.")
        Field("paused", .boolean, "Whether changes of the template wait.")
        Field(
            "progressDeadlineSeconds", .count32,
            "Seconds without progress after which the Deployment counts as failed.", default: 600)
        Field("replicas", .count32, "How many Pods are wanted.", default: 1)
        Field(
            "revisionHistoryLimit", .count32,
            "How many old ReplicaSets are kept to go back to.", default: 10)
        Field(
            "selector", MetaV1.labelSelector,
            "Selects the Pods; it must match the template's labels and never changes.",
            required: true)
        Field(
            "strategy", deploymentStrategy, "How old Pods are replaced by new ones.", default: [:])
        Field("template", CoreV1.podTemplateSpec, "The Pod to make copies of.", required: true)
    }

    static let deploymentStrategy = ObjectSchema(
        .apps, "DeploymentStrategy", "How old Pods are replaced by new ones.", retainsKeys: true
    ) {
        Field("rollingUpdate", rollingUpdateDeployment, "Settings of type RollingUpdate.")
        Field(
            "type", .choice(["Recreate", "RollingUpdate"]),
            "All at once or step by step.", default: "RollingUpdate")
    }

    static let rollingUpdateDeployment = ObjectSchema(
        .apps, "RollingUpdateDeployment", "How many Pods may be replaced at a time."
    ) {
        Field(
            "maxSurge", .intOrString,
            "How many Pods there may be beyond those wanted, as a number or percentage.")
        Field(
            "maxUnavailable", .intOrString,
            "How many Pods may be missing, as a number or percentage.")
    }

    static let deploymentStatus = ObjectSchema(
        .apps, "DeploymentStatus", "How far a Deployment is."
    ) {
        Field("availableReplicas", .int32, "Pods that are available.")
        Field("collisionCount", .int32, "How often the name of a new ReplicaSet was taken.")
        Field(
            "conditions", .list(deploymentCondition, by: "type"),
            "What is true of the Deployment now.")
        Field("observedGeneration", .int64, "The generation that the controller has seen.")
        Field("readyReplicas", .int32, "Pods that are ready.")
        Field("replicas", .int32, "Pods that are there.")
        Field("terminatingReplicas", .int32, "Pods that are being ended.")
        Field("unavailableReplicas", .int32, "Pods that are missing to full strength.")
        Field("updatedReplicas", .int32, "Pods made from the present template.")
    }

    static let deploymentCondition = ObjectSchema(
        .apps, "DeploymentCondition", "One thing that is true of a Deployment or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("lastUpdateTime", .time, "When the condition was last looked at.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let replicaSet = ObjectSchema(
        .apps, "ReplicaSet", "Keeps a number of copies of a Pod running."
    ) {
        MetaV1.header
        Field("spec", replicaSetSpec, "Which Pods and how many.")
        Field("status", replicaSetStatus, "How many Pods there are.")
    }

    static let replicaSetSpec = ObjectSchema(.apps, "ReplicaSetSpec", "Which Pods and how many.") {
        Field(
            "minReadySeconds", .count32, "Seconds that a Pod must be ready to count as available.")
        Field("replicas", .count32, "How many Pods are wanted.", default: 1)
        Field(
            "selector", MetaV1.labelSelector,
            "Selects the Pods; it must match the template's labels and never changes.",
            required: true)
        Field("template", CoreV1.podTemplateSpec, "The Pod to make copies of.")
    }

    static let replicaSetStatus = ObjectSchema(
        .apps, "ReplicaSetStatus", "How many Pods a ReplicaSet has."
    ) {
        Field("availableReplicas", .int32, "Pods that are available.")
        Field(
            "conditions", .list(replicaSetCondition, by: "type"),
            "What is true of the ReplicaSet now.")
        Field("fullyLabeledReplicas", .int32, "Pods that have all labels of the template.")
        Field("observedGeneration", .int64, "The generation that the controller has seen.")
        Field("readyReplicas", .int32, "Pods that are ready.")
        Field("replicas", .int32, "Pods that are there.", required: true)
        Field("terminatingReplicas", .int32, "Pods that are being ended.")
    }

    static let replicaSetCondition = ObjectSchema(
        .apps, "ReplicaSetCondition", "One thing that is true of a ReplicaSet or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }
}
