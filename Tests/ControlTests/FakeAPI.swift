import Base
import Control
import JSON
import Objects

/// What strategic merge must know of the objects in these tests.
struct ObjectSchema: MergeSchema {
    var path: [String] = []

    func member(_ name: String) -> (any MergeSchema)? { ObjectSchema(path: path + [name]) }
    var element: (any MergeSchema)? { ObjectSchema(path: path + ["*"]) }
    var patchStrategy: PatchStrategy {
        patchMergeKey != nil || path == ["metadata", "finalizers"] ? .merge : .replace
    }
    var patchMergeKey: String? {
        switch path {
        case ["metadata", "ownerReferences"]: "uid"
        case ["status", "conditions"]: "type"
        default: nil
        }
    }
}

/// The API server of the tests: objects in a dictionary, with uids, revisions and the rules of
/// the verbs that controllers rely on.
struct FakeAPI {
    private(set) var objects: [ObjectKey: JSON] = [:]
    private(set) var revision: UInt64 = 0
    private var names = 0
    var wall = WallTime(seconds: 1_700_000_000)
    /// Changes since they were last taken, in the order of revisions.
    private(set) var changes: [(ObjectKey, JSON?)] = []
    /// What no client may ever do.
    private(set) var violations: [String] = []
    var createdPods = 0
    /// As a quota: a Pod beyond so many is refused.
    var podsMax = Int.max

    mutating func takeChanges() -> [(ObjectKey, JSON?)] {
        defer { changes = [] }
        return changes
    }

    mutating func perform(_ write: ObjectWrite) -> WriteResult {
        do throws(StatusError) {
            switch write {
            case .create(let resource, let document):
                return .success(try create(resource, document))
            case .update(let resource, let document, let subresource):
                return .success(try update(resource, document, subresource))
            case .patch(let key, let patch, let subresource):
                return .success(try self.patch(key, patch, subresource))
            case .delete(let key, let uid, let grace, let propagation):
                return .success(try delete(key, uid, grace, propagation))
            case .bind(let key, let uid, let node): return .success(try bind(key, uid, node))
            }
        } catch {
            return .failure(error)
        }
    }

    private func existing(_ key: ObjectKey) throws(StatusError) -> JSON {
        guard let document = objects[key] else { throw .notFound(key.resource, key.name) }
        return document
    }

    private mutating func store(_ key: ObjectKey, _ document: JSON, old: JSON?) -> JSON {
        var document = document
        let version = ["metadata", "resourceVersion"]
        document[path: version] = old?[path: version]
        // A write that changes nothing makes no revision.
        if let old, old == document { return old }
        revision += 1
        if let old, old["spec"] != document["spec"] {
            let generation = old["metadata"]?["generation"]?.integer ?? 1
            document[path: ["metadata", "generation"]] = .integer(generation + 1)
        }
        document[path: ["metadata", "resourceVersion"]] = .string(String(revision))
        if isDone(key, document) {
            objects[key] = nil
            changes.append((key, nil))
        } else {
            objects[key] = document
            changes.append((key, document))
        }
        return document
    }

    /// An object that is being deleted goes when its last finalizer does, in the same revision.
    private func isDone(_ key: ObjectKey, _ document: JSON) -> Bool {
        key.resource != .pods && document["metadata"]?["deletionTimestamp"] != nil
            && document["metadata"]?["finalizers"].strings.isEmpty ?? true
            && (key.resource != .namespaces
                || document["spec"]?["finalizers"].strings.isEmpty ?? true)
    }

    mutating func remove(_ key: ObjectKey) {
        guard objects.removeValue(forKey: key) != nil else { return }
        revision += 1
        changes.append((key, nil))
    }

