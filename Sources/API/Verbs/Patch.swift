import Base
import JSON
import Objects
import Store

/// A patch as it came, by its media type.
enum PatchBody: Sendable {
    case json(JSONPatch)
    case merge(JSON)
    case strategic(JSON)
    /// Server-side apply; the text is JSON or YAML that the shell has converted.
    case apply(RequestBody)

    private static let mediaTypes = [
        "application/json-patch+json", "application/merge-patch+json",
        "application/apply-patch+yaml", "application/strategic-merge-patch+json",
    ]

    static func isKnown(_ mediaType: String) -> Bool { mediaTypes.contains(mediaType) }

    static let unknownMediaType = StatusError(
        .unsupportedMediaType,
        "the body of the request was in an unknown format - accepted media types include: "
            + mediaTypes.joined(separator: ", "))

    init(
        _ request: APIRequest, query: QueryParameters, body: RequestBody
    ) throws(StatusError) {
        switch request.mediaType {
        case "application/json-patch+json":
            do {
                self = .json(try JSONPatch(body.value))
            } catch {
                throw StatusError(.badRequest, error.message)
            }
        case "application/merge-patch+json":
            self = .merge(body.value)
        case "application/strategic-merge-patch+json":
            self = .strategic(body.value)
        case "application/apply-patch+yaml":
            guard let manager = query.first("fieldManager"), !manager.isEmpty else {
                throw ReadOptions.invalid(
                    [FieldError(.required, "fieldManager", "is required for apply patch")],
                    kind: "PatchOptions")
            }
            self = .apply(body)
        default:
            throw Self.unknownMediaType
        }
        if case .apply = self { return }
        if query.bool("force") {
            throw ReadOptions.invalid(
                [FieldError(.forbidden, "force", "may not be specified for non-apply patch")],
                kind: "PatchOptions")
        }
    }
}

/// Patch: the document is changed as the client says and then takes the road of an update.
extension Evaluation {
    mutating func patch(
        _ target: ResourceTarget, _ patch: PatchBody
    ) throws(StatusError) -> Planned {
        if case .apply(let body) = patch { return try apply(target, body) }
        let current = try existing(target)
        if target.subresource?.name == "scale" {
            let scale = try scale(of: current.json, target)
                .withResourceVersion(current.modRevision)
            return try updateScale(target, try patched(scale, patch, schema: nil, target))
        }
        let schema = Schema.object(target.definition.schema)
        let changed = try patched(current.servedJSON, patch, schema: schema, target)
        let (document, warnings) = try decodePatched(changed, target)
        try checkName(of: document, target)
        return try replace(current, current.json, with: document, target, warnings: warnings)
    }

    /// A patched document that the schema refuses is the patch's fault: 422, as in Kubernetes.
    private func decodePatched(
        _ changed: JSON, _ target: ResourceTarget
    ) throws(StatusError) -> (document: JSON, warnings: [String]) {
        do {
            return try target.definition.decode(changed, options.validation)
        } catch {
            guard error.reason == .badRequest else { throw error }
            var refusal = error
            refusal.reason = .invalid
            refusal.name = target.name ?? ""
            refusal.group = target.resource.group
            refusal.kind = target.resource.kind
            refusal.causes = [
                StatusError.Cause(
                    reason: FieldError.Kind.invalid.rawValue, message: error.message,
                    field: "patch")
            ]
            throw refusal
        }
    }

    private func checkName(of document: JSON, _ target: ResourceTarget) throws(StatusError) {
        let name = document["metadata"]?["name"]?.string ?? ""
        guard name == target.name else {
            throw StatusError(
                .badRequest,
                "the name of the object (\(name)) does not match the name on the URL "
                    + "(\(target.name ?? ""))")
        }
    }

    private func patched(
        _ document: JSON, _ patch: PatchBody, schema: Schema?, _ target: ResourceTarget
    ) throws(StatusError) -> JSON {
        switch patch {
        case .json(let patch):
            do {
                return try patch.apply(to: document)
            } catch {
                throw StatusError(
                    .invalid,
                    "the server rejected our request due to an error in our request: "
                        + error.message)
            }
        case .merge(let changes):
            guard changes.object != nil else {
                throw StatusError(
                    .badRequest,
                    "error decoding patch: json: cannot unmarshal into Go value of type "
                        + "map[string]interface {}")
            }
            return document.merged(with: changes)
        case .strategic(let changes):
            do {
                return try document.strategicallyMerged(with: changes, schema: schema)
            } catch {
                throw StatusError(.badRequest, error.message)
            }
        case .apply(let body):
            return body.value
        }
    }
}
