package import Base
package import Raft

/// No machine refuses appends again and again: a leader that hears a refusal goes back to where the
/// logs agree, so the next appends fit. A refusal that changes nothing would be asked for without
/// end, as fast as the network allows.
package struct RefusalChecker {
    private struct Window {
        var start: Instant
        var count: Int
    }

    /// By the machine that refuses.
    private var windows: [MachineName: Window] = [:]

    package static let windowLength = Span.seconds(10)
    package static let refusalsMax = 1_000

    package init() {}

    /// A machine sends a message; the rule that it breaks, or nil.
    package mutating func note(
        _ message: RaftMessage, of name: MachineName, at now: Instant
    ) -> String? {
        guard case .appendRejected = message else { return nil }
        var window = windows[name] ?? Window(start: now, count: 0)
        if now - window.start >= Self.windowLength { window = Window(start: now, count: 0) }
        window.count += 1
        windows[name] = window
        guard window.count > Self.refusalsMax else { return nil }
        return "\(name) has refused \(window.count) appends in "
            + "\((now - window.start).milliseconds) ms; \(Self.refusalsMax) are the bound"
    }
}
