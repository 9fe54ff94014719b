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
    /// with the sidecars that run beside it, plus the overhead (KEP-753, KEP-688).
    package init(requestsOf pod: Pod) {
        var running = pod.containers.reduce(ResourceVector()) { $0 + ResourceVector($1.requests) }
        var sidecars = ResourceVector()
        var peak = ResourceVector()
        for container in pod.initContainers {
            let requests = ResourceVector(container.requests)
            if container.json["restartPolicy"]?.string == "Always" {
                sidecars = sidecars + requests
                peak = peak.maximum(sidecars)
            } else {
                peak = peak.maximum(sidecars + requests)
            }
        }
        running = running + sidecars
        let overhead = pod.spec["overhead"].stringMap.compactMapValues(Quantity.init)
        self = running.maximum(peak) + ResourceVector(overhead)
    }
}
