import Base
import JSON
import Objects
import Store

/// Update of an object or of its status; patches end here too.
extension Evaluation {
    mutating func update(
        _ target: ResourceTarget, _ body: RequestBody
    ) throws(StatusError) -> Planned {
        let (document, warnings) = try target.definition.decode(
            body.value, duplicates: body.duplicates, options.validation)
        let name = document["metadata"]?["name"]?.string ?? ""
        if name.isEmpty {
            throw target.definition.invalid(
                document, [FieldError(.required, "metadata.name", "name must be provided")])
        }
        guard name == target.name else {
            throw StatusError(
                .badRequest,
                "the name of the object (\(name)) does not match the name on the URL "
                    + "(\(target.name ?? ""))")
        }
        guard let current = current(target) else {
            if target.definition.strategy.allowsCreateOnUpdate, target.subresource == nil {
                var fresh = document
                fresh[path: ["metadata", "resourceVersion"]] = nil
                return try create(target, fresh, warnings: warnings, code: 201)
            }
            throw StatusError.notFound(target.resource, name)
        }
        return try replace(current, current.json, with: document, target, warnings: warnings)
    }

    /// Writes `document` in place of the current one, after all that an update checks.
    ///
    /// - Parameter applied: whether server-side apply has brought the managed fields up to date.
    mutating func replace(
        _ current: Document, _ old: JSON, with document: JSON, _ target: ResourceTarget,
        warnings: [String], isApplied: Bool = false
    ) throws(StatusError) -> Planned {
        var document = document
        let definition = target.definition
        try placeInNamespace(&document, target)
        try checkVersion(of: document, current, target)
        try checkUID(of: document, old, target)
        keepSystemMetadata(&document, old)
        definition.applyDefaults(&document)
        try restrictNode(document, replacing: old, target)
        var writes = Writes()
        if target.subresource?.name == "finalize" {
            document = finalized(document, old)
        } else {
            definition.prepareForUpdate(&document, from: old, subresource: target.subresource?.name)
            try admitUpdate(&document, from: old, target, &writes)
        }
        document = definition.canonical(document)
        let errors = definition.validateUpdate(
            document, from: old, subresource: target.subresource?.name,
            zones: configuration.zones)
        guard errors.isEmpty else { throw definition.invalid(document, errors) }
        try checkAdmission(document, replacing: old, target, &writes)
        if !isApplied, definition.tracksManagers {
            document = ownership(target).update(old: old, new: document)
        }
        document = definition.stored(document)

        if options.isDryRun {
            return .answer(
                pending(document, definition, warnings: warnings), current.modRevision)
        }
        if isReadyToGo(document, definition) {
            // The last finalizer is gone from an object that waits for deletion.
            let response = pending(document, definition, warnings: warnings)
            return .commit(removal(of: current, old, target, response))
        }
        guard document != old else {
            return .answer(pending(old, definition, warnings: warnings), current.modRevision)
        }
        writes.preconditions.append(.unchanged(target.key, since: current.modRevision))
        let text = try text(of: document, definition)
        writes.operations.append(.put(target.key, text))
        return .commit(
            writes.commit(pending(document, definition, warnings: warnings, text: text)))
    }

    private func checkVersion(
        of document: JSON, _ current: Document, _ target: ResourceTarget
    ) throws(StatusError) {
        let text = document["metadata"]?["resourceVersion"]?.string ?? ""
        guard !text.isEmpty, text != "0" else { return }
        guard let number = UInt64(text) else {
            throw target.definition.invalid(
                document,
                [
                    FieldError(
                        .invalid, "metadata.resourceVersion", value: .string(text),
                        "must be a resource version that the server sent")
                ])
        }
        guard Revision(number) == current.modRevision else {
            throw StatusError.conflict(target.resource, target.name ?? "")
        }
    }

    private func checkUID(
        of document: JSON, _ old: JSON, _ target: ResourceTarget
    ) throws(StatusError) {
        let uid = document["metadata"]?["uid"]?.string ?? ""
        let present = old["metadata"]?["uid"]?.string ?? ""
        guard uid.isEmpty || uid == present else {
            throw StatusError.conflict(
                target.resource, target.name ?? "",
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(present)")
        }
    }

    /// What the server wrote stays as it is, whatever the client sends.
    private func keepSystemMetadata(_ document: inout JSON, _ old: JSON) {
        var metadata = document["metadata"] ?? [:]
        let present = old["metadata"] ?? [:]
        for name in [
            "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
            "generation", "generateName",
        ] { metadata[name] = present[name] }
        metadata["resourceVersion"] = nil
        metadata["selfLink"] = nil
        document["metadata"] = metadata
    }

    /// `namespaces/finalize` changes `spec.finalizers` and nothing else.
    private func finalized(_ document: JSON, _ old: JSON) -> JSON {
        var result = old
        result[path: ["spec", "finalizers"]] = document["spec"]?["finalizers"]
        return result
    }

    /// The bookkeeping of who set which field.
    func ownership(_ target: ResourceTarget) -> ServerSideApply {
        let subresource = target.subresource?.name ?? ""
        let ignored =
            subresource == "status"
            ? Self.allButStatus
            : target.definition.hasStatusSubresource ? Self.allButSpec : Self.everything
        return ServerSideApply(
            schema: Schema.object(target.definition.schema), manager: options.manager,
            apiVersion: target.resource.apiVersion, subresource: subresource, time: now,
            allIgnored: ignored)
    }

    // What writes through an endpoint do not own: a status is written apart.
    private static let everything = ServerSideApply.unowned(and: FieldSet())
    private static let allButSpec = ServerSideApply.unowned(and: FieldSet(fields: [["status"]]))
    private static let allButStatus = ServerSideApply.unowned(and: FieldSet(fields: [["spec"]]))
}
