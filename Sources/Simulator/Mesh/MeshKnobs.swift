package import Base

/// What goes wrong in a ``MeshSimulation``, and how fast its network is.
package struct MeshKnobs: Hashable, Sendable {
    /// The share of datagrams that get lost, each by itself.
    package var loss = 0.0
    /// One way of a datagram: at least, and less than.
    package var latencyMin = Span.microseconds(200)
    package var latencyMax = Span.milliseconds(2)
    /// Mean time between two stalls of one machine; nil for none. A stalled machine does not
    /// run, and what arrives waits, as after SIGSTOP.
    package var stallInterval: Span?
    package var stallDuration = Span.milliseconds(500)

    package init() {}
}
