/// A point on the daemon's monotonic clock, in nanoseconds since an arbitrary origin.
///
/// Cores receive it as an argument and never ask for it, so that the simulator can run
/// the same code under virtual time. It says nothing about the calendar; see ``WallTime``.
package struct Instant: Hashable, Comparable, Sendable, Codable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The origin of the clock. The simulator starts its virtual time here.
    package static let zero = Instant(nanoseconds: 0)
    /// A point that is never reached; useful as the identity of `min`.
    package static let distantFuture = Instant(nanoseconds: .max)

    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Adds a span; saturates at ``distantFuture`` instead of overflowing.
    package static func + (left: Instant, right: Span) -> Instant {
        Instant(nanoseconds: (Span(nanoseconds: left.nanoseconds) + right).nanoseconds)
    }

    /// The span from `right` to `left`; negative when `left` is earlier. Saturates.
    package static func - (left: Instant, right: Instant) -> Span {
        Span(nanoseconds: left.nanoseconds) - Span(nanoseconds: right.nanoseconds)
    }
}

/// A length of time in nanoseconds. Named `Span` because `Duration` is 128 bits wide and
/// belongs to the standard library's clocks, which cores do not use.
package struct Span: Hashable, Comparable, Sendable, Codable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = Span(nanoseconds: 0)

    package static func nanoseconds(_ count: Int64) -> Span { Span(nanoseconds: count) }
    package static func microseconds(_ count: Int64) -> Span { Span(count, times: 1_000) }
    package static func milliseconds(_ count: Int64) -> Span { Span(count, times: 1_000_000) }
    package static func seconds(_ count: Int64) -> Span { Span(count, times: 1_000_000_000) }
    package static func minutes(_ count: Int64) -> Span { Span(count, times: 60_000_000_000) }

    /// Saturates, because counts of seconds come from manifests and configurations.
    private init(_ count: Int64, times unit: Int64) {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        nanoseconds = overflow ? ((count < 0) != (unit < 0) ? .min : .max) : product
    }

    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 { nanoseconds / 1_000_000 }
    /// Seconds with their fraction.
    package var seconds: Double { Double(nanoseconds) / 1e9 }

    package static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }
    package static func + (left: Span, right: Span) -> Span {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return Span(nanoseconds: overflow ? (left.nanoseconds < 0 ? .min : .max) : sum)
    }
    package static func - (left: Span, right: Span) -> Span {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(
            right.nanoseconds)
        return Span(nanoseconds: overflow ? (left.nanoseconds < 0 ? .min : .max) : difference)
    }
    package static func * (left: Span, right: Int64) -> Span {
        Span(left.nanoseconds, times: right)
    }
    package static func / (left: Span, right: Int64) -> Span {
        Span(nanoseconds: left.nanoseconds / right)
    }
    /// Scales by a fraction, as jitter and logarithmic timeouts need; `factor` must be finite.
    package func scaled(by factor: Double) -> Span {
        let product = Double(nanoseconds) * factor
        guard product < Double(Int64.max) else { return Span(nanoseconds: .max) }
        guard product > Double(Int64.min) else { return Span(nanoseconds: .min) }
        return Span(nanoseconds: Int64(product))
    }
}
