import Base
import JSON
import Objects

enum ProbeKind: String, Hashable, Sendable {
    case startup = "Startup"
    case liveness = "Liveness"
    case readiness = "Readiness"

    var field: String {
        switch self {
        case .startup: "startupProbe"
        case .liveness: "livenessProbe"
        case .readiness: "readinessProbe"
        }
    }
}

/// One probe of one running instance (`v1.Probe`), with Kubernetes' defaults.
struct ProbeWorker: Sendable, Equatable {
    let kind: ProbeKind
    let action: JSON
    /// Nil while a probe is under way.
    private(set) var nextAt: Instant?
    /// Readiness and startup begin as failures, liveness as a success.
    private(set) var isSuccessful: Bool
    private var successes = 0
    private var failures = 0

    init(_ kind: ProbeKind, _ action: JSON, startedAt: Instant) {
        self.kind = kind
        self.action = action
        isSuccessful = kind == .liveness
        nextAt = startedAt + Self.seconds(action["initialDelaySeconds"], default: 0)
    }

    var timeout: Span { Self.seconds(action["timeoutSeconds"], default: 1) }

    private var period: Span { Self.seconds(action["periodSeconds"], default: 10) }
    private var successThreshold: Int { Self.count(action["successThreshold"], default: 1) }
    private var failureThreshold: Int { Self.count(action["failureThreshold"], default: 3) }

    func isDue(_ now: Instant) -> Bool { nextAt.map { $0 <= now } ?? false }

    mutating func noteBegun() { nextAt = nil }

    /// True when the probe has now failed as often as its threshold says.
    mutating func note(success: Bool, now: Instant) -> Bool {
        nextAt = now + period
        if success {
            successes += 1
            failures = 0
            if successes >= successThreshold { isSuccessful = true }
            return false
        }
        failures += 1
        successes = 0
        guard failures >= failureThreshold else { return false }
        isSuccessful = false
        return true
    }

    private static func seconds(_ json: JSON?, default value: Int64) -> Span {
        let seconds = json?.integer ?? 0
        return .seconds(seconds > 0 ? seconds : value)
    }

    private static func count(_ json: JSON?, default value: Int) -> Int {
        let count = json?.integer ?? 0
        return count > 0 ? Int(count) : value
    }
}
