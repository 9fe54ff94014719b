import Base
import JSON
import Objects
import Store

/// From a request to the verb that answers it: authentication, path, authorization, content
/// negotiation, verb. The order is that of Kubernetes' handler chain.
extension APICore {
    func route(
        _ request: APIRequest, _ evaluation: inout Evaluation
    ) throws(StatusError) -> APIOutcome {
        guard request.body.count <= configuration.limits.bodyBytesMax else { throw bodyTooLarge }
        let user = try authenticate(request, evaluation)
        evaluation.user = user
        evaluation.isRestrictedToNode = user.isMachine && !user.isMaster
        let target = RequestTarget(path: request.path, registry: registry)
        let query = try QueryParameters(request.query)
        let action = Action(request, target, query)
        try evaluation.authorizer.check(action, by: user)
        switch target {
        case .resource(let target):
            return try resourceVerb(request, target, query, &evaluation)
        case .review(let kind, let namespace):
            guard request.method == .post else { throw StatusError.methodNotAllowed }
            evaluation.format = try ResponseFormat(
                accept: request.accept, offer: .plain, query: query)
            let review = try evaluation.review(
                kind, namespace: namespace, body(of: request),
                reviewedClaims: request.reviewedClaims, evaluation.authorizer)
            return .respond(APIResponse(code: 201, body: review.bytes))
        case .usage(let kind, let target):
            guard [.get, .head].contains(request.method) else { throw StatusError.methodNotAllowed }
            guard !query.bool("watch") else { throw StatusError.methodNotAllowed }
            return .usage(try evaluation.usage(kind, target, query))
        case .metrics:
            guard [.get, .head].contains(request.method) else { throw StatusError.methodNotAllowed }
            return .metrics
        case .openIDKeys:
            guard [.get, .head].contains(request.method) else { throw StatusError.methodNotAllowed }
            return .openIDKeys
        case .unknownResource:
            throw StatusError.unknownPath
        default:
            return .respond(try discover(request, target, query))
        }
    }

    func authenticate(
        _ request: APIRequest, _ evaluation: Evaluation
    ) throws(StatusError) -> UserInfo {
        try impersonated(by: try identify(request.credential, evaluation), request, evaluation)
    }

    /// Who proved to be himself. Whoever brought nothing along is anonymous, and may do what the
    /// roles of `system:unauthenticated` allow; whoever brought something bad is nobody.
    func identify(
        _ credential: Credential, _ evaluation: Evaluation
    ) throws(StatusError) -> UserInfo {
        let known: UserInfo? =
            switch credential {
            case .none: .anonymous
            case .user(let user): user
            case .token(let claims): evaluation.user(ofTokenClaims: claims)
            case .bootstrapToken(let token): evaluation.user(ofBootstrapToken: token)
            case .invalid: nil
            }
        guard let known else { throw StatusError(.unauthorized, "Unauthorized") }
        return known
    }

    /// Whom a user acts as: himself, or somebody whom he may impersonate.
    func impersonated(
        by user: UserInfo, _ request: APIRequest, _ evaluation: Evaluation
    ) throws(StatusError) -> UserInfo {
        guard let impersonation = request.impersonation else { return user }
        guard !impersonation.user.isEmpty else {
            throw StatusError(
                .internalError,
                "Internal Server Error: \(quotedText(request.path)): requested "
                    + "\(impersonation.wanted) without impersonating a user")
        }
        try evaluation.authorizer.checkImpersonation(impersonation, by: user)
        return impersonation.userInfo
    }

