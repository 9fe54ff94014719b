/// A map from keys to values in key order: a persistent B-tree (Bayer and McCreight 1972).
///
/// Copying the tree is O(1), and the copy never changes. The nodes are values in arrays, so Swift's
/// copy-on-write does the path copying: a write copies the arrays on the way from the root to its
/// leaf when somebody else holds them, and changes them in place when nobody does. Nothing here
/// is a class, so nothing needs a lock.
///
/// Each node knows how many entries stand below it, so ranks and counts of ranges are O(log n).
///
/// Invariants, see ``checkInvariants()``:
/// 1. Keys ascend strictly, over all nodes in order.
/// 2. Every node but the root holds `entriesMin...entriesMax` entries.
/// 3. A node has no children (a leaf) or one more than entries, and all leaves are equally deep.
/// 4. `count` is the number of entries in the node and below.
package struct OrderedTree<Value> {
    package typealias Entry = (key: Key, value: Value)

    private var root = TreeNode<Value>(entries: [], children: [])

    package init() {}

    /// A tree of entries whose keys ascend strictly, with nodes as full as they can be.
    package init(ascending entries: [Entry]) {
        var height = 0
        while TreeNode<Value>.capacity(height: height) < entries.count { height += 1 }
        root = TreeNode(ascending: entries[...], height: height)
    }

    package var count: Int { root.count }
    package var isEmpty: Bool { root.count == 0 }

    package subscript(key: Key) -> Value? {
        var node = root
        while true {
            let (index, isFound) = node.search(key)
            if isFound { return node.entries[index].value }
            guard !node.isLeaf else { return nil }
            node = node.children[index]
        }
    }

    /// Sets the value of `key`; returns the one before.
    @discardableResult
    package mutating func updateValue(_ value: Value, forKey key: Key) -> Value? {
        updateValue(forKey: key) { _ in value }
    }

    /// Sets the value of `key` to what `make` makes of the one before; returns that. Looks for the
    /// key once.
    @discardableResult
    package mutating func updateValue(forKey key: Key, _ make: (Value?) -> Value) -> Value? {
        let (previous, split) = root.update(key, make)
        if let split {
            let left = root
            root = TreeNode(entries: [split.median], children: [left, split.right])
        }
        return previous
    }

    /// Removes `key`; returns its value. Copies nothing when there is none.
    @discardableResult
    package mutating func removeValue(forKey key: Key) -> Value? {
        guard self[key] != nil else { return nil }
        let removed = root.remove(key)
        if root.entries.isEmpty, let onlyChild = root.children.first { root = onlyChild }
        return removed
    }

    /// The number of leading keys for which `isBefore` is true. It must be true for some first keys
    /// and false for all behind them.
    package func rank(where isBefore: (Key) -> Bool) -> Int {
        var node = root
        var rank = 0
        while true {
            let index = node.partitionPoint(isBefore)
            guard !node.isLeaf else { return rank + index }
            rank += index
            for child in node.children[..<index] { rank += child.count }
            node = node.children[index]
        }
    }

    /// Visits the entries in order, from the first for which `isBefore` is false, until `body`
    /// returns false.
    package func forEach(
        from isBefore: (Key) -> Bool = { _ in false },
        _ body: (Key, Value) throws -> Bool
    ) rethrows {
        _ = try root.visit(from: isBefore, body)
    }

    /// Stops the process with the number of the invariant that is broken.
    package func checkInvariants() {
        var last: Key?
        forEach { key, _ in
            if let last { precondition(last < key, "invariant 1: \(key) stands behind \(last)") }
            last = key
            return true
        }
        _ = root.checkedDepth(isRoot: true)
    }
}

extension OrderedTree: Sendable where Value: Sendable {}

/// A node and all below it, as a value.
struct TreeNode<Value> {
    static var entriesMax: Int { 31 }
    static var entriesMin: Int { 15 }

