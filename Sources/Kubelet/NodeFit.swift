import JSON
import Objects

/// Whether a Pod that was bound here fits beside the others. A scheduler has seen to it, but a
/// user may bind a Pod by `nodeName`, and static Pods are asked of nobody
/// (`pkg/kubelet/lifecycle/predicate.go`).
struct NodeFit {
    let machine: MachineFacts
    /// Kept from Pods (see ``NodeReporter``).
    static let memoryReserved: Int64 = 100 * 1_024 * 1_024

    /// Why the Pod is refused; nil when it fits.
    func refusal(of pod: Pod, beside others: [Pod]) -> PodLifecycle.Failure? {
        for (resource, capacity) in Self.capacities(machine) where capacity > 0 {
            let wanted = Self.request(resource, pod)
            guard wanted > 0 else { continue }
            let used = others.reduce(Int64(0)) { $0 + Self.request(resource, $1) }
            guard wanted + used > capacity else { continue }
            return PodLifecycle.Failure(
                reason: "OutOf\(resource)",
                message: "Pod was rejected: Node didn't have enough resource: \(resource), "
                    + "requested: \(wanted), used: \(used), capacity: \(capacity)")
        }
        let ports = Self.ports(of: pod)
        guard !ports.isEmpty else { return nil }
        let taken = Set(others.flatMap(Self.ports))
        guard ports.contains(where: taken.contains) else { return nil }
        return PodLifecycle.Failure(
            reason: "NodePorts",
            message: "Pod was rejected: Predicate NodePorts failed: "
                + "node(s) didn't have free ports for the requested pod ports")
    }

    /// What Pods may ask for together.
    static func capacities(_ machine: MachineFacts) -> [(resource: String, amount: Int64)] {
        [("cpu", machine.cpuMilli), ("memory", machine.memoryBytes - memoryReserved)]
    }

    /// What the Pod as a whole asks for, else what runs at the same time; never more than a
    /// scheduler counts.
    static func request(_ resource: String, _ pod: Pod) -> Int64 {
        if let whole = PodLevel(pod)?.requests[resource] {
            return resource == "cpu" ? whole.milli : whole.value
        }
        let sidecars = pod.initContainers.filter { $0.json["restartPolicy"]?.string == "Always" }
        return (pod.containers + sidecars).reduce(0) { total, container in
            let quantity = container.requests[resource] ?? container.limits[resource] ?? .zero
            return total + (resource == "cpu" ? quantity.milli : quantity.value)
        }
    }

    private struct Port: Hashable {
        let address: String
        let transport: String
        let number: Int64
    }

    private static func ports(of pod: Pod) -> [Port] {
        pod.containers.flatMap { container in
            container.ports.compactMap { port -> Port? in
                guard let number = port["hostPort"]?.integer, number > 0 else { return nil }
                return Port(
                    address: port["hostIP"]?.string ?? "",
                    transport: port["protocol"]?.string ?? "TCP", number: number)
            }
        }
    }
}
