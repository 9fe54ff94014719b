package import Base
package import Objects

/// What ``ControlCore`` wants done, in order.
package enum ControlEffect: Sendable, Equatable {
    /// Run the write through the API's verbs and answer with `finished`.
    case write(Ticket, ObjectWrite)
    /// A rare branch was taken; tests and the simulator count these.
    case mark(String)
}
