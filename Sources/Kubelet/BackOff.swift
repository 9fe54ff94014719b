import Base

/// Doubling waits in the manner of `flowcontrol.Backoff`: the first event is free, and what
/// stayed quiet for twice the maximum starts over.
struct BackOff: Sendable, Equatable {
    let initial: Span
    let maximum: Span
    private(set) var delay: Span = .zero
    private var updatedAt: Instant?

    init(initial: Span, maximum: Span) {
        self.initial = initial
        self.maximum = maximum
    }

    /// When something that ended at `end` may be tried again.
    func mayRetry(after end: Instant) -> Instant {
        isStale(at: end) ? end : end + delay
    }

    /// Notes a try at `now` of something that had ended at `end`.
    mutating func noteTry(endedAt end: Instant, now: Instant) {
        delay = isStale(at: end) ? initial : min(delay * 2, maximum)
        updatedAt = now
    }

    private func isStale(at end: Instant) -> Bool {
        guard let updatedAt else { return true }
        return end - updatedAt > maximum * 2
    }
}

/// Doubling waits between tries of a request that failed for no fault of the Pod.
struct Retry: Sendable, Equatable {
    private var delay: Span = .zero
    private(set) var at: Instant?

    func isDue(_ now: Instant) -> Bool { at.map { $0 <= now } ?? true }

    mutating func noteFailure(_ limits: KubeletLimits, now: Instant) {
        delay = delay == .zero ? limits.retryDelay : min(delay * 2, limits.retryDelayMax)
        at = now + delay
    }

    mutating func noteSuccess() { self = Retry() }

    /// Makes the next try due at once, because something changed.
    mutating func hasten() { at = nil }
}
