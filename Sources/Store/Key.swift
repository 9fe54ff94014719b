/// The name of a document. Keys are ordered by group, resource, namespace and name, each byte by
/// byte, so that all documents of one resource, and of one namespace in it, stand together.
///
/// Equality is by bytes too. Swift's own compares Unicode text by meaning: two names that differ in
/// their bytes could be one key there, and the order of keys would not be that of etcd's clients.
package struct Key: Sendable {
    /// The API group; empty for the core group.
    package var group: String
    /// The plural, as in the URL: `pods`.
    package var resource: String
    /// Empty for cluster-scoped resources.
    package var namespace: String
    package var name: String

    package init(group: String, resource: String, namespace: String = "", name: String) {
        self.group = group
        self.resource = resource
        self.namespace = namespace
        self.name = name
    }
}

extension Key: Hashable, Comparable, CustomStringConvertible {
    package static func == (left: Key, right: Key) -> Bool { left.compare(right) == .same }

    package static func < (left: Key, right: Key) -> Bool { left.compare(right) == .before }

    package func hash(into hasher: inout Hasher) {
        for part in [group, resource, namespace, name] {
            part.utf8.span.withUnsafeBytes { hasher.combine(bytes: $0) }
            hasher.combine(UInt8(0xFF))
        }
    }

    package var description: String {
        let resourceName = group.isEmpty ? resource : "\(resource).\(group)"
        let path = namespace.isEmpty ? name : "\(namespace)/\(name)"
        return "\(resourceName)/\(path)"
    }

    func compare(_ other: Key) -> KeyOrder {
        var order = KeyOrder(group, other.group)
        guard order == .same else { return order }
        order = KeyOrder(resource, other.resource)
        guard order == .same else { return order }
        order = KeyOrder(namespace, other.namespace)
        guard order == .same else { return order }
        return KeyOrder(name, other.name)
    }
}

/// Where one key stands relative to another, or to a range.
enum KeyOrder {
    case before, same, after

    /// Compares UTF-8 bytes, and the shorter text first when one begins with the other.
    init(_ left: String, _ right: String) {
        let leftBytes = left.utf8
        let rightBytes = right.utf8
        let count = min(leftBytes.count, rightBytes.count)
        var order = KeyOrder(leftBytes.count, rightBytes.count)
        // An empty group or namespace is common, and needs no look at bytes.
        guard count > 0 else {
            self = order
            return
        }
        let leftSpan = leftBytes.span
        let rightSpan = rightBytes.span
        for index in 0..<count {
            let (one, other) = (leftSpan[unchecked: index], rightSpan[unchecked: index])
            guard one == other else {
                order = one < other ? .before : .after
                break
            }
        }
        self = order
    }

    private init(_ left: Int, _ right: Int) {
        self = left == right ? .same : left < right ? .before : .after
    }
}

/// A run of neighbouring keys: everything, one resource, or one namespace of a resource.
package struct KeyRange: Hashable, Sendable {
    private enum Scope: Hashable {
        case everything
        case resource(group: String, resource: String)
        case namespace(group: String, resource: String, namespace: String)
    }

    private let scope: Scope

    package static let everything = KeyRange(scope: .everything)

    /// All documents of a resource, in every namespace.
    package static func resource(group: String, resource: String) -> KeyRange {
        KeyRange(scope: .resource(group: group, resource: resource))
    }

    /// The documents of a resource in one namespace.
    package static func namespace(group: String, resource: String, namespace: String) -> KeyRange {
        KeyRange(scope: .namespace(group: group, resource: resource, namespace: namespace))
    }

    package func contains(_ key: Key) -> Bool { order(of: key) == .same }

    /// Whether `key` stands before the range, in it (`same`), or after it.
    func order(of key: Key) -> KeyOrder {
        switch scope {
        case .everything:
            return .same
        case .resource(let group, let resource):
            let order = KeyOrder(key.group, group)
            return order == .same ? KeyOrder(key.resource, resource) : order
        case .namespace(let group, let resource, let namespace):
            var order = KeyOrder(key.group, group)
            guard order == .same else { return order }
            order = KeyOrder(key.resource, resource)
            return order == .same ? KeyOrder(key.namespace, namespace) : order
        }
    }
}