    typealias Entry = OrderedTree<Value>.Entry
    typealias Split = (median: Entry, right: TreeNode)

    private(set) var entries: [Entry]
    private(set) var children: [TreeNode]
    private(set) var count: Int

    init(entries: [Entry], children: [TreeNode]) {
        self.entries = entries
        self.children = children
        count = entries.count
        for child in children { count += child.count }
    }

    /// Entries in a full node with so many levels below it.
    static func capacity(height: Int) -> Int {
        var capacity = entriesMax
        for _ in 0..<height { capacity = entriesMax + (entriesMax + 1) * capacity }
        return capacity
    }

    /// The fewest children that can take all entries, with equal shares: then none has too few.
    init(ascending entries: ArraySlice<Entry>, height: Int) {
        guard height > 0 else {
            self.init(entries: Array(entries), children: [])
            return
        }
        let below = Self.capacity(height: height - 1)
        let childCount = max(2, (entries.count + 1 + below) / (below + 1))
        var own: [Entry] = []
        var children: [TreeNode] = []
        own.reserveCapacity(childCount - 1)
        children.reserveCapacity(childCount)
        var start = entries.startIndex
        for child in 0..<childCount {
            let share = entries.endIndex - start - (childCount - child - 1)
            let end = start + (share + childCount - child - 1) / (childCount - child)
            children.append(TreeNode(ascending: entries[start..<end], height: height - 1))
            if child + 1 < childCount {
                own.append(entries[end])
                start = end + 1
            }
        }
        self.init(entries: own, children: children)
    }

    var isLeaf: Bool { children.isEmpty }

    /// The index of `key`, or of the child that would hold it.
    func search(_ key: Key) -> (index: Int, isFound: Bool) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            switch entries[middle].key.compare(key) {
            case .before: low = middle + 1
            case .same: return (middle, true)
            case .after: high = middle
            }
        }
        return (low, false)
    }

    /// The index of the first entry for which `isBefore` is false.
    func partitionPoint(_ isBefore: (Key) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(entries[middle].key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Returns false when `body` stopped the visit.
    func visit(
        from isBefore: (Key) -> Bool, _ body: (Key, Value) throws -> Bool
    ) rethrows -> Bool {
        let first = partitionPoint(isBefore)
        if !isLeaf, try !children[first].visit(from: isBefore, body) { return false }
        for index in first..<entries.count {
            guard try body(entries[index].key, entries[index].value) else { return false }
            // Everything behind the first entry is behind the start, so it is not asked again.
            if !isLeaf, try !children[index + 1].visit(from: { _ in false }, body) { return false }
        }
        return true
    }

    /// Returns the depth below this node.
    func checkedDepth(isRoot: Bool) -> Int {
        precondition(entries.count <= Self.entriesMax, "invariant 2: \(entries.count) entries")
        precondition(
            isRoot || entries.count >= Self.entriesMin, "invariant 2: \(entries.count) entries")
        precondition(
            isLeaf || children.count == entries.count + 1,
            "invariant 3: \(entries.count) entries, \(children.count) children")
        var total = entries.count
        var depth: Int?
        for child in children {
            let childDepth = child.checkedDepth(isRoot: false)
            precondition(depth == nil || depth == childDepth, "invariant 3: leaves at two depths")
            depth = childDepth
            total += child.count
        }
        precondition(count == total, "invariant 4: \(count) counted, \(total) there")
        return (depth ?? 0) + 1
    }
}

extension TreeNode: Sendable where Value: Sendable {}

// MARK: - Insertion

extension TreeNode {
    /// Returns the value before and, when the node overflowed, what its parent must take in.
    mutating func update(
        _ key: Key, _ make: (Value?) -> Value
    ) -> (previous: Value?, split: Split?) {
        let (index, isFound) = search(key)
        if isFound {
            let previous = entries[index].value
            entries[index].value = make(previous)
            return (previous, nil)
        }
        if isLeaf {
            entries.insert((key, make(nil)), at: index)
            count += 1
            return (nil, splitIfNeeded())
        }
        let (previous, split) = children[index].update(key, make)
        if previous == nil { count += 1 }
        guard let split else { return (previous, nil) }
        entries.insert(split.median, at: index)
        children.insert(split.right, at: index + 1)
        return (previous, splitIfNeeded())
    }

    private mutating func splitIfNeeded() -> Split? {
        guard entries.count > Self.entriesMax else { return nil }
        let middle = entries.count / 2
        let median = entries[middle]
        let right = TreeNode(
            entries: Self.withRoom(entries[(middle + 1)...]),
            children: isLeaf ? [] : Array(children[(middle + 1)...]))
        entries = Self.withRoom(entries[..<middle])
        if !isLeaf { children.removeSubrange((middle + 1)...) }
        count -= right.count + 1
        return (median, right)
    }

    /// An array grows by doubling, so one that is left to itself has room for twice what a node can
    /// hold; this one has room for exactly that, and the entry that makes it split.
    private static func withRoom(_ part: ArraySlice<Entry>) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(entriesMax + 1)
        entries.append(contentsOf: part)
        return entries
    }
}

