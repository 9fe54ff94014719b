/// The documents of `/scale`.
extension AutoscalingV1 {
    static let scale = ObjectSchema(
        .autoscaling, "Scale", "How many copies of something are wanted and there."
    ) {
        MetaV1.header
        Field("spec", scaleSpec, "How many are wanted.")
        Field("status", scaleStatus, "How many there are.")
    }

    static let scaleSpec = ObjectSchema(.autoscaling, "ScaleSpec", "How many copies are wanted.") {
        Field("replicas", .count32, "The number.")
    }

    static let scaleStatus = ObjectSchema(
        .autoscaling, "ScaleStatus", "How many copies there are."
    ) {
        Field("replicas", .int32, "The number.", required: true)
        Field("selector", .string, "Selects the copies, in text form.")
    }
}
