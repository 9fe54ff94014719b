import JSON
import Objects

/// Requests and limits of a Pod's containers as the kernel is told of them.
enum PodResources {
    /// `status.qosClass`.
    enum QualityOfService: String, Sendable {
        case guaranteed = "Guaranteed"
        case burstable = "Burstable"
        case bestEffort = "BestEffort"
    }

    /// Guaranteed: every container has limits of CPU and memory, equal to its requests.
    /// BestEffort: none has any. Burstable: the rest.
    ///
    /// Resources of the Pod as a whole, where it has any, stand for those of its containers.
    static func qualityOfService(_ pod: Pod) -> QualityOfService {
        if let whole = PodLevel(pod) { return whole.qualityOfService }
        var hasAny = false
        var allEqual = true
        for container in pod.initContainers + pod.containers {
            for name in ["cpu", "memory"] {
                let limit = container.limits[name] ?? .zero
                let request = container.requests[name] ?? limit
                if limit != .zero || request != .zero { hasAny = true }
                if limit == .zero || limit != request { allEqual = false }
            }
        }
        if !hasAny { return .bestEffort }
        return allEqual ? .guaranteed : .burstable
    }

    /// A container without a limit of its own has the one of the Pod as a whole.
    static func linux(
        _ container: Container, pod: Pod, memoryCapacity: Int64
    ) -> LinuxResources {
        let whole = PodLevel(pod)
        let limit = container.limits["cpu"] ?? whole?.limits["cpu"] ?? .zero
        let request = container.requests["cpu"] ?? limit
        var result = LinuxResources(
            cpuShares: shares(milli: request.milli), cpuPeriod: period,
            memoryLimitBytes: (container.limits["memory"] ?? whole?.limits["memory"])?.value ?? 0,
            oomScoreAdjustment: oomScore(container, pod: pod, memoryCapacity: memoryCapacity))
        if limit != .zero { result.cpuQuota = quota(milli: limit.milli) }
        return result
    }

    /// Microseconds; the kernel's default period of CFS.
    static let period: Int64 = 100_000

    /// 1,024 shares for one CPU, between 2 and 262,144.
    static func shares(milli: Int64) -> Int64 {
        let (product, overflow) = max(0, milli).multipliedReportingOverflow(by: 1_024)
        return overflow ? 262_144 : min(max(product / 1_000, 2), 262_144)
    }

    /// At least 1 ms, which is the least that the kernel takes.
    static func quota(milli: Int64) -> Int64 {
        let (product, overflow) = max(0, milli).multipliedReportingOverflow(by: period)
        return overflow ? Int64.max : max(product / 1_000, 1_000)
    }

    /// Guaranteed −997, BestEffort 1,000, else the less the more memory was asked for, within
    /// 3…999 (`pkg/kubelet/qos`).
    private static func oomScore(
        _ container: Container, pod: Pod, memoryCapacity: Int64
    ) -> Int64 {
        if (pod.spec["priority"]?.integer ?? 0) >= 2_000_000_000 { return -997 }
        switch qualityOfService(pod) {
        case .guaranteed: return -997
        case .bestEffort: return 1_000
        case .burstable:
            let request = container.requests["memory"] ?? container.limits["memory"] ?? .zero
            guard memoryCapacity > 0 else { return 999 }
            let share = Double(request.value) / Double(memoryCapacity) * 1_000
            return min(max(1_000 - Int64(min(share, 1_000)), 3), 999)
        }
    }
}
