import Base
import JSON
import Objects

/// One container of a Pod over all its restarts.
///
///     none ── create ──► created ── start ──► running ──► exited ──┐
///       ▲                                                          │ policy, back-off
///       └──────────────────────────────────────────────────────────┘
///
/// Invariants: at most one instance is not exited; a new one is made only after the one before
/// has exited, and only when ``mayRestart(_:)`` says so.
struct ContainerTrack: Sendable {
    enum Role: Sendable, Equatable {
        /// Runs to its end before the next one starts.
        case initial
        /// An init container with restartPolicy Always: it starts in order and keeps running.
        case sidecar
        case application
        /// Added to a running Pod to look into it: it runs once and no more.
        case ephemeral
    }

    /// What is shown as `state.waiting`.
    struct Waiting: Sendable, Equatable {
        var reason: String
        var message: String?
    }

    /// How far the image of the next instance has come.
    enum ImageProgress: Sendable, Equatable {
        case unknown
        case inspecting
        case pulling(since: Instant)
        case ready(ImageState)
    }

    /// A stop that was asked for, by deletion or by a failed probe.
    struct Stop: Sendable, Equatable {
        enum Hook: Sendable, Equatable {
            case pending
            case running
            case sleeping(until: Instant)
            case done
        }
        /// The end of the grace period.
        var deadline: Instant
        var hook: Hook = .pending
        var retry = Retry()
        /// The deadline that the runtime was told of.
        var toldDeadline: Instant?
        /// When the signal of the container's own choice went out, in place of TERM.
        var signalledAt: Instant?
        var isSignalRefused = false

        /// When the container is killed although it was signalled.
        func killAt(_ limits: KubeletLimits) -> Instant? {
            signalledAt.map { max(deadline, $0 + .seconds(limits.gracePeriodMinSeconds)) }
        }
    }

    var spec: Container
    let role: Role
    var instance: ContainerInstance?
    var previous: ContainerInstance?
    var nextAttempt: UInt32 = 0
    var image = ImageProgress.unknown
    /// The name that ``image`` is about.
    var imageAsked = ""
    var waiting: Waiting?
    var stop: Stop?
    var isPostStartPending = false
    /// The end of a postStart hook that sleeps.
    var postStartUntil: Instant?
    /// An init container ended well in this sandbox.
    var isDone = false
    /// The Pod starts over as a whole, so this container runs again whatever its policy says.
    var mustRunAgain = false
    var probes: [ProbeWorker] = []
    /// The resources that the runtime is being told.
    var resizingTo: (resources: JSON?, ofPod: JSON?)?
    var restartBackOff: BackOff
    /// The attempt whose end the back-off has counted.
    var backOffNoted: UInt32?
    var imageBackOff: BackOff
    var imageFailedAt: Instant?
    var retry = Retry()
    /// What files of variables hold, nil for one that is not there; read before each creation.
    var environmentFiles: [EnvironmentFileName: [UInt8]?] = [:]
    /// A failure stays visible until then, before the next try or the next reason.
    var holdUntil: Instant?

    init(_ spec: Container, role: Role, _ limits: KubeletLimits) {
        self.spec = spec
        self.role = role
        restartBackOff = BackOff(
            initial: limits.restartBackOff, maximum: limits.restartBackOffMax)
        imageBackOff = BackOff(initial: limits.imageBackOff, maximum: limits.imageBackOffMax)
    }

    var name: String { spec.name }
    var restartCount: UInt32 { nextAttempt > 0 ? nextAttempt - 1 : 0 }
    var isLive: Bool { instance.map { $0.phase != .exited } ?? false }
    var isRunning: Bool { instance?.phase == .running }
    var hasExited: Bool { instance?.phase == .exited }

    var fieldPath: String {
        switch role {
        case .application: "spec.containers{\(name)}"
        case .ephemeral: "spec.ephemeralContainers{\(name)}"
        case .initial, .sidecar: "spec.initContainers{\(name)}"
        }
    }

    /// `started`: running, its postStart hook done, its startup probe passed.
    var isStarted: Bool {
        isRunning && !isPostStartPending
            && probes.allSatisfy { $0.kind != .startup || $0.isSuccessful }
    }

    /// `ready`: started, and the readiness probe passes. An init container is ready when done.
    var isReady: Bool {
        if role == .initial { return isDone }
        if role == .ephemeral { return false }
        return isStarted && probes.allSatisfy { $0.kind != .readiness || $0.isSuccessful }
    }

    /// Whether the policy lets the container run again after it has exited: a rule for its exit
    /// code first, then the container's own policy, then the Pod's.
    func mayRestart(_ podPolicy: String) -> Bool {
        guard let instance, instance.phase == .exited, !mustRunAgain else { return true }
        switch role {
        case .ephemeral: return false
        case .sidecar: return true
        case .initial:
            // One that ended well and is not done did so in a sandbox that is gone.
            guard !isDone, instance.exitCode != 0 else { return !isDone }
            return RestartRules(spec, podPolicy).action(after: instance.exitCode) != nil
        case .application:
            return RestartRules(spec, podPolicy).action(after: instance.exitCode) != nil
        }
    }
}

/// What follows from the end of a container: `restartPolicyRules`, then `restartPolicy` of the
/// container, then that of the Pod.
struct RestartRules {
    enum Action: Sendable, Equatable {
        case container
        /// `RestartAllContainers`: the whole Pod starts over in its sandbox.
        case pod
    }

    private let spec: JSON
    private let policy: String

    init(_ container: Container, _ podPolicy: String) {
        spec = container.json
        policy = container.json["restartPolicy"]?.string ?? podPolicy
    }

    /// Nil when the container rests.
    func action(after exitCode: Int32) -> Action? {
        for rule in spec["restartPolicyRules"]?.array ?? [] where matches(rule, exitCode) {
            return rule["action"]?.string == "RestartAllContainers" ? .pod : .container
        }
        switch policy {
        case "Never": return nil
        case "OnFailure": return exitCode == 0 ? nil : .container
        default: return .container
        }
    }

    private func matches(_ rule: JSON, _ exitCode: Int32) -> Bool {
        let codes = rule["exitCodes"]
        let isListed = (codes?["values"]?.array ?? []).contains {
            $0.integer == Int64(exitCode)
        }
        switch codes?["operator"]?.string {
        case "In": return isListed
        case "NotIn": return !isListed
        default: return false
        }
    }
}

/// One life of a container.
struct ContainerInstance: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        case created, running, exited
    }

    var id: String
    var sandboxID: String
    var attempt: UInt32
    var phase: Phase
    var imageID: String
    var hash: String
    var startedAt: WallTime?
    var finishedAt: WallTime?
    /// The same on the daemon's clock, for back-off.
    var endedAt: Instant?
    var runningSince: Instant?
    var exitCode: Int32 = 0
    var reason = ""
    var message = ""
    /// The requests and limits that it runs with.
    var resources: JSON?
    /// Those of the Pod as a whole at that time.
    var podResources: JSON?
}
