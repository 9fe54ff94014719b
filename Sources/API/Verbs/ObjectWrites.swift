import JSON
import Objects
import Store

/// The writes of podmesh's own parts, by the same verbs that serve clients.
extension Evaluation {
    mutating func plan(_ write: ObjectWrite) throws(StatusError) -> Planned {
        switch write {
        case .create(let resource, let document):
            let target = try target(resource, of: document, subresource: nil, isNamed: false)
            return try create(target, RequestBody(value: document))
        case .update(let resource, let document, let subresource):
            let target = try target(
                resource, of: document, subresource: subresource, isNamed: true)
            if subresource == "scale" { return try updateScale(target, document) }
            return try update(target, RequestBody(value: document))
        case .patch(let key, let patch, let subresource):
            return try self.patch(target(key, subresource: subresource), .strategic(patch))
        case .delete(let key, let uid, let grace, let propagation):
            return try delete(
                target(key, subresource: nil),
                DeleteOptions(uid: uid, gracePeriodSeconds: grace, propagation: propagation))
        case .bind(let key, let uid, let node):
            var metadata: JSON = ["name": .string(key.name)]
            if !uid.isEmpty { metadata["uid"] = .string(uid) }
            return try bind(
                target(key, subresource: nil),
                ["metadata": metadata, "target": ["kind": "Node", "name": .string(node)]])
        }
    }

    private func target(
        _ resource: Resource, of document: JSON, subresource: String?, isNamed: Bool
    ) throws(StatusError) -> ResourceTarget {
        let metadata = ObjectMeta(document["metadata"] ?? [:])
        let key = ObjectKey(resource, namespace: metadata.namespace, name: metadata.name)
        var target = try target(key, subresource: subresource)
        if !isNamed { target.name = nil }
        return target
    }

    private func target(
        _ key: ObjectKey, subresource: String?
    ) throws(StatusError) -> ResourceTarget {
        guard let definition = registry[key.resource] else { throw StatusError.unknownPath }
        var target = ResourceTarget(
            definition: definition,
            namespace: definition.resource.isNamespaced ? key.namespace : "", name: key.name)
        if let subresource {
            guard let known = definition.subresource(subresource) else {
                throw StatusError.unknownPath
            }
            target.subresource = known
        }
        return target
    }
}
