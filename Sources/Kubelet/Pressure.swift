import Base

/// A shortage of the machine that costs Pods their place (`evictionapi.Signal`).
enum Pressure: String, Sendable, Hashable, CaseIterable {
    case memory = "MemoryPressure"
    case disk = "DiskPressure"
    case processes = "PIDPressure"

    /// The reason and message of the Node's condition.
    func words(isPressed: Bool) -> (reason: String, message: String) {
        switch (self, isPressed) {
        case (.memory, true):
            ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available")
        case (.memory, false):
            ("KubeletHasSufficientMemory", "kubelet has sufficient memory available")
        case (.disk, true): ("KubeletHasDiskPressure", "kubelet has disk pressure")
        case (.disk, false): ("KubeletHasNoDiskPressure", "kubelet has no disk pressure")
        case (.processes, true):
            ("KubeletHasInsufficientPID", "kubelet has insufficient PID available")
        case (.processes, false):
            ("KubeletHasSufficientPID", "kubelet has sufficient PID available")
        }
    }
}

/// A threshold that was crossed.
struct Shortage: Sendable, Equatable {
    enum Resource: String, Sendable {
        case memory
        case storage = "ephemeral-storage"
        case inodes
        case processes = "pids"
    }

    var pressure: Pressure
    var resource: Resource
    var threshold: Int64
    var available: Int64

    /// The thresholds that the machine is below, the one that hurts most first.
    static func all(in statistics: MachineStatistics, _ limits: KubeletLimits) -> [Shortage] {
        var result: [Shortage] = []
        func check(
            _ pressure: Pressure, _ resource: Resource, _ available: Int64, below threshold: Int64
        ) {
            guard threshold > 0, available < threshold else { return }
            result.append(
                Shortage(
                    pressure: pressure, resource: resource, threshold: threshold,
                    available: available))
        }
        func share(_ percent: Int64, of whole: Int64) -> Int64 { whole / 100 * percent }
        if statistics.memory.capacityBytes > 0 {
            check(
                .memory, .memory, statistics.memory.availableBytes,
                below: limits.evictionMemoryAvailable)
        }
        let systems = [
            (statistics.nodeFileSystem, limits.evictionNodeDiskPercent),
            (statistics.imageFileSystem, limits.evictionImageDiskPercent),
        ]
        for (system, percent) in systems {
            check(
                .disk, .storage, system.availableBytes,
                below: share(percent, of: system.capacityBytes))
            check(
                .disk, .inodes, system.inodesFree,
                below: share(limits.evictionInodesPercent, of: system.inodes))
        }
        check(
            .processes, .processes, statistics.processesMax - statistics.processes,
            below: share(limits.evictionProcessesPercent, of: statistics.processesMax))
        return result
    }
}

/// Sizes as Kubernetes prints them: the largest binary unit that divides evenly.
enum BinarySize {
    static func text(_ bytes: Int64) -> String {
        var value = bytes
        var unit = 0
        let units = ["", "Ki", "Mi", "Gi", "Ti", "Pi"]
        while value != 0, value % 1_024 == 0, unit + 1 < units.count {
            value /= 1_024
            unit += 1
        }
        return "\(value)\(units[unit])"
    }
}
