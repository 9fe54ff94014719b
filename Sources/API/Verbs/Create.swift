import Base
import JSON
import Objects
import Store

/// Create: from a body, or from a configuration that server-side apply finds no object for.
extension Evaluation {
    mutating func create(
        _ target: ResourceTarget, _ body: RequestBody
    ) throws(StatusError) -> Planned {
        let (document, warnings) = try target.definition.decode(
            body.value, duplicates: body.duplicates, options.validation)
        return try create(target, document, warnings: warnings, code: 201)
    }

    /// - Parameter applied: whether `document` carries its managed fields already.
    mutating func create(
        _ target: ResourceTarget, _ document: JSON, warnings: [String], code: Int,
        isApplied: Bool = false
    ) throws(StatusError) -> Planned {
        var document = document
        try placeInNamespace(&document, target)
        guard (document["metadata"]?["resourceVersion"]?.string ?? "").isEmpty else {
            throw StatusError(
                .badRequest, "resourceVersion should not be set on objects to be created")
        }
        setSystemMetadata(&document)
        var target = target
        try draw(nameFor: &document, target)
        target.name = document["metadata"]?["name"]?.string

        var writes = Writes()
        target.definition.applyDefaults(&document)
        target.definition.prepareForCreate(&document)
        document = target.definition.canonical(document)
        try checkNamespace(for: target, &writes)
        if let existing = snapshot[target.key] { throw alreadyExists(existing, target) }
        // What admission adds belongs to nobody, so that a later apply does not remove it.
        if !isApplied, target.definition.tracksManagers {
            document = ownership(target).update(old: nil, new: document)
        }
        try restrictNode(document, replacing: nil, target)
        try admitCreate(&document, target, &writes)
        let errors = target.definition.validateCreate(document, zones: configuration.zones)
        guard errors.isEmpty else { throw target.definition.invalid(document, errors) }
        try checkAdmission(document, replacing: nil, target, &writes)
        document = target.definition.stored(document)
        if options.isDryRun {
            var response = pending(document, target.definition, code: code, warnings: warnings)
            response.body = .unversioned(document, target.definition)
            return .answer(response, snapshot.revision)
        }
        writes.preconditions.append(.absent(target.key))
        let text = try text(of: document, target.definition)
        writes.operations.append(.put(target.key, text))
        return .commit(
            writes.commit(
                pending(
                    document, target.definition, code: code, warnings: warnings, text: text)))
    }

    /// The document's text, or 413 when it is longer than the Store takes.
    func text(
        of document: JSON, _ definition: ResourceDefinition
    ) throws(StatusError) -> [UInt8] {
        let bytes = definition.storedBytes(document)
        let limit = configuration.limits.documentBytesMax
        guard bytes.count <= limit else {
            throw StatusError(
                .requestEntityTooLarge,
                "Request entity too large: the object would have \(bytes.count) bytes, the limit "
                    + "is \(limit)")
        }
        return bytes
    }

    private func alreadyExists(_ existing: Document, _ target: ResourceTarget) -> StatusError {
        var error = StatusError.alreadyExists(target.resource, target.name ?? "")
        if existing.json["metadata"]?["deletionTimestamp"]?.string != nil {
            error.message = "object is being deleted: " + error.message
        }
        return error
    }

    /// The namespace of the path goes into the document; another one in it is refused.
    func placeInNamespace(
        _ document: inout JSON, _ target: ResourceTarget
    ) throws(StatusError) {
        let own = document["metadata"]?["namespace"]?.string ?? ""
        guard target.resource.isNamespaced else {
            // Clients send a namespace for cluster-scoped objects too; Kubernetes drops it.
            document[path: ["metadata", "namespace"]] = nil
            return
        }
        guard own.isEmpty || own == target.namespace else {
            throw StatusError(
                .badRequest,
                "the namespace of the provided object does not match the namespace sent on the "
                    + "request")
        }
        document[path: ["metadata", "namespace"]] = .string(target.namespace)
    }

    private mutating func setSystemMetadata(_ document: inout JSON) {
        var metadata = document["metadata"] ?? [:]
        for name in [
            "resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds",
            "generation",
        ] { metadata[name] = nil }
        metadata["uid"] = .string(uuid())
        metadata["creationTimestamp"] = .string(now)
        document["metadata"] = metadata
    }

    /// Completes `generateName`; a name that is taken is drawn again, as Kubernetes does.
    private mutating func draw(
        nameFor document: inout JSON, _ target: ResourceTarget
    ) throws(StatusError) {
        guard (document["metadata"]?["name"]?.string ?? "").isEmpty,
            let prefix = document["metadata"]?["generateName"]?.string, !prefix.isEmpty
        else { return }
        // A generated name is at most 63 characters, so that it is a label's value too.
        let base = String(prefix.prefix(58))
        var name = ""
        for _ in 0..<max(1, configuration.limits.generatedNameTriesMax) {
            name = base + nameSuffix()
            var probe = target
            probe.name = name
            if snapshot[probe.key] == nil { break }
        }
        document[path: ["metadata", "name"]] = .string(name)
    }
}

/// The writes that a verb gathers.
struct Writes: Sendable {
    var preconditions: [Precondition] = []
    var operations: [Operation] = []

    func commit(_ response: PendingResponse) -> Commit {
        Commit(preconditions: preconditions, operations: operations, response: response)
    }
}

extension ResourceDefinition {
    /// Events and Leases change often and by one writer; their owners are not worth the bytes.
    var tracksManagers: Bool { resource != .leases && resource != .events }

    /// The document as the Store keeps it: without a version, names and labels early and managed
    /// fields last in the metadata, so that a look at labels is short.
    func stored(_ document: JSON) -> JSON {
        var document = canonical(document)
        guard let metadata = document["metadata"]?.object else { return document }
        let first = [
            "name", "generateName", "namespace", "uid", "generation", "creationTimestamp",
            "deletionTimestamp", "deletionGracePeriodSeconds", "labels",
        ]
        var ordered = JSONObject()
        for name in first {
            if let value = metadata[name] { ordered[name] = value }
        }
        for (name, value) in metadata
        where name != "managedFields" && name != "resourceVersion" && name != "selfLink"
            && !first.contains(name)
        {
            ordered[name] = value
        }
        if let managed = metadata["managedFields"] { ordered["managedFields"] = managed }
        document["metadata"] = .object(ordered)
        return document
    }
}
