import JSON

/// DaemonSets, and the revisions that they and StatefulSets keep.
extension AppsV1 {
    static let daemonSet = ObjectSchema(
        .apps, "DaemonSet", "Keeps one copy of a Pod on every Node that fits."
    ) {
        MetaV1.header
        Field("spec", daemonSetSpec, "Which Pod, and how it is changed.")
        Field("status", daemonSetStatus, "How far the DaemonSet is.")
    }

    static let daemonSetSpec = ObjectSchema(
        .apps, "DaemonSetSpec", "Which Pod runs on every Node, and how it is changed."
    ) {
        Field(
            "minReadySeconds", .count32, "Seconds that a Pod must be ready to count as available.")
        Field(
            "revisionHistoryLimit", .count32, "How many old revisions are kept to go back to.",
            default: 10)
        Field(
            "selector", MetaV1.labelSelector,
            "Selects the Pods; it must match the template's labels and never changes.",
            required: true)
        Field("template", CoreV1.podTemplateSpec, "The Pod to make copies of.", required: true)
        Field(
            "updateStrategy", daemonSetUpdateStrategy,
            "How Pods are replaced when the template changes.", default: [:])
    }

    static let daemonSetUpdateStrategy = ObjectSchema(
        .apps, "DaemonSetUpdateStrategy", "How Pods are replaced when the template changes."
    ) {
        Field("rollingUpdate", rollingUpdateDaemonSet, "Settings of type RollingUpdate.")
        Field(
            "type", .choice(["OnDelete", "RollingUpdate"]),
            "By themselves a few at a time, or when somebody deletes them.",
            default: "RollingUpdate")
    }

    static let rollingUpdateDaemonSet = ObjectSchema(
        .apps, "RollingUpdateDaemonSet", "How many Pods may be replaced at a time."
    ) {
        Field("maxSurge", .intOrString, "On how many Nodes a new Pod may run beside the old one.")
        Field("maxUnavailable", .intOrString, "On how many Nodes the Pod may be missing.")
    }

    static let daemonSetStatus = ObjectSchema(.apps, "DaemonSetStatus", "How far a DaemonSet is.") {
        Field("collisionCount", .int32, "How often the name of a new revision was taken.")
        Field(
            "conditions", .list(daemonSetCondition, by: "type"),
            "What is true of the DaemonSet now.")
        Field(
            "currentNumberScheduled", .int32, "Nodes that run the Pod and should.", required: true)
        Field("desiredNumberScheduled", .int32, "Nodes that should run the Pod.", required: true)
        Field("numberAvailable", .int32, "Nodes whose Pod is available.")
        Field(
            "numberMisscheduled", .int32, "Nodes that run the Pod and should not.", required: true)
        Field("numberReady", .int32, "Nodes whose Pod is ready.", required: true)
        Field("numberUnavailable", .int32, "Nodes that should have an available Pod and have none.")
        Field("observedGeneration", .int64, "The generation that the controller has seen.")
        Field(
            "updatedNumberScheduled", .int32, "Nodes whose Pod is made from the present template.")
    }

    static let daemonSetCondition = ObjectSchema(
        .apps, "DaemonSetCondition", "One thing that is true of a DaemonSet or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let controllerRevision = ObjectSchema(
        .apps, "ControllerRevision", "A state of an object's template, kept to go back to."
    ) {
        MetaV1.header
        Field("data", .any, "The state.")
        Field("revision", .int64, "Its number; the newest is the highest.", required: true)
    }
}