// MARK: - Removal

extension TreeNode {
    /// Removes `key`. The node may be left with one entry too few, for its parent to mend.
    mutating func remove(_ key: Key) -> Value? {
        let (index, isFound) = search(key)
        let removed: Value?
        if isLeaf {
            removed = isFound ? entries.remove(at: index).value : nil
        } else if isFound {
            removed = entries[index].value
            entries[index] = children[index].removeLast()
            mend(index)
        } else {
            removed = children[index].remove(key)
            mend(index)
        }
        if removed != nil { count -= 1 }
        return removed
    }

    private mutating func removeLast() -> Entry {
        count -= 1
        guard !isLeaf else { return entries.removeLast() }
        let last = children.count - 1
        let removed = children[last].removeLast()
        mend(last)
        return removed
    }

    /// Brings a child that has one entry too few back to the minimum: it takes one from a sibling
    /// that can spare it, or becomes one with a sibling.
    private mutating func mend(_ index: Int) {
        guard children[index].entries.count < Self.entriesMin else { return }
        if index > 0, children[index - 1].entries.count > Self.entriesMin {
            let (entry, child) = children[index - 1].takeLast()
            children[index].prepend(entries[index - 1], child)
            entries[index - 1] = entry
        } else if index + 1 < children.count,
            children[index + 1].entries.count > Self.entriesMin
        {
            let (entry, child) = children[index + 1].takeFirst()
            children[index].append(entries[index], child)
            entries[index] = entry
        } else {
            let left = index > 0 ? index - 1 : index
            let right = children.remove(at: left + 1)
            children[left].merge(entries.remove(at: left), right)
        }
    }

    private mutating func takeFirst() -> (Entry, TreeNode?) {
        let child = isLeaf ? nil : children.removeFirst()
        count -= 1 + (child?.count ?? 0)
        return (entries.removeFirst(), child)
    }

    private mutating func takeLast() -> (Entry, TreeNode?) {
        let child = isLeaf ? nil : children.removeLast()
        count -= 1 + (child?.count ?? 0)
        return (entries.removeLast(), child)
    }

    private mutating func prepend(_ entry: Entry, _ child: TreeNode?) {
        entries.insert(entry, at: 0)
        if let child { children.insert(child, at: 0) }
        count += 1 + (child?.count ?? 0)
    }

    private mutating func append(_ entry: Entry, _ child: TreeNode?) {
        entries.append(entry)
        if let child { children.append(child) }
        count += 1 + (child?.count ?? 0)
    }

    private mutating func merge(_ entry: Entry, _ right: TreeNode) {
        entries.append(entry)
        entries.append(contentsOf: right.entries)
        children.append(contentsOf: right.children)
        count += 1 + right.count
    }
}
