import JSON

/// StatefulSets: Pods with names and volumes that stay.
extension AppsV1 {
    static let statefulSet = ObjectSchema(
        .apps, "StatefulSet",
        "Keeps numbered Pods running, each with a name and volumes that stay."
    ) {
        MetaV1.header
        Field("spec", statefulSetSpec, "Which Pods, how many, and how they are changed.")
        Field("status", statefulSetStatus, "How far the StatefulSet is.")
    }

    static let statefulSetSpec = ObjectSchema(
        .apps, "StatefulSetSpec", "Which Pods, how many, and how they are changed."
    ) {
        Field(
            "minReadySeconds", .count32, "Seconds that a Pod must be ready to count as available.")
        Field("ordinals", statefulSetOrdinals, "How the Pods are numbered.")
        Field(
            "persistentVolumeClaimRetentionPolicy", statefulSetPersistentVolumeClaimRetentionPolicy,
            "What becomes of the claims made from the templates.", default: [:])
        Field(
            "podManagementPolicy", .choice(["OrderedReady", "Parallel"]),
            "One Pod after the other, or all at once.", default: "OrderedReady")
        Field("replicas", .count32, "How many Pods are wanted.", default: 1)
        Field(
            "revisionHistoryLimit", .count32, "How many old revisions are kept to go back to.",
            default: 10)
        Field(
            "selector", MetaV1.labelSelector,
            "Selects the Pods; it must match the template's labels and never changes.",
            required: true)
        Field("serviceName", .string, "The headless Service that gives the Pods their names.")
        Field("template", CoreV1.podTemplateSpec, "The Pod to make copies of.", required: true)
        Field(
            "updateStrategy", statefulSetUpdateStrategy,
            "How Pods are replaced when the template changes.", default: [:])
        Field(
            "volumeClaimTemplates", .atomicList(CoreV1.persistentVolumeClaim),
            "Claims of which every Pod gets its own.")
    }

    static let statefulSetOrdinals = ObjectSchema(
        .apps, "StatefulSetOrdinals", "How Pods are numbered."
    ) {
        Field("start", .count32, "The number of the first Pod.")
    }

    static let statefulSetPersistentVolumeClaimRetentionPolicy = ObjectSchema(
        .apps, "StatefulSetPersistentVolumeClaimRetentionPolicy",
        "What becomes of claims that are no longer needed."
    ) {
        Field(
            "whenDeleted", .choice(["Delete", "Retain"]), "When the StatefulSet is deleted.",
            default: "Retain")
        Field(
            "whenScaled", .choice(["Delete", "Retain"]), "When there are to be fewer Pods.",
            default: "Retain")
    }

    static let statefulSetUpdateStrategy = ObjectSchema(
        .apps, "StatefulSetUpdateStrategy", "How Pods are replaced when the template changes."
    ) {
        Field("rollingUpdate", rollingUpdateStatefulSetStrategy, "Settings of type RollingUpdate.")
        Field(
            "type", .choice(["OnDelete", "RollingUpdate"]),
            "By themselves one after the other, or when somebody deletes them.",
            default: "RollingUpdate")
    }

    static let rollingUpdateStatefulSetStrategy = ObjectSchema(
        .apps, "RollingUpdateStatefulSetStrategy", "How far and how fast Pods are replaced."
    ) {
        Field(
            "maxUnavailable", .intOrString,
            "How many Pods may be missing, as a number or percentage.")
        Field("partition", .count32, "Pods with lower numbers stay as they are.")
    }

    static let statefulSetStatus = ObjectSchema(
        .apps, "StatefulSetStatus", "How far a StatefulSet is."
    ) {
        Field("availableReplicas", .int32, "Pods that are available.")
        Field("collisionCount", .int32, "How often the name of a new revision was taken.")
        Field(
            "conditions", .list(statefulSetCondition, by: "type"),
            "What is true of the StatefulSet now.")
        Field("currentReplicas", .int32, "Pods of the revision before.")
        Field("currentRevision", .string, "Name of the revision before.")
        Field("observedGeneration", .int64, "The generation that the controller has seen.")
        Field("readyReplicas", .int32, "Pods that are ready.")
        Field("replicas", .int32, "Pods that are there.", required: true)
        Field("updateRevision", .string, "Name of the newest revision.")
        Field("updatedReplicas", .int32, "Pods of the newest revision.")
    }

    static let statefulSetCondition = ObjectSchema(
        .apps, "StatefulSetCondition", "One thing that is true of a StatefulSet or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }
}
