/// A point in the history of the whole Store. Every transaction that changes something makes
/// exactly one, so revisions are dense: 1, 2, 3 … Clients see it as `resourceVersion`.
package struct Revision: Comparable, Hashable, Sendable, CustomStringConvertible {
    package var number: UInt64

    package init(_ number: UInt64) { self.number = number }

    /// The revision of an empty Store, before the first change.
    package static let zero = Revision(0)

    package static func < (left: Revision, right: Revision) -> Bool { left.number < right.number }

    /// The number in decimal, the form of `resourceVersion`.
    package var description: String { String(number) }
}
