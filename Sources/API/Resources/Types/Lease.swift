/// Leases: who leads, and who is alive.
extension CoordinationV1 {
    static let lease = ObjectSchema(
        .coordination, "Lease", "Says who holds something, and since when."
    ) {
        MetaV1.header
        Field("spec", leaseSpec, "Who holds it, and since when.")
    }

    static let leaseSpec = ObjectSchema(
        .coordination, "LeaseSpec", "Who holds a lease, and since when."
    ) {
        Field("acquireTime", .microTime, "When the holder took it.")
        Field("holderIdentity", .string, "Who holds it.")
        Field(
            "leaseDurationSeconds", .int32,
            "Seconds after the last renewal for which others must wait.")
        Field("leaseTransitions", .count32, "How often it has changed hands.")
        Field("preferredHolder", .string, "Who should hold it next.")
        Field("renewTime", .microTime, "When the holder last renewed it.")
        Field("strategy", .string, "How the next holder is chosen.")
    }
}
