import JSON
import Objects

/// A parsed request body with the names that occur twice in it.
struct RequestBody: Sendable {
    var value: JSON
    var duplicates: [String] = []
}

extension APICore {
    /// The document in a request's body. The shell has made JSON of YAML by now.
    func body(of request: APIRequest) throws(StatusError) -> RequestBody {
        switch request.mediaType {
        case "", "application/json", "application/yaml", "*/*": break
        case ProtobufEnvelope.mediaType:
            return RequestBody(
                value: try ProtobufEnvelope.document(in: request.body, registry))
        default:
            throw StatusError(
                .unsupportedMediaType,
                "the body of the request was in an unknown format - accepted media types "
                    + "include: application/json, application/yaml, "
                    + ProtobufEnvelope.mediaType)
        }
        return try parse(request.body)
    }

    /// The patch in a request's body; ``PatchBody`` judges its media type.
    func patchBody(of request: APIRequest) throws(StatusError) -> RequestBody {
        guard PatchBody.isKnown(request.mediaType) else { throw PatchBody.unknownMediaType }
        return try parse(request.body)
    }

    private func parse(_ bytes: [UInt8]) throws(StatusError) -> RequestBody {
        do {
            let limits = JSONLimits(bytesMax: configuration.limits.bodyBytesMax)
            let parsed = try JSON.parseReportingDuplicates(bytes, limits: limits)
            return RequestBody(value: parsed.value, duplicates: parsed.duplicates)
        } catch {
            throw StatusError(
                .badRequest,
                "couldn't get version/kind; json parse error: \(error.message)")
        }
    }
}

extension APIRequest {
    /// The content type without its parameters.
    var mediaType: String {
        (contentType.split(separator: ";").first ?? "").trimmedSpaces.lowercased()
    }
}
