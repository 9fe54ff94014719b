import JSON
import Objects

/// `spec.resources`: requests and limits of a Pod as a whole.
struct PodLevel {
    let requests: [String: Quantity]
    let limits: [String: Quantity]

    /// Nil when the Pod has none of its own.
    init?(_ pod: Pod) {
        let resources = pod.spec["resources"]
        limits = (resources?["limits"]).stringMap.compactMapValues(Quantity.init)
        var requests = (resources?["requests"]).stringMap.compactMapValues(Quantity.init)
        for (name, limit) in limits where requests[name] == nil { requests[name] = limit }
        self.requests = requests
        guard !requests.isEmpty else { return nil }
    }

    var qualityOfService: PodResources.QualityOfService {
        let names = ["cpu", "memory"]
        let isEqual = names.allSatisfy { limits[$0] != nil && limits[$0] == requests[$0] }
        return isEqual ? .guaranteed : .burstable
    }
}

/// What the kernel is told of a Pod's cgroup, in which those of its containers lie.
package struct CgroupSettings: Sendable, Equatable {
    /// Relative to the root of every hierarchy.
    package var path: String
    package var cpuShares: Int64
    /// Microseconds of CPU time in each ``cpuPeriod``; nil is without limit.
    package var cpuQuota: Int64?
    package var cpuPeriod: Int64
    package var memoryLimitBytes: Int64?
    package var processesMax: Int64?

    package init(
        path: String, cpuShares: Int64, cpuQuota: Int64?, cpuPeriod: Int64,
        memoryLimitBytes: Int64?, processesMax: Int64?
    ) {
        self.path = path
        self.cpuShares = cpuShares
        self.cpuQuota = cpuQuota
        self.cpuPeriod = cpuPeriod
        self.memoryLimitBytes = memoryLimitBytes
        self.processesMax = processesMax
    }
}

extension PodResources {
    /// The most memory that the Pod's containers may use together; nil when one has no limit.
    static func memoryLimit(of pod: Pod) -> Int64? { total(of: pod, "memory")?.value }

    static func cgroup(of pod: Pod, path: String, processesMax: Int64?) -> CgroupSettings {
        let request = PodLevel(pod)?.requests["cpu"]
            ?? sum(of: pod) { $0.requests["cpu"] ?? $0.limits["cpu"] ?? .zero }
        return CgroupSettings(
            path: path, cpuShares: shares(milli: request.milli),
            cpuQuota: total(of: pod, "cpu").map { quota(milli: $0.milli) }, cpuPeriod: period,
            memoryLimitBytes: memoryLimit(of: pod), processesMax: processesMax)
    }

    /// The limit of the Pod as a whole, else that of all its containers together.
    private static func total(of pod: Pod, _ name: String) -> Quantity? {
        if let limit = PodLevel(pod)?.limits[name] { return limit }
        let isLimited = (pod.containers + pod.initContainers).allSatisfy {
            $0.limits[name].map { $0 != .zero } ?? false
        }
        guard isLimited, !pod.containers.isEmpty else { return nil }
        return sum(of: pod) { $0.limits[name] ?? .zero }
    }

    /// Application containers and sidecars run together; an init container runs with the sidecars
    /// before it (`resourcehelper.PodRequests`).
    private static func sum(of pod: Pod, _ amount: (Container) -> Quantity) -> Quantity {
        var sidecars = Quantity.zero
        var peak = Quantity.zero
        for container in pod.initContainers {
            if container.json["restartPolicy"]?.string == "Always" {
                sidecars = sidecars + amount(container)
                peak = max(peak, sidecars)
            } else {
                peak = max(peak, sidecars + amount(container))
            }
        }
        let running = pod.containers.reduce(sidecars) { $0 + amount($1) }
        return max(peak, running)
    }
}
