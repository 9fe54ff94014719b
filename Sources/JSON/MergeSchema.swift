/// What patches and server-side apply must know of a type: how its lists and maps merge.
///
/// One value describes one place in a document. The schema of the resource types implements it;
/// where nothing is known (nil), maps merge member by member and lists are replaced whole.
public protocol MergeSchema: Sendable {
    /// The schema of an object's member, or of a map's values; nil when nothing is declared.
    func member(_ name: String) -> (any MergeSchema)?
    /// The schema of a list's elements.
    var element: (any MergeSchema)? { get }
    /// `x-kubernetes-list-type` with `x-kubernetes-list-map-keys`, for server-side apply.
    var listType: ListType { get }
    /// `x-kubernetes-map-type: atomic`: the object has one owner and is replaced whole.
    var isAtomicMap: Bool { get }
    /// `x-kubernetes-patch-strategy`, for strategic merge patch.
    var patchStrategy: PatchStrategy { get }
    /// `x-kubernetes-patch-merge-key`; lists of objects with the strategy `merge` have one.
    var patchMergeKey: String? { get }
    /// The value of a list-map key that an element leaves out, such as TCP for `protocol`.
    func keyDefault(_ name: String) -> JSON?
}

/// How a list has owners under server-side apply.
public enum ListType: Sendable, Equatable {
    /// One owner for the whole list.
    case atomic
    /// Each scalar element has owners.
    case set
    /// Each element is identified by the values of these members.
    case map(keys: [String])
}

/// How a strategic merge patch treats a list or map.
public enum PatchStrategy: Sendable, Equatable {
    case replace
    case merge
    /// `retainKeys`, alone or with `merge`; the directive `$retainKeys` says what stays.
    case retainKeys
}

extension MergeSchema {
    public var element: (any MergeSchema)? { nil }
    public var listType: ListType { .atomic }
    public var isAtomicMap: Bool { false }
    public var patchStrategy: PatchStrategy { .replace }
    public var patchMergeKey: String? { nil }
    public func keyDefault(_ name: String) -> JSON? { nil }
}

/// Why a patch does not apply, in the words of the libraries that Kubernetes uses.
public struct PatchError: Error, Equatable, Sendable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
