package import JSON

/// The merge rules that patches and server-side apply take from the declarations.
extension Schema: MergeSchema {
    package func member(_ name: String) -> (any MergeSchema)? {
        switch self {
        case .object(let type): type.field(name)?.schema
        case .map(let element, _): element
        default: nil
        }
    }

    package var element: (any MergeSchema)? {
        guard case .list(let element, _) = self else { return nil }
        return element
    }

    package var listType: ListType {
        guard case .list(_, let merge) = self else { return .atomic }
        return merge.type
    }

    package var isAtomicMap: Bool {
        guard case .object(let type) = self else { return false }
        return type.isAtomic
    }

    /// Objects and maps merge member by member. A list with the strategy `merge,retainKeys` merges
    /// too: the directive in its elements says what they keep.
    package var patchStrategy: PatchStrategy {
        switch self {
        case .object(let type): type.retainsKeys ? .retainKeys : .merge
        case .map: .merge
        case .list(_, let merge): merge.isPatchMerged ? .merge : .replace
        default: .replace
        }
    }

    package var patchMergeKey: String? {
        guard case .list(_, let merge) = self else { return nil }
        return merge.patchMergeKey
    }

    package func keyDefault(_ name: String) -> JSON? {
        guard case .list(.object(let type), _) = self else { return nil }
        return type.field(name)?.default
    }
}
