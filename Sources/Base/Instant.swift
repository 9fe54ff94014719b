/// A point on the daemon's monotonic clock, in nanoseconds since an arbitrary origin.
///
/// Cores receive it as an argument and never ask for it, so that the simulator can run
/// the same code under virtual time. It says nothing about the calendar; see ``WallTime``.
public struct Instant: Hashable, Comparable, Sendable, Codable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The origin of the clock. The simulator starts its virtual time here.
    public static let zero = Instant(nanoseconds: 0)
    /// A point that is never reached; useful as the identity of `min`.
    public static let distantFuture = Instant(nanoseconds: .max)

    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Adds a span; saturates at ``distantFuture`` instead of overflowing.
    public static func + (left: Instant, right: Span) -> Instant {
        Instant(nanoseconds: (Span(nanoseconds: left.nanoseconds) + right).nanoseconds)
    }

    /// The span from `right` to `left`; negative when `left` is earlier. Saturates.
    public static func - (left: Instant, right: Instant) -> Span {
        Span(nanoseconds: left.nanoseconds) - Span(nanoseconds: right.nanoseconds)
    }
}

/// A length of time in nanoseconds. Named `Span` because `Duration` is 128 bits wide and
/// belongs to the standard library's clocks, which cores do not use.
public struct Span: Hashable, Comparable, Sendable, Codable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Span(nanoseconds: 0)

    public static func nanoseconds(_ count: Int64) -> Span { Span(nanoseconds: count) }
    public static func microseconds(_ count: Int64) -> Span { Span(count, times: 1_000) }
    public static func milliseconds(_ count: Int64) -> Span { Span(count, times: 1_000_000) }
    public static func seconds(_ count: Int64) -> Span { Span(count, times: 1_000_000_000) }
    public static func minutes(_ count: Int64) -> Span { Span(count, times: 60_000_000_000) }

    /// Saturates, because counts of seconds come from manifests and configurations.
    private init(_ count: Int64, times unit: Int64) {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        nanoseconds = overflow ? ((count < 0) != (unit < 0) ? .min : .max) : product
    }

    /// Whole milliseconds, rounded towards zero.
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }
    /// Seconds with their fraction.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    public static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }
    public static func + (left: Span, right: Span) -> Span {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return Span(nanoseconds: overflow ? (left.nanoseconds < 0 ? .min : .max) : sum)
    }
    public static func - (left: Span, right: Span) -> Span {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(
            right.nanoseconds)
        return Span(nanoseconds: overflow ? (left.nanoseconds < 0 ? .min : .max) : difference)
    }
    public static func * (left: Span, right: Int64) -> Span {
        Span(left.nanoseconds, times: right)
    }
    public static func / (left: Span, right: Int64) -> Span {
        Span(nanoseconds: left.nanoseconds / right)
    }
    /// Scales by a fraction, as jitter and logarithmic timeouts need; `factor` must be finite.
    public func scaled(by factor: Double) -> Span {
        let product = Double(nanoseconds) * factor
        guard product < Double(Int64.max) else { return Span(nanoseconds: .max) }
        guard product > Double(Int64.min) else { return Span(nanoseconds: .min) }
        return Span(nanoseconds: Int64(product))
    }
}
