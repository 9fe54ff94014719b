/// What changed between two documents.
public struct FieldComparison: Sendable, Equatable {
    public var added = FieldSet()
    public var modified = FieldSet()
    public var removed = FieldSet()

    public var isEmpty: Bool { added.isEmpty && modified.isEmpty && removed.isEmpty }
}

/// How an element of a list is known; nil when the list is atomic or the element has no key.
func pathElement(
    of element: JSON, in schema: (any MergeSchema)?
) -> FieldSet.PathElement? {
    switch schema?.listType ?? .atomic {
    case .atomic: return nil
    case .set: return .value(element)
    case .map(let keys):
        var pairs: [(name: String, value: JSON)] = []
        for key in keys {
            guard let value = element[key] ?? schema?.keyDefault(key) else { return nil }
            pairs.append((key, value))
        }
        return .key(pairs)
    }
}

extension JSON {
    /// The fields that an applied configuration has an opinion about. Throws when a list that
    /// merges by keys has an element without them, or two of the same.
    public func fieldSet(schema: (any MergeSchema)?) throws(PatchError) -> FieldSet {
        var set = FieldSet()
        try collectFields(into: &set, schema, path: [])
        return set
    }

    private func collectFields(
        into set: inout FieldSet, _ schema: (any MergeSchema)?, path: FieldSet.Path
    ) throws(PatchError) {
        switch self {
        case .object(let members) where !members.isEmpty && !(schema?.isAtomicMap ?? false):
            for (name, value) in members {
                let element = FieldSet.PathElement.field(name)
                let member = schema?.member(name)
                var child = FieldSet()
                try value.collectFields(into: &child, member, path: path + [element])
                if member == nil { child.isMember = true }
                set[element] = child
            }
        case .array(let elements) where (schema?.listType ?? .atomic) != .atomic:
            for (index, value) in elements.enumerated() {
                guard let element = pathElement(of: value, in: schema) else {
                    throw PatchError(
                        "\(path.fieldPath): element \(index): associative list with keys has an "
                            + "element that omits a key field")
                }
                guard set[element] == nil else {
                    throw PatchError("\(path.fieldPath): duplicate entries for key \(element)")
                }
                var child = FieldSet()
                try value.collectFields(into: &child, schema?.element, path: path + [element])
                child.isMember = true
                set[element] = child
            }
        default:
            set.isMember = true
        }
    }

    /// Lays an applied configuration over this document: members and keyed elements merge, the
    /// rest is replaced. Elements that the configuration names come in its order; others stay
    /// behind the one they followed. A null removes.
    public func merged(applying applied: JSON, schema: (any MergeSchema)?) -> JSON {
        switch (self, applied) {
        case (.object(let live), .object(let changes)) where !(schema?.isAtomicMap ?? false):
            var result = live
            for (name, value) in changes {
                if value.isNull {
                    result[name] = nil
                } else {
                    result[name] =
                        live[name]?.merged(applying: value, schema: schema?.member(name)) ?? value
                }
            }
            return .object(result)
        case (.array(let live), .array(let changes)) where (schema?.listType ?? .atomic) != .atomic:
            return .array(Self.mergedList(live, changes, schema))
        default:
            return applied
        }
    }

    private static func mergedList(
        _ live: [JSON], _ applied: [JSON], _ schema: (any MergeSchema)?
    ) -> [JSON] {
        var wanted: [FieldSet.PathElement: JSON] = [:]
        for value in applied {
            if let element = pathElement(of: value, in: schema) { wanted[element] = value }
        }
        var known: [FieldSet.PathElement: JSON] = [:]
        var result: [JSON] = []
        var others = live[...]
        func takeOthers(until stop: FieldSet.PathElement?) {
            while let value = others.first {
                let element = pathElement(of: value, in: schema)
                if let element, element == stop { return }
                others = others.dropFirst()
                if let element, wanted[element] != nil { continue }
                result.append(value)
            }
        }
        for value in live {
            if let element = pathElement(of: value, in: schema) { known[element] = value }
        }
        for value in applied {
            let element = pathElement(of: value, in: schema)
            guard let element, let existing = known[element] else {
                result.append(value)
                continue
            }
            if others.contains(where: { pathElement(of: $0, in: schema) == element }) {
                takeOthers(until: element)
                others = others.dropFirst()
            }
            result.append(existing.merged(applying: value, schema: schema?.element))
        }
        takeOthers(until: nil)
        return result
    }

