/// Where Pods may, should and should not run.
extension CoreV1 {
    static let affinity = ObjectSchema(
        .core, "Affinity", "What draws a Pod to machines and keeps it from them."
    ) {
        Field("nodeAffinity", nodeAffinity, "By the Nodes' own labels.")
        Field("podAffinity", podAffinity, "Near other Pods.")
        Field("podAntiAffinity", podAntiAffinity, "Away from other Pods.")
    }

    static let nodeAffinity = ObjectSchema(.core, "NodeAffinity", "Rules on the labels of Nodes.") {
        Field(
            "preferredDuringSchedulingIgnoredDuringExecution", .atomicList(preferredSchedulingTerm),
            "Rules that should hold, by weight.")
        Field(
            "requiredDuringSchedulingIgnoredDuringExecution", nodeSelector,
            "Rules that must hold when the Pod is scheduled.")
    }

    static let preferredSchedulingTerm = ObjectSchema(
        .core, "PreferredSchedulingTerm", "A rule that should hold."
    ) {
        Field("preference", nodeSelectorTerm, "The rule.", required: true)
        Field("weight", .integer32(1...100), "How much it counts.", required: true)
    }

    static let nodeSelector = ObjectSchema(
        .core, "NodeSelector", "Selects Nodes by any one of its terms.", isAtomic: true
    ) {
        Field(
            "nodeSelectorTerms", .atomicList(nodeSelectorTerm),
            "The terms; one that holds is enough.", required: true)
    }

    static let nodeSelectorTerm = ObjectSchema(
        .core, "NodeSelectorTerm",
        "Demands on a Node that must all hold; none of them selects nothing.", isAtomic: true
    ) {
        Field("matchExpressions", .atomicList(nodeSelectorRequirement), "Demands on labels.")
        Field(
            "matchFields", .atomicList(nodeSelectorRequirement),
            "Demands on fields; metadata.name is the only one.")
    }

    static let nodeSelectorRequirement = ObjectSchema(
        .core, "NodeSelectorRequirement", "A demand on a label or field."
    ) {
        Field("key", .string, "Name of the label or field.", required: true)
        Field(
            "operator", .choice(["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"]),
            "How it is compared.", required: true)
        Field("values", .strings, "What it is compared with.")
    }

    static let podAffinity = ObjectSchema(
        .core, "PodAffinity", "Rules that draw a Pod near others."
    ) {
        podAffinityFields
    }

    static let podAntiAffinity = ObjectSchema(
        .core, "PodAntiAffinity", "Rules that keep a Pod away from others."
    ) {
        podAffinityFields
    }

    /// The rules of both directions.
    static let podAffinityFields: [Field] = [
        Field(
            "preferredDuringSchedulingIgnoredDuringExecution", .atomicList(weightedPodAffinityTerm),
            "Rules that should hold, by weight."),
        Field(
            "requiredDuringSchedulingIgnoredDuringExecution", .atomicList(podAffinityTerm),
            "Rules that must hold when the Pod is scheduled."),
    ]

    static let weightedPodAffinityTerm = ObjectSchema(
        .core, "WeightedPodAffinityTerm", "A rule that should hold."
    ) {
        Field("podAffinityTerm", podAffinityTerm, "The rule.", required: true)
        Field("weight", .integer32(1...100), "How much it counts.", required: true)
    }

    static let podAffinityTerm = ObjectSchema(
        .core, "PodAffinityTerm", "Other Pods, and how near is near."
    ) {
        Field("labelSelector", MetaV1.labelSelector, "Selects the other Pods; none when left out.")
        Field("matchLabelKeys", .strings, "Labels in which the other Pods must equal this one.")
        Field(
            "mismatchLabelKeys", .strings,
            "Labels in which the other Pods must differ from this one.")
        Field(
            "namespaceSelector", MetaV1.labelSelector, "Selects the namespaces of the other Pods.")
        Field(
            "namespaces", .strings,
            "Names of the namespaces of the other Pods; this Pod's own when nothing is given.")
        Field(
            "topologyKey", .string(.qualifiedName),
            "Nodes with one value of this label count as one place.", required: true)
    }

    static let topologySpreadConstraint = ObjectSchema(
        .core, "TopologySpreadConstraint", "How evenly the Pods of a group must lie over places."
    ) {
        Field("labelSelector", MetaV1.labelSelector, "Selects the Pods of the group.")
        Field("matchLabelKeys", .strings, "Labels in which Pods of the group must equal this one.")
        Field(
            "maxSkew", .integer32(1...2_147_483_647),
            "By how many Pods two places may differ.", required: true)
        Field(
            "minDomains", .integer32(1...2_147_483_647), "How many places there must be at least.")
        Field(
            "nodeAffinityPolicy", .choice(["Honor", "Ignore"]),
            "Whether Nodes that the Pod's affinity rules out are counted.")
        Field(
            "nodeTaintsPolicy", .choice(["Honor", "Ignore"]),
            "Whether Nodes that the Pod does not tolerate are counted.")
        Field(
            "topologyKey", .string(.qualifiedName),
            "Nodes with one value of this label count as one place.", required: true)
        Field(
            "whenUnsatisfiable", .choice(["DoNotSchedule", "ScheduleAnyway"]),
            "Whether the Pod waits when the rule cannot hold.", required: true)
    }

    static let toleration = ObjectSchema(.core, "Toleration", "A taint that a Pod puts up with.") {
        Field(
            "effect", .choice(["NoExecute", "NoSchedule", "PreferNoSchedule"]),
            "The effect; any when left out.")
        Field("key", .string, "Name of the taint; any when left out.")
        Field(
            "operator", .choice(["Equal", "Exists", "Gt", "Lt"]),
            "How the taint's value is compared; Equal when left out.")
        Field(
            "tolerationSeconds", .int64,
            "For NoExecute: how long the Pod stays on the Node; for ever when left out.")
        Field("value", .string, "The taint's value.")
    }

    static let taint = ObjectSchema(
        .core, "Taint", "A mark on a Node that keeps Pods away which do not tolerate it."
    ) {
        Field(
            "effect", .choice(["NoExecute", "NoSchedule", "PreferNoSchedule"]),
            "What happens to such Pods.", required: true)
        Field("key", .string(.qualifiedName), "Name of the taint.", required: true)
        Field("timeAdded", .time, "When the taint was added.")
        Field("value", .string(.labelValue), "Value of the taint.")
    }
}
