import JSON

/// The types of request bodies that are not stored: what subresources take, and reviews.
package enum BodyTypes {
    /// The type of a body that says that version and kind; nil when the API knows none.
    static func schema(apiVersion: String, kind: String) -> ObjectSchema? {
        // Clients write the version of the resource's group, of policy or of none.
        if kind == "DeleteOptions" { return MetaV1.deleteOptions }
        return types["\(apiVersion)/\(kind)"]
    }

    private static let types: [String: ObjectSchema] = [
        "v1/Binding": binding,
        "autoscaling/v1/Scale": AutoscalingV1.scale,
        "policy/v1/Eviction": PolicyV1.eviction,
        "authentication.k8s.io/v1/SelfSubjectReview": review("SelfSubjectReview", .authentication),
        "authentication.k8s.io/v1/TokenRequest": review(
            "TokenRequest", .authentication, tokenRequestSpec),
        "authentication.k8s.io/v1/TokenReview": review(
            "TokenReview", .authentication, tokenReviewSpec),
        "authorization.k8s.io/v1/LocalSubjectAccessReview": review(
            "LocalSubjectAccessReview", .authorization, subjectAccessReviewSpec),
        "authorization.k8s.io/v1/SelfSubjectAccessReview": review(
            "SelfSubjectAccessReview", .authorization, selfSubjectAccessReviewSpec),
        "authorization.k8s.io/v1/SelfSubjectRulesReview": review(
            "SelfSubjectRulesReview", .authorization, selfSubjectRulesReviewSpec),
        "authorization.k8s.io/v1/SubjectAccessReview": review(
            "SubjectAccessReview", .authorization, subjectAccessReviewSpec),
    ]

    /// Every type above, for tests.
    package static var all: [ObjectSchema] { [MetaV1.deleteOptions] + types.values }

    /// A question: the status is the answer, and nobody sends it.
    private static func review(
        _ name: String, _ package: APIPackage, _ spec: ObjectSchema? = nil
    ) -> ObjectSchema {
        ObjectSchema(package, name, "A question that is answered at once.") {
            MetaV1.header
            spec.map { [Field("spec", $0, "What is asked.")] } ?? []
        }
    }

    private static let binding = ObjectSchema(
        .core, "Binding", "Gives a Pod to a Node."
    ) {
        MetaV1.header
        Field("target", CoreV1.objectReference, "The Node.", required: true)
    }

    private static let tokenRequestSpec = ObjectSchema(
        .authentication, "TokenRequestSpec", "What a token is good for."
    ) {
        Field("audiences", .strings, "Who may accept it.")
        Field("boundObjectRef", boundObjectReference, "The object with which it dies.")
        Field("expirationSeconds", .int64, "Seconds that it lasts.")
    }

    private static let boundObjectReference = ObjectSchema(
        .authentication, "BoundObjectReference", "Names an object that a token is bound to."
    ) {
        Field("apiVersion", .string, "Group and version of the object.")
        Field("kind", .string, "Kind of the object.")
        Field("name", .string, "Name of the object.")
        Field("uid", .string, "UID of the object.")
    }

    private static let tokenReviewSpec = ObjectSchema(
        .authentication, "TokenReviewSpec", "A token, and for whom it should be good."
    ) {
        Field("audiences", .strings, "Who was given it.")
        Field("token", .string, "The token.")
    }

    /// What may be asked about, by a subject of its own or by the client.
    private static let accessFields: [Field] = [
        Field("nonResourceAttributes", nonResourceAttributes, "A path."),
        Field("resourceAttributes", resourceAttributes, "A verb on a resource."),
    ]

    private static let selfSubjectAccessReviewSpec = ObjectSchema(
        .authorization, "SelfSubjectAccessReviewSpec", "What the client wants to do."
    ) {
        accessFields
    }

    private static let subjectAccessReviewSpec = ObjectSchema(
        .authorization, "SubjectAccessReviewSpec", "What somebody wants to do."
    ) {
        accessFields
        Field("extra", .map(of: .strings, keys: .plain), "What else is known of the user.")
        Field("groups", .strings, "The user's groups.")
        Field("uid", .string, "The user's identity.")
        Field("user", .string, "The user's name.")
    }

    private static let selfSubjectRulesReviewSpec = ObjectSchema(
        .authorization, "SelfSubjectRulesReviewSpec", "Where the rules should hold."
    ) {
        Field("namespace", .string, "The namespace.")
    }

    private static let nonResourceAttributes = ObjectSchema(
        .authorization, "NonResourceAttributes", "A verb on a path."
    ) {
        Field("path", .string, "The path.")
        Field("verb", .string, "The verb.")
    }

    private static let resourceAttributes = ObjectSchema(
        .authorization, "ResourceAttributes", "A verb on a resource."
    ) {
        Field("fieldSelector", selector("Field"), "The fields that are asked for.")
        Field("group", .string, "The resource's group.")
        Field("labelSelector", selector("Label"), "The labels that are asked for.")
        Field("name", .string, "The object's name.")
        Field("namespace", .string, "The namespace.")
        Field("resource", .string, "The resource.")
        Field("subresource", .string, "The subresource.")
        Field("verb", .string, "The verb.")
        Field("version", .string, "The resource's version.")
    }

    private static func selector(_ what: String) -> ObjectSchema {
        ObjectSchema(.authorization, "\(what)SelectorAttributes", "A selector in two forms.") {
            Field("rawSelector", .string, "The selector as text.")
            Field(
                "requirements",
                .atomicList(
                    ObjectSchema(.meta, "\(what)SelectorRequirement", "One demand.") {
                        Field("key", .string, "What is compared.")
                        Field("operator", .string, "How it is compared.")
                        Field("values", .strings, "With what it is compared.")
                    }),
                "The selector in parts.")
        }
    }
}

extension APIPackage {
    static let authentication = APIPackage.custom(prefix: "io.k8s.api.authentication.v1.")
    static let authorization = APIPackage.custom(prefix: "io.k8s.api.authorization.v1.")
}