    private mutating func create(
        _ resource: Resource, _ document: JSON
    ) throws(StatusError) -> JSON {
        var document = document
        let metadata = ObjectMeta(document["metadata"] ?? [:])
        names += 1
        let prefix = metadata.json["generateName"]?.string ?? ""
        let name = metadata.name.isEmpty ? prefix + "x\(names)" : metadata.name
        let key = ObjectKey(resource, namespace: metadata.namespace, name: name)
        guard objects[key] == nil else { throw .alreadyExists(resource, name) }
        if resource == .pods, objects.keys.count(where: { $0.resource == .pods }) >= podsMax {
            throw StatusError(.forbidden, "exceeded quota")
        }
        if resource.isNamespaced, resource != .events {
            let home = objects[ObjectKey(.namespaces, name: metadata.namespace)]
            if home?["metadata"]?["deletionTimestamp"] != nil {
                throw StatusError(.forbidden, "namespace \(metadata.namespace) is being terminated")
            }
        }
        document["metadata"]?["name"] = .string(name)
        document["metadata"]?["uid"] = .string("uid-\(names)")
        document["metadata"]?["generation"] = 1
        document["metadata"]?["creationTimestamp"] = .string(wall.rfc3339)
        if resource == .namespaces { document["spec"] = ["finalizers": ["kubernetes"]] }
        if resource == .pods {
            createdPods += 1
            document["status"] = ["phase": "Pending"]
        }
        return store(key, document, old: nil)
    }

    private func check(_ metadata: ObjectMeta, _ old: JSON, _ key: ObjectKey) throws(StatusError) {
        let current = ObjectMeta(old["metadata"] ?? [:])
        let version = metadata.resourceVersion
        guard version.isEmpty || version == current.resourceVersion,
            metadata.uid.isEmpty || metadata.uid == current.uid
        else { throw .conflict(key.resource, key.name) }
    }

    private mutating func update(
        _ resource: Resource, _ document: JSON, _ subresource: String?
    ) throws(StatusError) -> JSON {
        let metadata = ObjectMeta(document["metadata"] ?? [:])
        let key = ObjectKey(resource, namespace: metadata.namespace, name: metadata.name)
        let old = try existing(key)
        try check(metadata, old, key)
        var result: JSON
        switch subresource {
        case "status":
            result = old
            result["status"] = document["status"]
        case "finalize":
            result = old
            result[path: ["spec", "finalizers"]] = document["spec"]?["finalizers"]
        default:
            result = document
            result["status"] = old["status"]
        }
        return store(key, result, old: old)
    }

    mutating func patch(
        _ key: ObjectKey, _ patch: JSON, _ subresource: String? = nil
    ) throws(StatusError) -> JSON {
        let old = try existing(key)
        try check(ObjectMeta(patch["metadata"] ?? [:]), old, key)
        guard let result = try? old.strategicallyMerged(with: patch, schema: ObjectSchema())
        else { throw StatusError(.badRequest, "the patch is malformed") }
        return store(key, result, old: old)
    }

    private mutating func delete(
        _ key: ObjectKey, _ uid: String?, _ grace: Int64?, _ propagation: PropagationPolicy?
    ) throws(StatusError) -> JSON {
        let old = try existing(key)
        let metadata = ObjectMeta(old["metadata"] ?? [:])
        if let uid, uid != metadata.uid { throw .conflict(key.resource, key.name) }
        let isBound = Pod(old).nodeName != nil
        if key.resource == .pods, grace == 0 || !isBound {
            remove(key)
            return old
        }
        guard metadata.deletionTimestamp == nil else { return old }
        var document = old
        document[path: ["metadata", "deletionTimestamp"]] = .string(wall.rfc3339)
        if propagation == .foreground || propagation == .orphan {
            let name = propagation == .orphan ? "orphan" : "foregroundDeletion"
            document[path: ["metadata", "finalizers"]] = .array(
                metadata.finalizers.map { .string($0) } + [.string(name)])
        }
        return store(key, document, old: old)
    }

    private mutating func bind(
        _ key: ObjectKey, _ uid: String, _ node: String
    ) throws(StatusError) -> JSON {
        var document = try existing(key)
        let old = document
        guard Pod(old).uid == uid else { throw .conflict(.pods, key.name) }
        if let other = Pod(old).nodeName {
            violations.append("\(key) bound to \(node) but is on \(other)")
            throw .conflict(.pods, key.name)
        }
        document[path: ["spec", "nodeName"]] = .string(node)
        return store(key, document, old: old)
    }

    /// What users and kubelets do; it must succeed.
    @discardableResult
    mutating func must(_ write: ObjectWrite) -> JSON {
        switch perform(write) {
        case .success(let document): return document
        case .failure(let error):
            violations.append("\(write) was refused: \(error.message)")
            return .null
        }
    }

    func all(_ resource: Resource, in namespace: String? = nil) -> [JSON] {
        objects.keys.filter { key in
            key.resource == resource && (namespace ?? key.namespace) == key.namespace
        }.sorted().compactMap { objects[$0] }
    }

    subscript(key: ObjectKey) -> JSON? { objects[key] }
}
