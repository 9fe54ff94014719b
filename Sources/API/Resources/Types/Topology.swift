/// Places where volumes may be.
extension CoreV1 {
    static let topologySelectorTerm = ObjectSchema(
        .core, "TopologySelectorTerm", "A place where volumes may be.", isAtomic: true
    ) {
        Field(
            "matchLabelExpressions", .atomicList(topologySelectorLabelRequirement),
            "All of these must hold.")
    }

    static let topologySelectorLabelRequirement = ObjectSchema(
        .core, "TopologySelectorLabelRequirement", "A label that a place has."
    ) {
        Field("key", .string, "Key of the label.", required: true)
        Field("values", .strings, "The label must be one of these.", required: true)
    }
}
