/// All documents at one revision. It never changes, costs nothing to take or to hold, and may be
/// read on any thread while the Store goes on.
package struct Snapshot: Sendable {
    package var revision: Revision
    var tree: OrderedTree<Document>

    /// The empty Store.
    package init() {
        revision = .zero
        tree = OrderedTree()
    }

    /// All documents, of every resource.
    package var count: Int { tree.count }

    package subscript(key: Key) -> Document? { tree[key] }

    /// The first `limit` documents of a range, in key order, behind `after` when it is given (the
    /// last key of the page before; it need not exist any more).
    package func list(
        _ range: KeyRange, after: Key? = nil, limit: Int = .max
    ) -> [(key: Key, document: Document)] {
        var found: [(key: Key, document: Document)] = []
        guard limit > 0 else { return found }
        forEach(in: range, after: after) { key, document in
            found.append((key, document))
            return found.count < limit
        }
        return found
    }

    /// How many documents of a range stand behind `after`, in O(log n).
    package func count(_ range: KeyRange, after: Key? = nil) -> Int {
        let start = tree.rank { range.order(of: $0) == .before || !Self.isBehind($0, after) }
        let end = tree.rank { range.order(of: $0) != .after }
        // `after` may stand behind the whole range.
        return max(0, end - start)
    }

    /// Visits the documents of a range in key order until `body` returns false.
    package func forEach(
        in range: KeyRange, after: Key? = nil, _ body: (Key, Document) throws -> Bool
    ) rethrows {
        // Counting first is cheaper than asking each key whether it still belongs to the range.
        var remaining = count(range, after: after)
        guard remaining > 0 else { return }
        try tree.forEach(from: { range.order(of: $0) == .before || !Self.isBehind($0, after) }) {
            key, document in
            remaining -= 1
            return try body(key, document) && remaining > 0
        }
    }

    /// All keys, in order.
    package var keys: [Key] {
        var keys: [Key] = []
        keys.reserveCapacity(tree.count)
        tree.forEach { key, _ in
            keys.append(key)
            return true
        }
        return keys
    }

    private static func isBehind(_ key: Key, _ after: Key?) -> Bool {
        guard let after else { return true }
        return after < key
    }
}
