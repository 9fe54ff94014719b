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

    /// The probe could not be made: it counts neither way (`probe.Unknown`).
    mutating func noteUnknown(_ now: Instant) { nextAt = now + period }

    private static func seconds(_ json: JSON?, default value: Int64) -> Span {
        let seconds = json?.integer ?? 0
        return .seconds(seconds > 0 ? seconds : value)
    }

    private static func count(_ json: JSON?, default value: Int) -> Int {
        let count = json?.integer ?? 0
        return count > 0 ? Int(count) : value
    }
}

/// What came of one probe (`probe.Result`).
enum ProbeOutcome: Sendable, Equatable {
    case success
    /// Counts as a success and is told, such as a redirect to another host.
    case warning(String)
    case failure(String)
    /// Nobody can say; nothing follows from it.
    case unknown(String)

    init(
        _ result: Result<RuntimeResponse, RuntimeError>, _ action: JSON, _ kind: ProbeKind
    ) {
        switch result {
        case .success(let response): self.init(response)
        case .failure(let error):
            guard let exec = action["exec"] else {
                self = .failure(error.message)
                return
            }
            guard error.code == .deadline else {
                self = .unknown(error.message)
                return
            }
            let command = exec["command"].strings.joined(separator: " ")
            let timeout = ProbeWorker(kind, action, startedAt: .zero).timeout
            self = .failure(
                "command timed out: \"\(command)\" timed out after \(GoDuration.text(timeout))")
        }
    }

    private init(_ response: RuntimeResponse) {
        switch response {
        case .execution(0, _): self = .success
        case .execution(_, let output): self = .failure(String(decoding: output, as: UTF8.self))
        case .http(200..<300, _): self = .success
        case .http(300..<400, let body):
            let text = String(decoding: body, as: UTF8.self)
            self = .warning("Probe terminated redirects, Response body: \(text)")
        case .http(let code, _): self = .failure("HTTP probe failed with statuscode: \(code)")
        case .health(let status):
            self = status == "SERVING"
                ? .success : .failure("service unhealthy (responded with \"\(status)\")")
        default: self = .success
        }
    }
}
