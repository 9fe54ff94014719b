extension JSON {
    /// Applies a strategic merge patch: as a merge patch, but lists merge by key where the schema
    /// says so, and the directives `$patch`, `$retainKeys`, `$setElementOrder/…` and
    /// `$deleteFromPrimitiveList/…` are obeyed.
    public func strategicallyMerged(
        with patch: JSON, schema: (any MergeSchema)?
    ) throws(PatchError) -> JSON {
        guard case .object(let changes) = patch else {
            throw PatchError("a strategic merge patch must be an object")
        }
        return .object(
            try StrategicMerge.merge(object ?? JSONObject(), changes, schema))
    }
}

/// The rules of `strategicpatch` in Kubernetes' apimachinery.
private enum StrategicMerge {
    static let directive = "$patch"
    static let retainKeys = "$retainKeys"
    static let orderPrefix = "$setElementOrder/"
    static let deletePrefix = "$deleteFromPrimitiveList/"

    static func merge(
        _ original: JSONObject, _ patch: JSONObject, _ schema: (any MergeSchema)?
    ) throws(PatchError) -> JSONObject {
        switch patch[directive]?.string {
        case "replace":
            var replacement = patch
            replacement[directive] = nil
            return replacement
        case "delete": return JSONObject()
        case "merge": break
        case nil:
            if let unknown = patch[directive] {
                throw PatchError("Unknown patch type found: \(unknown.text)")
            }
        case let unknown?: throw PatchError("Unknown patch type found: \(unknown)")
        }
        var result = try retaining(original, patch)
        var touched: Set<String> = []
        for (name, value) in patch where name != directive && name != retainKeys {
            let target = listName(name) ?? name
            guard touched.insert(target).inserted else { continue }
            if listName(name) == nil, value.isNull {
                result[target] = nil
                continue
            }
            let merged = try mergeMember(
                target, result[target], patch, schema?.member(target))
            if let merged { result[target] = merged }
        }
        return result
    }

    /// The list that a directive for a parallel list names.
    private static func listName(_ name: String) -> String? {
        for prefix in [orderPrefix, deletePrefix] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return nil
    }

    private static func retaining(
        _ original: JSONObject, _ patch: JSONObject
    ) throws(PatchError) -> JSONObject {
        guard let directive = patch[retainKeys] else { return original }
        guard let names = directive.array?.compactMap(\.string) else {
            throw PatchError("invalid patch format of \(retainKeys): it must be a list of strings")
        }
        for (name, value) in patch
        where !value.isNull && !name.hasPrefix("$") && !names.contains(name) {
            throw PatchError("\(retainKeys) must contain the key \(name) which is in the patch")
        }
        var result = original
        for name in original.names where !names.contains(name) { result[name] = nil }
        return result
    }

    private static func mergeMember(
        _ name: String, _ original: JSON?, _ patch: JSONObject, _ schema: (any MergeSchema)?
    ) throws(PatchError) -> JSON? {
        let order = patch[orderPrefix + name]?.array
        let deletions = patch[deletePrefix + name]?.array ?? []
        switch patch[name] {
        case .object(let changes):
            if schema?.patchStrategy == .replace, schema?.isAtomicMap ?? false {
                return .object(try merge(JSONObject(), changes, nil))
            }
            return .object(try merge(original?.object ?? JSONObject(), changes, schema))
        case .array(let elements):
            return try mergeList(
                original?.array, elements, order: order, deletions: deletions, schema, name)
        case nil:
            guard let existing = original?.array else { return nil }
            return try mergeList(
                existing, nil, order: order, deletions: deletions, schema, name)
        case let scalar?: return scalar
        }
    }

    /// `patch` is nil when only directives for the list were given.
    private static func mergeList(
        _ original: [JSON]?, _ patch: [JSON]?, order: [JSON]?, deletions: [JSON],
        _ schema: (any MergeSchema)?, _ name: String
    ) throws(PatchError) -> JSON {
        guard let schema, schema.patchStrategy == .merge else {
            return .array(patch ?? original ?? [])
        }
        if let key = schema.patchMergeKey {
            return .array(
                try mergeObjects(
                    original ?? [], patch ?? [], order: order, key: key, schema.element))
        }
        var result = (original ?? []).filter { !deletions.contains($0) }
        for element in patch ?? [] where !result.contains(element) { result.append(element) }
        guard let order else { return .array(result) }
        return .array(
            arranged(result, server: original ?? [], order: order, identity: { $0 }))
    }

    private static func mergeObjects(
        _ original: [JSON], _ patch: [JSON], order: [JSON]?, key: String,
        _ schema: (any MergeSchema)?
    ) throws(PatchError) -> [JSON] {
        if patch.contains(where: { $0[directive]?.string == "replace" }) {
            return patch.filter { $0[directive]?.string != "replace" }
        }
        var result = original
        for element in patch {
            guard let changes = element.object else {
                throw PatchError("expected an object in a list that merges by \(key)")
            }
            guard let identity = element[key] else {
                throw PatchError("map: \(element.text) does not contain declared merge key: \(key)")
            }
            if element[directive]?.string == "delete" {
                result.removeAll { $0[key] == identity }
            } else if let index = result.firstIndex(where: { $0[key] == identity }) {
                result[index] = .object(
                    try merge(result[index].object ?? JSONObject(), changes, schema))
            } else {
                result.append(.object(try merge(JSONObject(), changes, schema)))
            }
        }
        guard let order else { return result }
        return arranged(
            result, server: original, order: order.compactMap { $0[key] },
            identity: { $0[key] ?? .null })
    }

    /// Puts the elements that the patch orders into its order and keeps those that only the
    /// server knows in the server's, each before the first ordered element that it preceded.
    private static func arranged(
        _ elements: [JSON], server: [JSON], order: [JSON], identity: (JSON) -> JSON
    ) -> [JSON] {
        var ordered: [JSON] = []
        for entry in order {
            if let element = elements.first(where: { identity($0) == entry }) {
                ordered.append(element)
            }
        }
        var others = elements.filter { !order.contains(identity($0)) }[...]
        func place(_ element: JSON) -> Int? {
            server.firstIndex { identity($0) == identity(element) }
        }
        var result: [JSON] = []
        for element in ordered {
            if let here = place(element) {
                while let other = others.first, let there = place(other), there < here {
                    result.append(other)
                    others = others.dropFirst()
                }
            }
            result.append(element)
        }
        return result + others
    }
}
