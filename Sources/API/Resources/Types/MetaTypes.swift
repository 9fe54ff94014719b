/// Types of `k8s.io/apimachinery/pkg/apis/meta/v1` that are part of others.
extension MetaV1 {
    static let condition = ObjectSchema(
        .meta, "Condition", "One thing that is true of an object or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.", required: true)
        Field("message", .string, "Why, for people.", required: true)
        Field("observedGeneration", .int64, "The generation that this condition tells of.")
        Field("reason", .string, "Why, in one word.", required: true)
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let deleteOptions = ObjectSchema(.meta, "DeleteOptions", "How an object is deleted.") {
        Field("apiVersion", .string, "Group and version of the type of this document.")
        Field("dryRun", .strings, "All, to have the deletion tried and not done.")
        Field(
            "gracePeriodSeconds", .int64,
            "Seconds that the object has to end by itself; 0 deletes it at once.")
        Field(
            "ignoreStoreReadErrorWithClusterBreakingPotential", .boolean,
            "Whether an object that cannot be read is deleted all the same.")
        Field("kind", .string, "The type of this document.")
        Field("orphanDependents", .boolean, "Older form of propagationPolicy.")
        Field("preconditions", preconditions, "What must hold for the deletion to happen.")
        Field(
            "propagationPolicy", .string,
            "What becomes of objects that belong to this one: Orphan, Background or Foreground.")
    }

    static let preconditions = ObjectSchema(
        .meta, "Preconditions", "What must hold for a deletion to happen."
    ) {
        Field("resourceVersion", .string, "The version that the object must have.")
        Field("uid", .string, "The UID that the object must have.")
    }

    static let listMeta = ObjectSchema(.meta, "ListMeta", "What a list has beside its items.") {
        Field("continue", .string, "Asks for the rest of the list; opaque to clients.")
        Field("remainingItemCount", .int64, "How many items the rest has.")
        Field("resourceVersion", .string, "Version of the store at which the list was read.")
        Field("selfLink", .string, "No longer set.")
    }
}
