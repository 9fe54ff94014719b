package import Base
import JSON
package import Objects

/// What the scheduler and the controllers need of a Pod, worked out once per change.
package final class PodRecord: Sendable {
    private let record: ObjectRecord
    private let document: Pod?
    /// The UID of the managing controller.
    package let controllerUID: String?
    /// `spec.nodeName`; see ``ClusterState/node(of:)`` for Pods whose binding is under way.
    package let nodeName: String?
    package let isFinished: Bool
    package let isReady: Bool
    package let requests: ResourceVector
    package let hostPorts: [HostPort]
    package let priority: Int64
    package let createdAt: WallTime
    package let readySince: WallTime?
    /// The claims of its volumes, and whether some are to be made for it alone.
    package let claims: [ObjectKey]
    package let hasEphemeralClaims: Bool
    /// Its wishes about other Pods, which bear on later Pods too.
    let affinity: AffinityTerms?

    /// A port of the machine that a container takes.
    package struct HostPort: Sendable, Hashable {
        package let address: String
        package let port: Int64
        package let transport: String

        /// Two claims clash when transport and port agree and neither address excludes the other.
        package func clashes(with other: HostPort) -> Bool {
            port == other.port && transport == other.transport
                && (address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0")
        }
    }

    /// What a record tells, whose document has just been read.
    init(_ record: ObjectRecord, _ pod: Pod) {
        self.record = record
        document = nil
        controllerUID = record.controller?.uid
        nodeName = pod.nodeName
        isFinished = pod.isFinished
        let ready = pod.condition("Ready")
        isReady = ready?.isTrue ?? false
        requests = ResourceVector(requestsOf: pod)
        hostPorts = Self.hostPorts(of: pod)
        affinity = AffinityTerms(of: pod, labels: record.labels)
        claims = ClaimRecord.keys(of: pod)
        hasEphemeralClaims = pod.volumes.contains { $0["ephemeral"] != nil }
        priority = pod.spec["priority"]?.integer ?? 0
        createdAt = pod.metadata.creationTimestamp ?? WallTime(seconds: 0)
        readySince =
            isReady
            ? ready?.json["lastTransitionTime"]?.string.flatMap(WallTime.init(rfc3339:)) : nil
    }

    package var key: ObjectKey { record.key }
    package var uid: String { record.uid }
    package var labels: [String: String] { record.labels }
    package var isBeingDeleted: Bool { record.isBeingDeleted }

    /// The whole document, read anew each time unless it is kept.
    package var pod: Pod { document ?? Pod(record.json) }

    /// The same with its document kept, for who looks at it more than once.
    func keeping(_ document: Pod) -> PodRecord { PodRecord(self, document) }

    var withDocument: PodRecord { keeping(pod) }

    private init(_ other: PodRecord, _ document: Pod) {
        record = other.record
        self.document = document
        controllerUID = other.controllerUID
        nodeName = other.nodeName
        isFinished = other.isFinished
        isReady = other.isReady
        requests = other.requests
        hostPorts = other.hostPorts
        affinity = other.affinity
        claims = other.claims
        hasEphemeralClaims = other.hasEphemeralClaims
        priority = other.priority
        createdAt = other.createdAt
        readySince = other.readySince
    }

    private static func hostPorts(of pod: Pod) -> [HostPort] {
        let sidecars = pod.initContainers.filter {
            $0.json["restartPolicy"]?.string == "Always"
        }
        return (pod.containers + sidecars).flatMap { container in
            container.ports.compactMap { port in
                let declared = pod.usesHostNetwork ? port["containerPort"] : nil
                guard let number = (port["hostPort"] ?? declared)?.integer, number > 0
                else { return nil }
                return HostPort(
                    address: port["hostIP"]?.string ?? "0.0.0.0", port: number,
                    transport: port["protocol"]?.string ?? "TCP")
            }
        }
    }

    /// Ready for at least `seconds` at `wall` (`minReadySeconds`).
    package func isAvailable(minReadySeconds seconds: Int64, at wall: WallTime) -> Bool {
        guard isReady else { return false }
        guard seconds > 0 else { return true }
        guard let readySince else { return false }
        return readySince + Span.seconds(seconds) <= wall
    }
}

/// What runs on one Node, or is about to.
package struct NodeLedger: Sendable {
    package var pods: Set<ObjectKey> = []
    /// The sum of the requests of Pods that are not finished.
    package var requested = ResourceVector()
    /// The sum with Kubernetes' stand-ins for Pods that ask for no CPU or memory; for scoring.
    package var requestedForScore = ResourceVector()
    /// How many Pods are not finished.
    package var runningCount = 0
    package var hostPorts: [PodRecord.HostPort] = []
    /// How many Pods of each controller are here.
    package var countByController: [String: Int] = [:]

    package init() {}

    package var isEmpty: Bool { pods.isEmpty }

    mutating func add(_ pod: PodRecord) {
        guard pods.insert(pod.key).inserted, !pod.isFinished else { return }
        requested = requested + pod.requests
        requestedForScore = requestedForScore + Self.scored(pod.requests)
        runningCount += 1
        hostPorts += pod.hostPorts
        if let controller = pod.controllerUID { countByController[controller, default: 0] += 1 }
    }

    mutating func remove(_ pod: PodRecord) {
        guard pods.remove(pod.key) != nil, !pod.isFinished else { return }
        requested = requested - pod.requests
        requestedForScore = requestedForScore - Self.scored(pod.requests)
        runningCount -= 1
        for port in pod.hostPorts {
            if let index = hostPorts.firstIndex(of: port) { hostPorts.remove(at: index) }
        }
        if let controller = pod.controllerUID, let count = countByController[controller] {
            countByController[controller] = count > 1 ? count - 1 : nil
        }
    }

    /// 100m of CPU and 200 MB of memory stand in for a request that is not made.
    package static func scored(_ requests: ResourceVector) -> ResourceVector {
        var result = requests
        if result.milliCPU == 0 { result.milliCPU = 100 }
        if result.memory == 0 { result.memory = 200 * 1_024 * 1_024 }
        return result
    }
}
