import JSON
import Objects

/// The endpoints that say what the server is and serves. They are the same for every snapshot.
extension APICore {
    func discover(
        _ request: APIRequest, _ target: RequestTarget, _ query: QueryParameters
    ) throws(StatusError) -> APIResponse {
        guard request.method == .get || request.method == .head else {
            throw StatusError.methodNotAllowed
        }
        let document = DiscoveryDocuments(registry: registry)
        switch target {
        case .health(_, let check):
            return health(check, isVerbose: query.first("verbose") != nil)
        case .openIDConfiguration:
            return APIResponse(
                code: 200, headers: [.init("Cache-Control", "public, max-age=3600")],
                body: openIDConfiguration.bytes)
        case .version:
            return APIResponse(code: 200, body: version.bytes)
        case .root:
            return APIResponse(
                code: 200, body: JSON.object(["paths": .array(paths.map(JSON.string))]).bytes)
        case .openAPIv2:
            guard SwaggerProtobuf.mediaTypes.contains(where: request.accept.contains) else {
                return APIResponse(code: 200, body: openAPI.swagger())
            }
            return APIResponse(
                code: 200, contentType: SwaggerProtobuf.mediaType, body: openAPI.swaggerProtobuf())
        case .openAPIv3Index:
            return APIResponse(code: 200, body: openAPI.index())
        case .openAPIv3(let path):
            guard let bytes = openAPI.document(path) else { throw StatusError.unknownPath }
            return APIResponse(
                code: 200, headers: [.init("Cache-Control", "no-cache, private")], body: bytes)
        case .coreVersions, .groups:
            let format = try ResponseFormat(
                accept: request.accept, offer: .discovery, query: query)
            let isCore = if case .coreVersions = target { true } else { false }
            let json =
                format.shape == .aggregatedDiscovery
                ? document.aggregated(core: isCore)
                : isCore ? document.coreVersions : document.groupList
            return APIResponse(
                code: 200, contentType: format.contentType,
                headers: [.init("Vary", "Accept")], body: json.bytes)
        case .group(let name):
            guard let json = document.group(name) else { throw StatusError.unknownPath }
            return APIResponse(code: 200, body: json.bytes)
        case .resources(let group, let version):
            return APIResponse(
                code: 200, body: document.resources(group: group, version: version).bytes)
        default:
            return APIResponse(
                code: 404, contentType: "text/plain; charset=utf-8",
                body: Array("404 page not found\n".utf8))
        }
    }

    private var version: JSON {
        let version = configuration.version
        return [
            "major": .string(version.major), "minor": .string(version.minor),
            "gitVersion": .string(version.gitVersion), "gitCommit": .string(version.gitCommit),
            "gitTreeState": "clean", "buildDate": .string(version.buildDate),
            "goVersion": "none", "compiler": .string(version.compiler),
            "platform": .string(version.platform),
        ]
    }

    /// OpenID Connect Discovery 1.0 §3, as far as verifiers of tokens need it.
    private var openIDConfiguration: JSON {
        [
            "issuer": .string(configuration.tokenIssuer),
            "jwks_uri": .string(configuration.tokenIssuer + "/openid/v1/jwks"),
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        ]
    }

    private var paths: [String] {
        let document = DiscoveryDocuments(registry: registry)
        var paths = ["/.well-known/openid-configuration", "/api", "/api/v1", "/apis"]
        for (group, versions) in document.groups where !group.isEmpty {
            paths.append("/apis/\(group)")
            paths += versions.map { "/apis/\(group)/\($0)" }
        }
        return paths + [
            "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz",
            "/version",
        ]
    }

    /// A daemon that answers at all is alive; whether it is ready the daemon itself knows, and
    /// answers `/readyz` for us while it is not.
    private func health(_ check: String?, isVerbose: Bool) -> APIResponse {
        let checks = ["ping", "log", "store"]
        if let check, !checks.contains(check) {
            return APIResponse(
                code: 404, contentType: "text/plain; charset=utf-8",
                body: Array("404 page not found\n".utf8))
        }
        var text = "ok"
        if isVerbose, check == nil {
            text = checks.map { "[+]\($0) ok\n" }.joined() + "healthz check passed\n"
        }
        return APIResponse(
            code: 200, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}