    private func resourceVerb(
        _ request: APIRequest, _ target: ResourceTarget, _ query: QueryParameters,
        _ evaluation: inout Evaluation
    ) throws(StatusError) -> APIOutcome {
        if let path = target.proxiedPath {
            guard request.method != .other else { throw StatusError.methodNotAllowed }
            return try evaluation.proxy(target, path, request)
        }
        if let subresource = target.subresource, let kind = StreamKind(rawValue: subresource.name) {
            guard [.get, .post].contains(request.method), kind != .log || request.method == .get
            else { throw StatusError.methodNotAllowed }
            return .stream(try evaluation.stream(kind, target, query, request))
        }
        evaluation.format = try ResponseFormat(
            accept: request.accept, offer: .objects, query: query)
        if target.subresource?.name == "token" {
            guard request.method == .post else { throw StatusError.methodNotAllowed }
            return .issueToken(try evaluation.token(target, body(of: request).value))
        }
        switch request.method {
        case .get, .head:
            if target.subresource == nil, query.bool("watch") {
                return try evaluation.watch(target, query)
            }
            return .respond(try evaluation.read(target, query))
        case .post, .put, .patch:
            evaluation.options = try WriteOptions(
                query, userAgent: request.userAgent, kind: Self.optionsKind(request.method))
            let planned = try writeVerb(request, target, query, &evaluation)
            return Self.outcome(planned)
        case .delete:
            return Self.outcome(try deleteVerb(request, target, query, &evaluation))
        case .other:
            throw StatusError.methodNotAllowed
        }
    }

    private static func optionsKind(_ method: APIRequest.Method) -> String {
        switch method {
        case .put: "UpdateOptions"
        case .patch: "PatchOptions"
        default: "CreateOptions"
        }
    }

    private func writeVerb(
        _ request: APIRequest, _ target: ResourceTarget, _ query: QueryParameters,
        _ evaluation: inout Evaluation
    ) throws(StatusError) -> Planned {
        switch (request.method, target.name, target.subresource?.name) {
        case (.post, nil, _):
            guard target.definition.verbs.contains("create"),
                !target.resource.isNamespaced || !target.namespace.isEmpty
            else { throw StatusError.methodNotAllowed }
            if target.resource == .bindings {
                return try evaluation.bind(in: target.namespace, body(of: request).value)
            }
            return try evaluation.create(target, body(of: request))
        case (.post, _?, "binding"?):
            return try evaluation.bind(target, body(of: request).value)
        case (.post, _?, "eviction"?):
            return try evaluation.evict(target, body(of: request).value)
        case (.put, _?, let subresource):
            guard target.allows("update") else { throw StatusError.methodNotAllowed }
            let body = try body(of: request)
            if subresource == "scale" { return try evaluation.updateScale(target, body.value) }
            return try evaluation.update(target, body)
        case (.patch, _?, _):
            guard target.allows("patch") else { throw StatusError.methodNotAllowed }
            let patch = try PatchBody(request, query: query, body: patchBody(of: request))
            return try evaluation.patch(target, patch)
        default:
            throw StatusError.methodNotAllowed
        }
    }

    private func deleteVerb(
        _ request: APIRequest, _ target: ResourceTarget, _ query: QueryParameters,
        _ evaluation: inout Evaluation
    ) throws(StatusError) -> Planned {
        guard target.subresource == nil,
            target.definition.verbs.contains(
                target.name == nil ? "deletecollection" : "delete"),
            target.name != nil || !target.resource.isNamespaced || !target.namespace.isEmpty
        else { throw StatusError.methodNotAllowed }
        let body: JSON? = request.body.isEmpty ? .none : try body(of: request).value
        let options = try DeleteOptions(query, body: body)
        evaluation.options.isDryRun = options.isDryRun
        if target.name == nil {
            return try evaluation.deleteCollection(target, query, options)
        }
        return try evaluation.delete(target, options)
    }

    static func outcome(_ planned: Planned) -> APIOutcome {
        switch planned {
        case .answer(let response, let revision): .respond(response.finish(at: revision))
        case .commit(let commit): .commit(commit)
        }
    }
}

extension ResourceTarget {
    /// Whether the resource, or the subresource that is meant, knows the verb.
    func allows(_ verb: String) -> Bool {
        (subresource?.verbs ?? definition.verbs).contains(verb)
    }
}
