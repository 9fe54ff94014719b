import Base
package import JSON
package import Objects
package import Store

/// An answer that waits for the revision of its transaction.
package struct PendingResponse: Sendable {
    enum Body: Sendable {
        /// A document as it is stored, without `resourceVersion`.
        case document(JSON, ResourceDefinition)
        /// A document as a dry run leaves it: it has no version, because it was never stored.
        case unversioned(JSON, ResourceDefinition)
        /// A document that has no version of its own, such as a Status.
        case plain(JSON)
        /// A document whose `metadata.resourceVersion` is the revision, such as a Scale.
        case derived(JSON)
    }

    var code: Int
    var body: Body
    var format: ResponseFormat
    var warnings: [String]
    /// What the ``ObjectWrite`` gets where a client gets something else: a deletion's Status.
    var written: JSON?
    var wall: WallTime
    /// The text of a document that the transaction stores. To add its version is cheaper than to
    /// write the document again.
    var text: [UInt8]?

    /// The answer, once the transaction is committed in that revision.
    package func finish(at revision: Revision) -> APIResponse {
        APIResponse(
            code: code, contentType: format.contentType,
            headers: APIResponse.warningHeaders(warnings),
            body: stored(in: revision) ?? written(at: revision))
    }

    private func stored(in revision: Revision) -> [UInt8]? {
        guard let text, format.shape == .document, case .document(_, let definition) = body
        else { return nil }
        return DocumentRenderer(definition).text(text, version: revision)
    }

    private func written(at revision: Revision) -> [UInt8] {
        let json: JSON
        switch body {
        case .plain(let document):
            json = document
        case .unversioned(let document, let definition):
            json = format.rendered(document, definition, now: wall)
        case .derived(let document):
            json = format.rendered(
                document.withResourceVersion(revision), .scales, now: wall)
        case .document(let document, let definition):
            json = format.rendered(
                document.withResourceVersion(revision), definition, now: wall)
        }
        return json.bytes
    }

    /// What was stored as that text, which spares reading it; nil when it is not known.
    package func value(of stored: [UInt8]) -> JSON? {
        guard let text, text == stored, case .document(let document, _) = body else { return nil }
        return document
    }

    /// The result for a controller, once the transaction is committed in that revision.
    package func result(at revision: Revision) -> WriteResult {
        if let written { return .success(written.withResourceVersion(revision)) }
        switch body {
        case .plain(let document), .unversioned(let document, _): return .success(document)
        case .derived(let document), .document(let document, _):
            return .success(document.withResourceVersion(revision))
        }
    }
}

extension JSON {
    func withResourceVersion(_ revision: Revision) -> JSON {
        var document = self
        document[path: ["metadata", "resourceVersion"]] = .string(revision.description)
        return document
    }
}

extension APIResponse {
    /// RFC 7234 §5.5, as Kubernetes sends them: code 299 and no agent.
    static func warningHeaders(_ warnings: [String]) -> [Header] {
        warnings.map { text in
            var quoted = ""
            for character in text.unicodeScalars {
                switch character {
                case "\"", "\\": quoted += "\\" + String(character)
                case "\0"..<" ", "\u{7F}": quoted += " "
                default: quoted.unicodeScalars.append(character)
                }
            }
            return Header("Warning", "299 - \"\(quoted)\"")
        }
    }

    /// The refusal as a client sees it.
    package static func status(_ error: StatusError) -> APIResponse {
        var headers: [Header] = []
        if let seconds = error.retryAfterSeconds {
            headers.append(Header("Retry-After", String(seconds)))
        }
        return APIResponse(code: error.code, headers: headers, body: error.json.bytes)
    }
}
