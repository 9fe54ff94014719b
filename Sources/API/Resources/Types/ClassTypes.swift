import JSON

/// PriorityClasses.
extension SchedulingV1 {
    static let priorityClass = ObjectSchema(
        .scheduling, "PriorityClass", "A name for how important Pods are."
    ) {
        MetaV1.header
        Field("description", .string, "When the class should be used.")
        Field("globalDefault", .boolean, "Whether Pods that name no class have this one.")
        Field(
            "preemptionPolicy", .choice(["Never", "PreemptLowerPriority"]),
            "Whether Pods of the class may displace others.", default: "PreemptLowerPriority")
        Field("value", .int32, "The importance; higher goes first.", required: true)
    }
}
