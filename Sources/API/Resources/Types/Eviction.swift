/// The document of `/eviction`.
extension PolicyV1 {
    static let eviction = ObjectSchema(
        .policy, "Eviction", "Asks a Pod to go, unless too few would be left."
    ) {
        MetaV1.header
        Field("deleteOptions", MetaV1.deleteOptions, "How it is deleted.")
    }
}
