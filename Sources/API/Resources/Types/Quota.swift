/// Limits of a namespace: ResourceQuotas and LimitRanges.
extension CoreV1 {
    static let resourceQuota = ObjectSchema(
        .core, "ResourceQuota", "Bounds what a namespace may use altogether."
    ) {
        MetaV1.header
        Field("spec", resourceQuotaSpec, "The bounds.")
        Field("status", resourceQuotaStatus, "The bounds in effect and what is used.")
    }

    static let resourceQuotaSpec = ObjectSchema(
        .core, "ResourceQuotaSpec", "What a namespace may use altogether."
    ) {
        Field("hard", .quantities, "The most of each resource.")
        Field("scopeSelector", scopeSelector, "Selects the objects that count.")
        Field("scopes", .strings, "What objects must be like to count.")
    }

    static let scopeSelector = ObjectSchema(
        .core, "ScopeSelector", "Selects the objects that a quota counts.", isAtomic: true
    ) {
        Field(
            "matchExpressions", .atomicList(scopedResourceSelectorRequirement),
            "All of these must hold.")
    }

    static let scopedResourceSelectorRequirement = ObjectSchema(
        .core, "ScopedResourceSelectorRequirement",
        "One demand on the objects that a quota counts."
    ) {
        Field(
            "operator", .choice(["DoesNotExist", "Exists", "In", "NotIn"]),
            "How the value is compared.", required: true)
        Field("scopeName", .string, "What is compared.", required: true)
        Field("values", .strings, "With what it is compared.")
    }

    static let resourceQuotaStatus = ObjectSchema(
        .core, "ResourceQuotaStatus", "The bounds in effect and what is used."
    ) {
        Field("hard", .quantities, "The most of each resource.")
        Field("used", .quantities, "What is used of each.")
    }

    static let limitRange = ObjectSchema(
        .core, "LimitRange", "Bounds and defaults for each object in a namespace."
    ) {
        MetaV1.header
        Field("spec", limitRangeSpec, "The bounds and defaults.")
    }

    static let limitRangeSpec = ObjectSchema(
        .core, "LimitRangeSpec", "Bounds and defaults for each object."
    ) {
        Field("limits", .atomicList(limitRangeItem), "One for each kind of object.", required: true)
    }

    static let limitRangeItem = ObjectSchema(
        .core, "LimitRangeItem", "Bounds and defaults for one kind of object."
    ) {
        Field("default", .quantities, "The limit of a container that has none.")
        Field("defaultRequest", .quantities, "The request of a container that has none.")
        Field("max", .quantities, "The most that one may have.")
        Field("maxLimitRequestRatio", .quantities, "How many times its request a limit may be.")
        Field("min", .quantities, "The least that one must have.")
        Field("type", .string, "Container, Pod or PersistentVolumeClaim.", required: true)
    }
}
