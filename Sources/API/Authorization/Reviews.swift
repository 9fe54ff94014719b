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
            let faults = Self.faults(of: spec, kind)
            guard faults.isEmpty, let action = Self.action(spec) else {
                let resource = Resource(
                    group: kind.group, version: kind.version, plural: kind.plural,
                    kind: kind.kind, isNamespaced: kind.isNamespaced)
                throw StatusError.invalid(resource, name: "", faults)
            }
            let decision = authorizer.decide(action, for: subject)
            var status: JSON = ["allowed": .bool(decision.isAllowed)]
            if !decision.reason.isEmpty { status["reason"] = .string(decision.reason) }
            review["status"] = status
        }
        return review
    }

    private static func faults(of spec: JSON, _ kind: ReviewKind) -> [FieldError] {
        var faults: [FieldError] = []
        switch (spec["resourceAttributes"], spec["nonResourceAttributes"]) {
        case (_?, _?):
            faults.append(
                FieldError(
                    .invalid, "spec.nonResourceAttributes",
                    value: spec["nonResourceAttributes"] ?? .null,
                    "cannot be specified in combination with resourceAttributes"))
        case (nil, nil):
            faults.append(
                FieldError(
                    .invalid, "spec.resourceAttributes", value: .null,
                    "exactly one of nonResourceAttributes or resourceAttributes must be "
                        + "specified"))
        default: break
        }
        if kind != .selfSubjectAccessReview, (spec["user"]?.string ?? "").isEmpty,
            spec["groups"].strings.isEmpty
        {
            faults.append(
                FieldError(
                    .invalid, "spec.user", value: "",
                    "at least one of user or group must be specified"))
        }
        return faults
    }

    private static func subject(_ spec: JSON) -> UserInfo {
        UserInfo(
            name: spec["user"]?.string ?? "", groups: spec["groups"].strings,
            uid: spec["uid"]?.string ?? "",
            extra: (spec["extra"]?.object ?? [:]).map {
                UserInfo.Extra(name: $0.name, values: Optional($0.value).strings)
            })
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
        var audiences = spec["audiences"].strings
        if audiences.isEmpty { audiences = [configuration.tokenIssuer] }
        guard let (user, accepted) = reviewed(spec, claims, audiences) else {
            return ["user": [:], "error": "invalid bearer token"]
        }
        return [
            "authenticated": true, "user": user.json,
            "audiences": .array(accepted.map(JSON.string)),
        ]
    }

    /// Whom the token stands for, and which of the audiences it is meant for.
    private func reviewed(
        _ spec: JSON, _ claims: [UInt8]?, _ audiences: [String]
    ) -> (UserInfo, [String])? {
        if let claims {
            guard let user = user(ofTokenClaims: claims, audiences: audiences) else { return nil }
            let stated = Self.audiences(inClaims: claims)
            return (user, audiences.filter(stated.contains))
        }
        // A bootstrap token is for the API itself.
        let accepted = audiences.filter { $0 == configuration.tokenIssuer }
        guard !accepted.isEmpty, let token = BootstrapToken(spec["token"]?.string ?? ""),
            let user = user(ofBootstrapToken: token)
        else { return nil }
        return (user, accepted)
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
