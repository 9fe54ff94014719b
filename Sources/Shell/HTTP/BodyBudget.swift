import NIOConcurrencyHelpers

/// What the bodies that are still coming in may hold in memory, all connections together. Many
/// clients that each send a body within its limit, and do not end it, would fill the memory else.
package final class BodyBudget: Sendable {
    /// Bodies take this much at a time; smaller ones are not counted.
    static let share = 256 * 1024

    private let limit: Int
    private let taken = NIOLockedValueBox(0)

    package init(limit: Int) { self.limit = limit }

    /// False when nothing is left.
    package func take(_ count: Int) -> Bool {
        taken.withLockedValue { taken in
            guard taken + count <= limit else { return false }
            taken += count
            return true
        }
    }

    package func give(_ count: Int) {
        guard count > 0 else { return }
        taken.withLockedValue { $0 -= count }
    }
}
