/// The list of effects that a core's step appends to, in order, and its shell performs.
///
/// The buffer is reused between steps, so a step allocates nothing for it.
public struct Outbox<Effect> {
    public private(set) var effects: [Effect] = []

    public init() {}

    public var isEmpty: Bool { effects.isEmpty }
    public var count: Int { effects.count }

    public mutating func append(_ effect: Effect) { effects.append(effect) }

    /// Hands out the effects and keeps the storage for the next step.
    public mutating func drain(_ perform: (Effect) throws -> Void) rethrows {
        defer { effects.removeAll(keepingCapacity: true) }
        for effect in effects { try perform(effect) }
    }

    /// Takes the effects as an array and empties the box.
    public mutating func take() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    /// Takes back what ``take()`` handed out, so that the next step finds its storage.
    public mutating func recycle(_ taken: inout [Effect]) {
        guard effects.isEmpty else { return }
        taken.removeAll(keepingCapacity: true)
        swap(&effects, &taken)
    }
}

extension Outbox: Sendable where Effect: Sendable {}
