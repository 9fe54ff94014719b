import JSON
import Objects

/// `metav1.DeleteOptions`, from the body and the query of a request.
struct DeleteOptions: Sendable, Equatable {
    var gracePeriodSeconds: Int64?
    var propagation: PropagationPolicy?
    var uid: String?
    var resourceVersion: String?
    var isDryRun = false

    init(
        uid: String? = nil, gracePeriodSeconds: Int64? = nil,
        propagation: PropagationPolicy? = nil
    ) {
        self.uid = uid
        self.gracePeriodSeconds = gracePeriodSeconds
        self.propagation = propagation
    }

    /// A body, when there is one, wins over the query.
    init(_ query: QueryParameters, body: JSON?) throws(StatusError) {
        var faults: [FieldError] = []
        var policy = query.first("propagationPolicy")
        var orphans = query.first("orphanDependents").map { $0 == "true" || $0 == "1" }
        var dryRun = query.all("dryRun")
        gracePeriodSeconds = try query.integer("gracePeriodSeconds")
        if let body {
            try Self.check(body)
            if let seconds = body["gracePeriodSeconds"]?.integer { gracePeriodSeconds = seconds }
            if let text = body["propagationPolicy"]?.string { policy = text }
            if let value = body["orphanDependents"]?.bool { orphans = value }
            dryRun += body["dryRun"].strings
            uid = body["preconditions"]?["uid"]?.string
            resourceVersion = body["preconditions"]?["resourceVersion"]?.string
        }
        if let policy {
            propagation = PropagationPolicy(rawValue: policy)
            if propagation == nil {
                faults.append(
                    FieldError(
                        .notSupported, "propagationPolicy", value: .string(policy),
                        "supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""))
            }
            if orphans != nil {
                faults.append(
                    FieldError(
                        .invalid, "propagationPolicy", value: .string(policy),
                        "orphanDependents and deletionPropagation cannot be both set"))
            }
        } else if let orphans {
            propagation = orphans ? .orphan : .background
        }
        for value in dryRun where value != "All" {
            faults.append(
                FieldError(
                    .notSupported, "dryRun", value: .string(value), "supported values: \"All\""))
        }
        isDryRun = !dryRun.isEmpty
        if !faults.isEmpty { throw ReadOptions.invalid(faults, kind: "DeleteOptions") }
    }

    /// Clients of Kubernetes send the kind `DeleteOptions` with any of several API versions.
    private static func check(_ body: JSON) throws(StatusError) {
        guard body.object != nil else {
            throw StatusError(.badRequest, "the body of a deletion must be DeleteOptions")
        }
        if let kind = body["kind"]?.string, !kind.isEmpty, kind != "DeleteOptions" {
            throw StatusError(
                .badRequest,
                "decoded object cannot be converted to DeleteOptions: it is of the kind "
                    + quotedText(kind))
        }
        for (name, isRight) in [
            ("gracePeriodSeconds", body["gracePeriodSeconds"].map { $0.integer != nil }),
            ("propagationPolicy", body["propagationPolicy"].map { $0.string != nil }),
            ("orphanDependents", body["orphanDependents"].map { $0.bool != nil }),
            ("preconditions", body["preconditions"].map { $0.object != nil }),
        ] where isRight == false && body[name] != .null {
            throw StatusError(
                .badRequest,
                "DeleteOptions in version \"v1\" cannot be handled as a DeleteOptions: the field "
                    + "\(name) has a wrong type")
        }
    }
}
