/// The list of effects that a core's step appends to, in order, and its shell performs.
///
/// The buffer is reused between steps, so a step allocates nothing for it.
package struct Outbox<Effect> {
    package private(set) var effects: [Effect] = []

    package init() {}

    package var isEmpty: Bool { effects.isEmpty }
    package var count: Int { effects.count }

    package mutating func append(_ effect: Effect) { effects.append(effect) }

    /// Hands out the effects and keeps the storage for the next step.
    package mutating func drain(_ perform: (Effect) throws -> Void) rethrows {
        defer { effects.removeAll(keepingCapacity: true) }
        for effect in effects { try perform(effect) }
    }

    /// Takes the effects as an array and empties the box.
    package mutating func take() -> [Effect] {
        defer { effects = [] }
        return effects
    }
}

extension Outbox: Sendable where Effect: Sendable {}
