import Base
import JSON
import Objects

/// What a request in flight is for, within one Pod. Containers are named by name and, where the
/// answer concerns one instance, by its identifier too.
enum PodOperation: Hashable, Sendable {
    case prepareVolumes
    case runSandbox
    case stopSandbox(id: String)
    case removeSandbox(id: String)
    case inspectImage(String)
    case pullImage(String)
    case create(String)
    case start(String, id: String)
    case inspect(String, id: String)
    case stop(String, id: String)
    /// A second stop with less grace than the first.
    case hasten(String, id: String)
    /// A container or sandbox that belongs to no known life of the Pod.
    case stopStray(id: String)
    case removeOld(id: String)
    case removeStraySandbox(id: String)
    case terminationMessage(String, id: String)
    /// The end of the log, where there is no message (`FallbackToLogsOnError`).
    case terminationLog(String, id: String)
    case resize(String, id: String)
    /// The stop signal of the container's own choice.
    case signal(String, id: String)
    case postStart(String, id: String)
    case preStop(String, id: String)
    case probe(String, id: String, ProbeKind)
    case removeDirectory
    case environmentFile(String, EnvironmentFileName)
    case imageVolume(String, ImageVolume.Step)

    /// Whether a list of the runtime taken meanwhile may be out of date.
    var changesRuntime: Bool {
        switch self {
        case .runSandbox, .stopSandbox, .removeSandbox, .create, .start, .stop, .hasten,
            .signal, .stopStray, .removeOld, .removeStraySandbox:
            true
        default: false
        }
    }

    var isPull: Bool {
        switch self {
        case .pullImage, .imageVolume(_, .pulling): return true
        default: return false
        }
    }
}

/// An Event that a Pod's life gives rise to.
struct PodEvent: Sendable, Equatable {
    var isWarning: Bool
    var reason: String
    var message: String
    /// Nil for the Pod as a whole, else such as `spec.containers{web}`.
    var fieldPath: String?
}

/// What a Pod sees of the kubelet during one step, and what it asks for in it.
struct PodTurn {
    let configuration: KubeletConfiguration
    let machine: MachineFacts
    let sources: PodSources
    let isLeaseHeld: Bool
    /// Pods that need the runtime's network can be given it.
    var isNetworkReady = true
    var imageAccess = ImageAccess()
    /// What the Pod's containers used when the machine was last looked at, by name.
    var usage: [String: ContainerStatistics] = [:]
    let instant: Instant
    let wall: WallTime

    var requests: [(operation: PodOperation, request: RuntimeRequest)] = []
    var events: [PodEvent] = []
    var tokens: [TokenRequest] = []
    var marks: [String] = []
    /// Images that were pulled, and the Secrets whose logins were tried.
    var pulls: [(image: String, secrets: Set<String>)] = []
    /// The Pod does not know what the runtime holds and must see a list before it goes on.
    var wantsList = false

    var limits: KubeletLimits { configuration.limits }

    init(
        configuration: KubeletConfiguration, machine: MachineFacts, sources: PodSources,
        isLeaseHeld: Bool, at instant: Instant, wall: WallTime
    ) {
        self.configuration = configuration
        self.machine = machine
        self.sources = sources
        self.isLeaseHeld = isLeaseHeld
        self.instant = instant
        self.wall = wall
    }

    mutating func note(_ reason: String, _ message: String, container: ContainerTrack? = nil) {
        events.append(
            PodEvent(
                isWarning: false, reason: reason, message: message,
                fieldPath: container?.fieldPath))
    }

    mutating func warn(_ reason: String, _ message: String, container: ContainerTrack? = nil) {
        events.append(
            PodEvent(
                isWarning: true, reason: reason, message: message,
                fieldPath: container?.fieldPath))
    }
}
