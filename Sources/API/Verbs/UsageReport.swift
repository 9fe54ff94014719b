package import Base
package import JSON

/// What one machine and its Pods used over a short while, as machines tell each other.
package struct UsageReport: Sendable, Equatable {
    package struct Amount: Sendable, Equatable {
        /// Processor time in a second, in nanoseconds.
        package var cpu: Int64
        package var memoryBytes: Int64

        package init(cpu: Int64, memoryBytes: Int64) {
            self.cpu = cpu
            self.memoryBytes = memoryBytes
        }
    }

    /// The end of the while.
    package var time: WallTime
    package var windowMilliseconds: Int64
    package var machine: Amount
    /// By Pod UID, then by container name.
    package var pods: [String: [String: Amount]]

    package init(
        time: WallTime, windowMilliseconds: Int64, machine: Amount,
        pods: [String: [String: Amount]]
    ) {
        self.time = time
        self.windowMilliseconds = windowMilliseconds
        self.machine = machine
        self.pods = pods
    }

    /// Nil when it is not what ``json`` writes.
    package init?(_ json: JSON) {
        guard let time = json["time"]?.string.flatMap(WallTime.init(rfc3339:)),
            let window = json["window"]?.integer, window > 0,
            let machine = json["machine"].flatMap(Amount.init), case .object(let members)? =
                json["pods"]
        else { return nil }
        var pods: [String: [String: Amount]] = [:]
        for (uid, containers) in members {
            guard case .object(let containers) = containers else { return nil }
            for (name, amount) in containers { pods[uid, default: [:]][name] = Amount(amount) }
        }
        self.init(time: time, windowMilliseconds: window, machine: machine, pods: pods)
    }

    package var json: JSON {
        var members = JSONObject()
        for (uid, containers) in pods.sorted(by: { $0.key < $1.key }) {
            let amounts = containers.sorted { $0.key < $1.key }
            members[uid] = .object(JSONObject(amounts.map { ($0.key, $0.value.json) }))
        }
        return [
            "time": .string(time.rfc3339Nano), "window": .integer(windowMilliseconds),
            "machine": machine.json, "pods": .object(members),
        ]
    }
}

extension UsageReport.Amount {
    fileprivate init?(_ json: JSON) {
        guard let cpu = json["cpu"]?.integer, let memory = json["memory"]?.integer else {
            return nil
        }
        self.init(cpu: cpu, memoryBytes: memory)
    }

    fileprivate var json: JSON { ["cpu": .integer(cpu), "memory": .integer(memoryBytes)] }

    /// As the resource metrics API writes it.
    var usage: JSON {
        ["cpu": .string("\(cpu)n"), "memory": .string("\(memoryBytes / 1_024)Ki")]
    }
}
