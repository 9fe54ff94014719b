package import Base
package import JSON
package import Objects

/// What to do with fields that the schema does not know or that occur twice (the query
/// parameter `fieldValidation`).
package enum FieldValidation: String, Sendable {
    case strict = "Strict"
    case warn = "Warn"
    case ignore = "Ignore"
}

/// The steps of a write, in the order in which a verb takes them: ``decode(_:duplicates:_:)``,
/// ``applyDefaults(_:)``, ``prepareForCreate(_:)`` or ``prepareForUpdate(_:from:subresource:)``,
/// then ``validateCreate(_:)`` or ``validateUpdate(_:from:subresource:)``.
extension ResourceDefinition {
    /// Reads a client's document: the result has only declared fields of the declared types, with
    /// `apiVersion` and `kind` set and in front. Throws 400 for a wrong type, and for an unknown or
    /// duplicate field under strict validation.
    ///
    /// - Parameter duplicates: fields that occur twice, as the parser reports them.
    package func decode(
        _ document: JSON, duplicates: [String] = [], _ validation: FieldValidation
    ) throws(StatusError) -> (document: JSON, warnings: [String]) {
        try checkTypeMeta(document)
        let report = schema.check(document)
        if let typeError = report.typeError { throw cannotBeHandled(typeError) }
        var warnings: [String] = []
        if validation != .ignore {
            warnings = report.unknownFields.map { "unknown field \"\($0)\"" }
            warnings += duplicates.map { "duplicate field \"\($0)\"" }
        }
        if validation == .strict, !warnings.isEmpty {
            throw cannotBeHandled(
                "strict decoding error: " + warnings.joined(separator: ", "))
        }
        var document = document
        if report.needsPruning { schema.prune(&document) }
        return (canonical(document), warnings)
    }

    /// The document with `apiVersion`, `kind` and `metadata` in front, as the Store keeps it.
    package func canonical(_ document: JSON) -> JSON {
        var members = JSONObject.Builder()
        _ = members.append("apiVersion", .string(resource.apiVersion))
        _ = members.append("kind", .string(resource.kind))
        _ = members.append("metadata", document["metadata"] ?? [:])
        if let object = document.object {
            for (name, value) in object
            where name != "apiVersion" && name != "kind" && name != "metadata" {
                _ = members.append(name, value)
            }
        }
        return .object(members.object)
    }

    private func checkTypeMeta(_ document: JSON) throws(StatusError) {
        guard let object = document.object else {
            throw cannotBeHandled(
                schema.check(document).typeError ?? "the document is no object")
        }
        if let version = object["apiVersion"]?.string, !version.isEmpty,
            version != resource.apiVersion
        {
            throw StatusError(
                .badRequest,
                "the API version in the data (\(version)) does not match the expected API version "
                    + "(\(resource.apiVersion))")
        }
        if let kind = object["kind"]?.string, !kind.isEmpty, kind != resource.kind {
            throw StatusError(
                .badRequest,
                "\(kind) in version \"\(resource.version)\" cannot be handled as a "
                    + "\(resource.kind): converting (\(kind)) to (\(resource.kind)): unknown "
                    + "conversion")
        }
    }

    private func cannotBeHandled(_ why: String) -> StatusError {
        StatusError(
            .badRequest,
            "\(resource.kind) in version \"\(resource.version)\" cannot be handled as a "
                + "\(resource.kind): \(why)")
    }

    /// Fills in what the client left out. Applying it twice changes nothing.
    package func applyDefaults(_ document: inout JSON) {
        schema.applyDefaults(&document)
        strategy.defaults(&document)
    }

    /// Makes a new document as the server wants it: first generation, status reset where it is
    /// the server's to write.
    package func prepareForCreate(_ document: inout JSON) {
        if strategy.hasGeneration { document[path: ["metadata", "generation"]] = 1 }
        strategy.prepareForCreate(&document)
    }

    /// Keeps from the old document what the request may not change, and counts the generation.
    /// A write to the resource keeps the status; a write to `status` keeps all but the status.
    package func prepareForUpdate(
        _ document: inout JSON, from old: JSON, subresource: String? = nil
    ) {
        for name in Self.serverFields where document["metadata"]?[name] == nil {
            guard let value = old["metadata"]?[name] else { continue }
            document[path: ["metadata", name]] = value
        }
        if subresource == "status" {
            var kept = old
            kept["status"] = document["status"]
            kept["metadata"] = document["metadata"]
            for name in ["labels", "ownerReferences", "generation"] {
                kept[path: ["metadata", name]] = old["metadata"]?[name]
            }
            document = canonical(kept)
        } else if hasStatusSubresource, !strategy.statusWriters.contains(subresource ?? "") {
            document["status"] = old["status"]
        }
        strategy.prepareForUpdate(&document, old, subresource)
        guard strategy.hasGeneration else { return }
        let generation = old["metadata"]?["generation"]?.integer ?? 1
        let isChanged = subresource != "status" && strategy.isGenerationBumped(document, old)
        document[path: ["metadata", "generation"]] = .integer(
            isChanged ? generation &+ 1 : generation)
    }

    /// Metadata that the server sets; an update that leaves it out means what is there.
    private static let serverFields = [
        "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ]

    /// Judges a new document; empty when it is good.
    package func validateCreate(
        _ document: JSON, zones: TimeZones = .utc
    ) -> [FieldError] {
        var validation = Validation(zones: zones)
        validateMetadata(document["metadata"] ?? [:], &validation)
        schema.validateFields(of: document, &validation)
        strategy.validate(document, &validation)
        return validation.errors
    }

    /// Judges a changed document against the one it replaces.
    package func validateUpdate(
        _ document: JSON, from old: JSON, subresource: String? = nil, zones: TimeZones = .utc
    ) -> [FieldError] {
        var validation = Validation(zones: zones)
        validateMetadata(document["metadata"] ?? [:], &validation)
        validateMetadataUpdate(document["metadata"] ?? [:], old["metadata"] ?? [:], &validation)
        if subresource != "status" {
            schema.validateFields(of: document, &validation)
            strategy.validate(document, &validation)
        }
        strategy.validateUpdate(document, old, subresource, &validation)
        return validation.errors
    }

    /// The 422 answer for the faults found.
    package func invalid(_ document: JSON, _ errors: [FieldError]) -> StatusError {
        let name = document["metadata"]?["name"]?.string ?? ""
        let generateName = document["metadata"]?["generateName"]?.string ?? ""
        return .invalid(resource, name: name.isEmpty ? generateName : name, errors)
    }

    /// What a document holds in a field that selectors may name; nil when they may not.
    package func selectableValue(_ name: String, of document: JSON) -> String? {
        switch name {
        case "metadata.name": return document["metadata"]?["name"]?.string ?? ""
        case "metadata.namespace" where resource.isNamespaced:
            return document["metadata"]?["namespace"]?.string ?? ""
        default: return selectableFields.first { $0.name == name }?.value(document)
        }
    }

    /// One row's cells, in the order of ``columns``.
    package func cells(_ document: JSON, now: WallTime) -> [JSON] {
        strategy.cells(document, now)
    }
}
