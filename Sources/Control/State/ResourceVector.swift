import JSON
package import Objects

/// Amounts of the resources that a Pod asks for or a Node offers; additions saturate.
package struct ResourceVector: Sendable, Equatable {
    package var milliCPU: Int64 = 0
    /// Bytes.
    package var memory: Int64 = 0
    /// Bytes.
    package var ephemeralStorage: Int64 = 0
    /// Everything else, by name.
    package var extended: [String: Int64] = [:]

    package init() {}

    package init(_ quantities: [String: Quantity]) {
        for (name, quantity) in quantities {
            switch name {
            case "cpu": milliCPU = quantity.milli
            case "memory": memory = quantity.value
            case "ephemeral-storage": ephemeralStorage = quantity.value
            case "pods": break
            default: extended[name] = quantity.value
            }
        }
    }

    package static func + (left: ResourceVector, right: ResourceVector) -> ResourceVector {
        left.combined(right) { left, right in
            let (sum, overflow) = left.addingReportingOverflow(right)
            return overflow ? .max : sum
        }
    }

    package static func - (left: ResourceVector, right: ResourceVector) -> ResourceVector {
        left.combined(right) { left, right in
            let (difference, overflow) = left.subtractingReportingOverflow(right)
            return overflow ? 0 : difference
        }
    }

    package func maximum(_ other: ResourceVector) -> ResourceVector { combined(other, max) }

    private func combined(
        _ other: ResourceVector, _ combine: (Int64, Int64) -> Int64
    ) -> ResourceVector {
        var result = self
        result.milliCPU = combine(milliCPU, other.milliCPU)
        result.memory = combine(memory, other.memory)
        result.ephemeralStorage = combine(ephemeralStorage, other.ephemeralStorage)
        for (name, amount) in other.extended {
            let sum = combine(extended[name] ?? 0, amount)
            result.extended[name] = sum == 0 ? nil : sum
        }
        return result
    }

    /// What a Pod asks for: the larger of all its containers together and of any init container
    /// with the sidecars that run beside it, plus the overhead (KEP-753, KEP-688). What it asks for
    /// as a whole stands for those of its containers (KEP-2837).
    package init(requestsOf pod: Pod) {
        let held = HeldResources(pod)
        func requests(of container: Container) -> ResourceVector {
            held.counted(ResourceVector(container.requests), held.ofContainers[container.name])
        }
        var running = pod.containers.reduce(ResourceVector()) { $0 + requests(of: $1) }
        var sidecars = ResourceVector()
        var peak = ResourceVector()
        for container in pod.initContainers {
            let requests = requests(of: container)
            if container.json["restartPolicy"]?.string == "Always" {
                sidecars = sidecars + requests
                peak = peak.maximum(sidecars)
            } else {
                peak = peak.maximum(sidecars + requests)
            }
        }
        running = running + sidecars
        var total = running.maximum(peak)
        let whole = (pod.spec["resources"]?["requests"]).stringMap.compactMapValues(Quantity.init)
        if !whole.isEmpty {
            let counted = held.counted(ResourceVector(whole), held.ofPod)
            if whole["cpu"] != nil { total.milliCPU = counted.milliCPU }
            if whole["memory"] != nil { total.memory = counted.memory }
            total.extended.merge(counted.extended) { $1 }
        }
        let overhead = pod.spec["overhead"].stringMap.compactMapValues(Quantity.init)
        self = total + ResourceVector(overhead)
    }
}

/// What a Pod holds while it wishes for other resources (KEP-1287): it counts with the larger of
/// both, and with what it holds when its machine can never give it more.
private struct HeldResources {
    private let isInfeasible: Bool
    var ofContainers: [String: ResourceVector] = [:]
    var ofPod: ResourceVector?

    init(_ pod: Pod) {
        let pending = pod.condition("PodResizePending")
        isInfeasible = pending?.reason == "Infeasible"
        guard pending != nil || pod.condition("PodResizeInProgress") != nil else { return }
        for list in ["containerStatuses", "initContainerStatuses"] {
            for status in pod.status[list]?.array ?? [] {
                guard let name = status["name"]?.string else { continue }
                ofContainers[name] = Self.vector(status["allocatedResources"])
                    .maximum(Self.vector(status["resources"]?["requests"]))
            }
        }
        ofPod = Self.vector(pod.status["allocatedResources"])
            .maximum(Self.vector(pod.status["resources"]?["requests"]))
    }

    func counted(_ wished: ResourceVector, _ held: ResourceVector?) -> ResourceVector {
        guard let held else { return wished }
        return isInfeasible ? held : wished.maximum(held)
    }

    private static func vector(_ json: JSON?) -> ResourceVector {
        ResourceVector(json.stringMap.compactMapValues(Quantity.init))
    }
}
