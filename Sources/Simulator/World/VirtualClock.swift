import Base

/// One machine's clocks. The monotonic one starts anew with each boot and drifts against the
/// world's time; the calendar is off by what it was set to.
struct VirtualClock {
    /// The world's time when the machine booted.
    private var bootedAt = Instant.zero
    /// What the machine's monotonic clock showed then.
    private var origin = Instant.zero
    /// How much faster than the world's time the clock runs, in millionths.
    let driftPartsPerMillion: Int64
    private(set) var wallSkew: Span

    /// The calendar at the origin of the world's time: 2026-11-21T06:00:00Z.
    static let epoch = WallTime(seconds: 1_795_240_800)

    init(driftPartsPerMillion: Int64, wallSkew: Span) {
        self.driftPartsPerMillion = driftPartsPerMillion
        self.wallSkew = wallSkew
    }

    mutating func boot(at now: Instant, origin: Instant) {
        bootedAt = now
        self.origin = origin
    }

    /// Somebody sets the calendar.
    mutating func jump(by span: Span) { wallSkew = wallSkew + span }

    func local(at now: Instant) -> Instant { origin + stretched(now - bootedAt) }

    func wall(at now: Instant) -> WallTime { Self.epoch + (now - .zero) + wallSkew }

    /// The first instant of the world's time at which the local clock shows at least `local`.
    func world(atLocal local: Instant) -> Instant {
        guard local > origin else { return bootedAt }
        guard local < .distantFuture else { return .distantFuture }
        let wanted = local - origin
        let (product, overflow) = wanted.nanoseconds.multipliedReportingOverflow(by: Self.million)
        guard !overflow else { return .distantFuture }
        var elapsed = Span(nanoseconds: product / (Self.million + driftPartsPerMillion))
        while stretched(elapsed) < wanted { elapsed = elapsed + .nanoseconds(1) }
        return bootedAt + elapsed
    }

    private func stretched(_ elapsed: Span) -> Span {
        // Whole microseconds drift; that keeps the product far from overflow for years.
        elapsed + .nanoseconds(elapsed.nanoseconds / 1_000 * driftPartsPerMillion / 1_000)
    }

    private static let million: Int64 = 1_000_000
}
