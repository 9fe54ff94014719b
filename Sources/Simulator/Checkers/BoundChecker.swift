import Daemon

/// No queue of a machine is ever longer than its core's limits say.
struct BoundChecker {
    /// The longest that each queue was seen, for people who choose the limits.
    private(set) var longest: [String: Int] = [:]

    mutating func check(_ machine: VirtualMachine) -> String? {
        for queue in machine.core?.queueSizes() ?? [] {
            if queue.size > longest[queue.name] ?? 0 { longest[queue.name] = queue.size }
            guard queue.size > queue.bound else { continue }
            return "\(machine.name) holds \(queue.size) \(queue.name); \(queue.bound) is the bound"
        }
        return nil
    }
}
