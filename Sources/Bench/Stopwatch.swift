package import Base
import Shell

/// Measures spans of the machine's monotonic clock.
package struct Stopwatch: Sendable {
    private let start: Instant

    /// Starts now.
    package init() { start = .now }

    package var elapsed: Span { .now - start }
    package var elapsedSeconds: Double { Double(elapsed.nanoseconds) / 1e9 }
}
