import JSON
import Objects

/// The reviews of `authentication.k8s.io` and `authorization.k8s.io`: questions that are asked by
/// creating a document which comes back with its status.
extension Evaluation {
    func review(
        _ kind: ReviewKind, namespace: String, _ body: RequestBody, reviewedClaims: [UInt8]?,
        _ authorizer: Authorizer
    ) throws(StatusError) -> JSON {
        guard body.value.object != nil else {
            throw StatusError(.badRequest, "the body must be a \(kind.kind)")
        }
        if let stated = body.value["kind"]?.string, stated != kind.kind {
            throw StatusError(
                .badRequest,
                "\(stated) in version \"v1\" cannot be handled as a \(kind.kind)")
        }
        var review: JSON = [
            "kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion),
            "metadata": ["creationTimestamp": .string(now)],
        ]
        let spec = body.value["spec"] ?? [:]
        switch kind {
        case .selfSubjectReview:
            review["status"] = ["userInfo": user.json]
        case .tokenReview:
            review["spec"] = spec
            review["status"] = tokenStatus(spec, reviewedClaims)
        case .selfSubjectRulesReview:
            review["spec"] = spec
            review["status"] = rules(in: spec.text("namespace"), authorizer)
        default:
            review["spec"] = spec
            let subject = kind == .selfSubjectAccessReview ? user : Self.subject(spec)
            if kind == .localSubjectAccessReview,
                spec["resourceAttributes"]?["namespace"]?.string != namespace
            {
                throw StatusError(
                    .badRequest, "spec.resourceAttributes.namespace must match namespace: "
                        + namespace)
            }
            guard let action = Self.action(spec) else {
                let resource = Resource(
                    group: kind.group, version: kind.version, plural: kind.plural,
                    kind: kind.kind, isNamespaced: kind.isNamespaced)
                throw StatusError.invalid(
                    resource, name: "",
                    [
                        FieldError(
                            .invalid, "spec.resourceAttributes", value: .null,
                            "exactly one of nonResourceAttributes or resourceAttributes must be "
                                + "specified")
                    ])
            }
            review["status"] = ["allowed": .bool(authorizer.allows(action, for: subject))]
        }
        return review
    }

    private static func subject(_ spec: JSON) -> UserInfo {
        UserInfo(
            name: spec["user"]?.string ?? "", groups: spec["groups"].strings,
            uid: spec["uid"]?.string ?? "")
    }

    private static func action(_ spec: JSON) -> Action? {
        switch (spec["resourceAttributes"], spec["nonResourceAttributes"]) {
        case (let resource?, nil):
            Action(
                verb: resource["verb"]?.string ?? "", group: resource["group"]?.string ?? "",
                version: resource["version"]?.string ?? "",
                resource: resource["resource"]?.string ?? "",
                subresource: resource["subresource"]?.string ?? "",
                namespace: resource["namespace"]?.string ?? "",
                name: resource["name"]?.string ?? "")
        case (nil, let path?):
            Action(verb: path["verb"]?.string ?? "", path: path["path"]?.string ?? "")
        default:
            nil
        }
    }

    private func tokenStatus(_ spec: JSON, _ claims: [UInt8]?) -> JSON {
        let audiences = spec["audiences"].strings
        guard let claims,
            let user = user(ofTokenClaims: claims, audiences: audiences.isEmpty ? nil : audiences)
        else { return ["user": [:], "error": "invalid bearer token"] }
        let accepted = audiences.isEmpty ? [configuration.tokenIssuer] : audiences
        return [
            "authenticated": true, "user": user.json,
            "audiences": .array(accepted.map(JSON.string)),
        ]
    }

    /// What the client may do in a namespace, of what the authorizer knows without roles and of
    /// the roles that are bound to him.
    private func rules(in namespace: String, _ authorizer: Authorizer) -> JSON {
        let everything: JSON = ["*"]
        guard !user.isMaster else {
            return [
                "resourceRules": [
                    ["verbs": everything, "apiGroups": everything, "resources": everything]
                ],
                "nonResourceRules": [["verbs": everything, "nonResourceURLs": everything]],
                "incomplete": false,
            ]
        }
        let bound = authorizer.roles.rules(for: user, in: namespace)
        return [
            "resourceRules": .array(
                Self.selfReviews + bound.filter { $0.nonResourceURLs.isEmpty }.map(\.json)),
            "nonResourceRules": .array(
                [Self.discovery] + bound.filter { !$0.nonResourceURLs.isEmpty }.map(\.json)),
            "incomplete": false,
        ]
    }

    private static let selfReviews: [JSON] = [
        [
            "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ],
        [
            "verbs": ["create"], "apiGroups": ["authentication.k8s.io"],
            "resources": ["selfsubjectreviews"],
        ],
    ]

    private static let discovery: JSON = [
        "verbs": ["get"],
        "nonResourceURLs": [
            "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
            "/readyz", "/version", "/version/",
        ],
    ]
}