    /// Removes the values at the members of `removal`, except where `keep` has something at or
    /// below them.
    public func pruned(
        _ removal: FieldSet, keeping keep: FieldSet, schema: (any MergeSchema)?
    ) -> JSON {
        switch self {
        case .object(let members):
            var result = members
            for (element, child) in removal.sortedChildren {
                guard let name = element.fieldName, let value = members[name] else { continue }
                let kept = keep[element] ?? FieldSet()
                if child.isMember, kept.isEmpty {
                    result[name] = nil
                } else {
                    result[name] = value.pruned(
                        child, keeping: kept, schema: schema?.member(name))
                }
            }
            return .object(result)
        case .array(let elements):
            return .array(
                elements.compactMap { value in
                    guard let element = pathElement(of: value, in: schema),
                        let child = removal[element]
                    else { return value }
                    let kept = keep[element] ?? FieldSet()
                    if child.isMember, kept.isEmpty { return nil }
                    return value.pruned(child, keeping: kept, schema: schema?.element)
                })
        default:
            return self
        }
    }

    /// The fields in which `new` differs from this document.
    public func compared(to new: JSON, schema: (any MergeSchema)?) -> FieldComparison {
        var comparison = FieldComparison()
        FieldComparer.compare(self, new, schema, [], &comparison)
        return comparison
    }
}

private enum FieldComparer {
    typealias Path = FieldSet.Path

    /// Either side may be missing; then everything on the other is added or removed.
    static func compare(
        _ old: JSON?, _ new: JSON?, _ schema: (any MergeSchema)?, _ path: Path,
        _ result: inout FieldComparison
    ) {
        switch (old, new) {
        case (.object(let left)?, .object(let right)?) where !isAtomic(schema):
            compareMembers(left, right, schema, path, &result)
        case (.object(let left)?, nil) where !isAtomic(schema):
            compareMembers(left, JSONObject(), schema, path, &result)
            result.removed.insert(path)
        case (.array(let left)?, .array(let right)?) where isGranular(schema):
            compareElements(left, right, schema, path, &result)
        case (.array(let left)?, nil) where isGranular(schema):
            compareElements(left, [], schema, path, &result)
            result.removed.insert(path)
        case (nil, nil): break
        case (_?, nil): result.removed.insert(path)
        case (nil, let right?): result.added.insert(everything(in: right, schema), at: path)
        case (let left?, let right?):
            if left != right { result.modified.insert(path) }
        }
    }

    /// All that a new value adds, made from its top down: nothing is looked for.
    private static func everything(in value: JSON, _ schema: (any MergeSchema)?) -> FieldSet {
        var set = FieldSet()
        set.isMember = true
        switch value {
        case .object(let members) where !isAtomic(schema):
            for (name, member) in members {
                set[.field(name)] = everything(in: member, schema?.member(name))
            }
        case .array(let elements) where isGranular(schema):
            for member in elements {
                guard let element = pathElement(of: member, in: schema), set[element] == nil
                else { continue }
                set[element] = everything(in: member, schema?.element)
            }
        default:
            break
        }
        return set
    }

    private static func isAtomic(_ schema: (any MergeSchema)?) -> Bool {
        schema?.isAtomicMap ?? false
    }

    private static func isGranular(_ schema: (any MergeSchema)?) -> Bool {
        (schema?.listType ?? .atomic) != .atomic
    }

    private static func compareMembers(
        _ left: JSONObject, _ right: JSONObject, _ schema: (any MergeSchema)?, _ path: Path,
        _ result: inout FieldComparison
    ) {
        for (name, value) in left {
            // Most of a document stays as it was, so a look at the values saves all the paths.
            let other = right[name]
            if value == other { continue }
            compare(value, other, schema?.member(name), path + [.field(name)], &result)
        }
        for (name, value) in right where left[name] == nil {
            compare(nil, value, schema?.member(name), path + [.field(name)], &result)
        }
    }

    private static func compareElements(
        _ left: [JSON], _ right: [JSON], _ schema: (any MergeSchema)?, _ path: Path,
        _ result: inout FieldComparison
    ) {
        if left == right { return }
        var old: [FieldSet.PathElement: JSON] = [:]
        for value in left {
            if let element = pathElement(of: value, in: schema) { old[element] = value }
        }
        var seen: Set<FieldSet.PathElement> = []
        for value in right {
            guard let element = pathElement(of: value, in: schema), seen.insert(element).inserted
            else { continue }
            let place = path + [element]
            if old[element] == nil { result.added.insert(place) }
            compare(old[element], value, schema?.element, place, &result)
        }
        for value in left {
            guard let element = pathElement(of: value, in: schema), !seen.contains(element)
            else { continue }
            compare(value, nil, schema?.element, path + [element], &result)
            result.removed.insert(path + [element])
        }
    }
}
