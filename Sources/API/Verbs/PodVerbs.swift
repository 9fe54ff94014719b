import Base
import JSON
import Objects
import Store

/// The subresources `binding` and `eviction` of Pods.
extension Evaluation {
    /// A Binding that is posted to `bindings` names its Pod itself.
    mutating func bind(in namespace: String, _ body: JSON) throws(StatusError) -> Planned {
        guard let definition = registry[.pods] else { throw StatusError.unknownPath }
        let name = body["metadata"]?.text("name") ?? ""
        guard !name.isEmpty else {
            throw StatusError.invalid(
                .bindings, name: "", [FieldError(.required, "metadata.name", "name is required")])
        }
        return try bind(
            ResourceTarget(definition: definition, namespace: namespace, name: name), body)
    }

    mutating func bind(_ target: ResourceTarget, _ body: JSON) throws(StatusError) -> Planned {
        guard target.resource == .pods else { throw StatusError.methodNotAllowed }
        let name = target.name ?? ""
        let node = body["target"]?["name"]?.string ?? ""
        let kind = body["target"]?["kind"]?.string ?? ""
        let given = body["metadata"]?["name"]?.string ?? ""
        guard given.isEmpty || given == name else {
            throw StatusError(
                .badRequest,
                "the name of the object (\(given)) does not match the name on the URL (\(name))")
        }
        var faults: [FieldError] = []
        if !kind.isEmpty, kind != "Node" {
            faults.append(
                FieldError(
                    .notSupported, "target.kind", value: .string(kind),
                    "supported values: \"Node\", \"<empty>\""))
        }
        if node.isEmpty { faults.append(FieldError(.required, "target.name")) }
        guard faults.isEmpty else {
            throw StatusError.invalid(.bindings, name: name, faults)
        }
        let uid = body["metadata"]?["uid"]?.string
        let (current, document) = try bound(target, to: node, uid: uid, body)
        var response = pending(
            plain: ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success"],
            code: 201)
        response.written = document
        if options.isDryRun { return .answer(response, current.modRevision) }
        return .commit(
            Commit(
                preconditions: [.unchanged(target.key, since: current.modRevision)],
                operations: [.put(target.key, document.bytes)], response: response))
    }

    private func bound(
        _ target: ResourceTarget, to node: String, uid: String?, _ body: JSON
    ) throws(StatusError) -> (Document, JSON) {
        let name = target.name ?? ""
        func conflict(_ why: String) -> StatusError {
            var error = StatusError.conflict(target.resource, name, why)
            error.message =
                "Operation cannot be fulfilled on pods/binding \"\(name)\": \(why)"
            error.kind = "pods/binding"
            return error
        }
        let current = try existing(target)
        let old = current.json
        let pod = Pod(old)
        if let uid, !uid.isEmpty, uid != pod.uid {
            throw conflict(
                "Precondition failed: UID in precondition: \(uid), UID in object meta: "
                    + pod.uid)
        }
        if pod.isBeingDeleted {
            throw conflict("pod \(name) is being deleted, cannot be assigned to a host")
        }
        if let present = pod.nodeName {
            throw conflict("pod \(name) is already assigned to node \"\(present)\"")
        }
        var document = old
        document[path: ["spec", "nodeName"]] = .string(node)
        if let annotations = body["metadata"]?["annotations"]?.object {
            for (key, value) in annotations {
                document[path: ["metadata", "annotations", key]] = value
            }
        }
        let condition: JSON = [
            "type": "PodScheduled", "status": "True", "lastProbeTime": nil,
            "lastTransitionTime": .string(now),
        ]
        document.setCondition(condition)
        if target.definition.tracksManagers {
            document = ownership(target).update(old: old, new: document)
        }
        return (current, target.definition.stored(document))
    }

    /// Eviction is a deletion with a reason, if the Pod's disruption budget has room for it.
    mutating func evict(_ target: ResourceTarget, _ body: JSON) throws(StatusError) -> Planned {
        guard target.resource == .pods else { throw StatusError.methodNotAllowed }
        let given = body["metadata"]?["name"]?.string ?? ""
        guard given.isEmpty || given == target.name else {
            throw StatusError(
                .badRequest,
                "name in URL does not match name in Eviction object")
        }
        if isRestrictedToNode {
            try restrictNode(nil, replacing: existing(target).json, target)
        }
        let query = try QueryParameters("")
        let deletion = try DeleteOptions(query, body: body["deleteOptions"] ?? [:])
        var plain = target
        plain.subresource = nil
        options.isDryRun = options.isDryRun || deletion.isDryRun
        var deleteOptions = deletion
        deleteOptions.isDryRun = options.isDryRun
        var writes = Writes()
        try chargeBudget(for: existing(target).json, &writes)
        let planned = try delete(plain, deleteOptions)
        let response = pending(
            plain: ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success"],
            code: 201)
        switch planned {
        case .answer(_, let revision): return .answer(response, revision)
        case .commit(var commit):
            commit.response = response
            commit.operations = tellEviction(commit.operations, of: plain.key) + writes.operations
            commit.preconditions += writes.preconditions
            return .commit(commit)
        }
    }
}

extension JSON {
    /// Sets the condition of that type in `status.conditions`, in its place or at the end.
    mutating func setCondition(_ condition: JSON) {
        var conditions = self["status"]?["conditions"]?.array ?? []
        if let index = conditions.firstIndex(where: { $0["type"] == condition["type"] }) {
            conditions[index] = condition
        } else {
            conditions.append(condition)
        }
        self[path: ["status", "conditions"]] = .array(conditions)
    }
}
