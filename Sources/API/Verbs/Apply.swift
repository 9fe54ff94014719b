import Base
import JSON
import Objects
import Store

/// Server-side apply.
extension Evaluation {
    mutating func apply(
        _ target: ResourceTarget, _ body: RequestBody
    ) throws(StatusError) -> Planned {
        if target.subresource?.name == "scale" { return try applyScale(target, body.value) }
        var (applied, warnings) = try target.definition.decode(
            body.value, duplicates: body.duplicates, options.validation)
        try checkTypes(of: body.value, target)
        guard applied["metadata"]?["managedFields"] == nil else {
            throw StatusError(.badRequest, "metadata.managedFields must be nil")
        }
        let name = applied["metadata"]?["name"]?.string ?? ""
        guard name.isEmpty || name == target.name else {
            throw StatusError(
                .badRequest,
                "the name of the object (\(name)) does not match the name on the URL "
                    + "(\(target.name ?? ""))")
        }
        applied[path: ["metadata", "name"]] = .string(target.name ?? "")
        try placeInNamespace(&applied, target)

        guard let current = current(target) else {
            return try create(applying: applied, target, warnings)
        }
        let old = current.json
        if let version = applied["metadata"]?["resourceVersion"]?.string, !version.isEmpty,
            version != current.modRevision.description
        {
            throw StatusError.conflict(target.resource, target.name ?? "")
        }
        let uid = applied["metadata"]?["uid"]?.string ?? ""
        applied[path: ["metadata", "resourceVersion"]] = nil
        var merged = try merged(applied, into: old, target)
        if !uid.isEmpty { merged[path: ["metadata", "uid"]] = .string(uid) }
        return try replace(
            current, old, with: merged, target, warnings: warnings, isApplied: true)
    }

    private mutating func create(
        applying applied: JSON, _ target: ResourceTarget, _ warnings: [String]
    ) throws(StatusError) -> Planned {
        guard target.subresource == nil else {
            throw StatusError.notFound(target.resource, target.name ?? "")
        }
        let uid = applied["metadata"]?["uid"]?.string ?? ""
        guard uid.isEmpty else {
            throw StatusError.conflict(
                target.resource, target.name ?? "",
                "uid mismatch: the provided object specified uid \(uid), and no existing object "
                    + "was found")
        }
        let fresh = try merged(applied, into: nil, target)
        return try create(target, fresh, warnings: warnings, code: 201, isApplied: true)
    }

    private func checkTypes(of applied: JSON, _ target: ResourceTarget) throws(StatusError) {
        for name in ["apiVersion", "kind"] where (applied[name]?.string ?? "").isEmpty {
            throw StatusError(
                .badRequest, "invalid object type: \(name) must be set in an applied "
                    + "configuration")
        }
    }

    private func merged(
        _ applied: JSON, into live: JSON?, _ target: ResourceTarget
    ) throws(StatusError) -> JSON {
        do throws(ServerSideApply.Failure) {
            return try ownership(target).apply(applied, to: live, force: options.force)
        } catch {
            switch error {
            case .conflicts(let conflicts):
                throw Self.refusal(of: conflicts)
            case .invalid(let fault):
                throw StatusError(
                    .internalError,
                    "failed to create typed patch object (\(target.namespace)/"
                        + "\(target.name ?? ""); \(target.resource.apiVersion), "
                        + "Kind=\(target.resource.kind)): \(fault.message)")
            }
        }
    }

    /// `kubectl apply --server-side` prints this and names the managers.
    static func refusal(of conflicts: [ServerSideApply.Conflict]) -> StatusError {
        func owner(_ manager: ManagedFields.Manager) -> String {
            var text = quotedText(manager.name)
            if !manager.subresource.isEmpty {
                text += " with subresource " + quotedText(manager.subresource)
            }
            if manager.operation == .update { text += " using \(manager.apiVersion)" }
            return text
        }
        var text = "Apply failed with 1 conflict: "
        if conflicts.count == 1, let only = conflicts.first {
            text += "conflict with \(owner(only.manager)): \(only.path.fieldPath)"
        } else {
            text = "Apply failed with \(conflicts.count) conflicts: "
            var lines: [String] = []
            var last = ""
            // They come sorted by manager.
            for conflict in conflicts {
                let name = owner(conflict.manager)
                if name != last { lines.append("conflicts with \(name):") }
                last = name
                lines.append("- \(conflict.path.fieldPath)")
            }
            text += lines.joined(separator: "\n")
        }
        return StatusError(
            .conflict, text,
            causes: conflicts.map {
                StatusError.Cause(
                    reason: "FieldManagerConflict",
                    message: "conflict with \(owner($0.manager))", field: $0.path.fieldPath)
            })
    }
}
