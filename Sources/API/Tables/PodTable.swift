import Base
import JSON
import Objects

/// The rows of `kubectl get pods`. The words in the column Status follow `printPod` of Kubernetes:
/// the Pod's phase, until something more telling is known of a container.
enum PodTable {
    static let columns = [
        TableColumn.name,
        TableColumn("Ready", "Containers that are ready, of all that should be."),
        TableColumn("Status", "What the Pod is doing, in one word."),
        TableColumn("Restarts", "How often containers were restarted, and when last."),
        TableColumn.age,
        TableColumn("IP", "Address of the Pod.", priority: 1),
        TableColumn("Node", "Node that runs the Pod.", priority: 1),
        TableColumn(
            "Nominated Node", "Node on which room is being made for the Pod.", priority: 1),
        TableColumn(
            "Readiness Gates", "Readiness gates that are passed, of all there are.", priority: 1),
    ]

    @Sendable static func cells(_ pod: JSON, _ now: WallTime) -> [JSON] {
        var summary = Summary(pod)
        summary.read()
        let status = pod["status"] ?? [:]
        let spec = pod["spec"] ?? [:]
        let address = status.list("podIPs").first?.text("ip") ?? status.text("podIP")
        return [
            pod.name, .string("\(summary.ready)/\(summary.total)"), .string(summary.reason),
            .string(summary.restarts.text(now: now)), pod.age(at: now), address.orNone,
            spec.text("nodeName").orNone, status.text("nominatedNodeName").orNone,
            readinessGates(spec, status),
        ]
    }

    private static func readinessGates(_ spec: JSON, _ status: JSON) -> JSON {
        let gates = spec.list("readinessGates")
        guard !gates.isEmpty else { return "<none>" }
        let passed = gates.count { gate in
            status.list("conditions").contains {
                $0.text("type") == gate.text("conditionType") && $0.text("status") == "True"
            }
        }
        return .string("\(passed)/\(gates.count)")
    }
}

extension PodTable {
    /// How often containers were restarted, and when the last of them had ended.
    fileprivate struct Restarts {
        var count: Int64 = 0
        var last: WallTime?

        mutating func add(_ container: JSON) {
            count += container["restartCount"]?.integer ?? 0
            let ended = container["lastState"]?["terminated"]?.text("finishedAt") ?? ""
            guard let date = WallTime(rfc3339: ended) else { return }
            last = last.map { max($0, date) } ?? date
        }

        func text(now: WallTime) -> String {
            guard count != 0, let last else { return String(count) }
            let seconds = (now - last).nanoseconds / 1_000_000_000
            return "\(count) (\(HumanDuration.describe(seconds: seconds)) ago)"
        }
    }

    fileprivate struct Summary {
        private let pod: JSON
        private let spec: JSON
        private let status: JSON
        private(set) var reason: String
        private(set) var ready = 0
        private(set) var total: Int
        private(set) var restarts = Restarts()

        init(_ pod: JSON) {
            self.pod = pod
            spec = pod["spec"] ?? [:]
            status = pod["status"] ?? [:]
            total = spec.list("containers").count
            let phase = status.text("phase")
            reason = status.text("reason").isEmpty ? phase : status.text("reason")
        }

        mutating func read() {
            let isGated = status.list("conditions").contains {
                $0.text("type") == "PodScheduled" && $0.text("reason") == "SchedulingGated"
            }
            if isGated { reason = "SchedulingGated" }
            let sidecars = Set(
                spec.list("initContainers").filter { $0.text("restartPolicy") == "Always" }
                    .map { $0.text("name") })
            total += sidecars.count
            var sidecarRestarts = Restarts()
            let isInitializing = readInitContainers(sidecars, &sidecarRestarts)
            if !isInitializing || hasCondition("Initialized") {
                restarts = sidecarRestarts
                readContainers()
            }
            guard pod["metadata"]?["deletionTimestamp"]?.string != nil else { return }
            if status.text("reason") == "NodeLost" {
                reason = "Unknown"
            } else if !["Failed", "Succeeded"].contains(status.text("phase")) {
                reason = "Terminating"
            }
        }

        private func hasCondition(_ type: String) -> Bool {
            status.list("conditions").contains {
                $0.text("type") == type && $0.text("status") == "True"
            }
        }

        /// True when an init container is still to run to its end.
        private mutating func readInitContainers(
            _ sidecars: Set<String>, _ sidecarRestarts: inout Restarts
        ) -> Bool {
            let count = spec.list("initContainers").count
            for (index, container) in status.list("initContainerStatuses").enumerated() {
                restarts.add(container)
                let isSidecar = sidecars.contains(container.text("name"))
                if isSidecar { sidecarRestarts.add(container) }
                let state = container["state"] ?? [:]
                if let terminated = state["terminated"] {
                    if terminated["exitCode"]?.integer == 0 { continue }
                    if !(isSidecar && container.flag("started")) {
                        reason = "Init:" + Self.ending(terminated)
                        return true
                    }
                }
                if isSidecar, container.flag("started") {
                    if container.flag("ready") { ready += 1 }
                    continue
                }
                let waiting = state["waiting"]?.text("reason") ?? ""
                reason =
                    waiting.isEmpty || waiting == "PodInitializing"
                    ? "Init:\(index)/\(count)" : "Init:" + waiting
                return true
            }
            return false
        }

        private mutating func readContainers() {
            var hasRunning = false
            for container in status.list("containerStatuses").reversed() {
                restarts.add(container)
                let state = container["state"] ?? [:]
                let waiting = state["waiting"]?.text("reason") ?? ""
                if !waiting.isEmpty {
                    reason = waiting
                } else if let terminated = state["terminated"] {
                    reason = Self.ending(terminated)
                } else if container.flag("ready"), state["running"] != nil {
                    hasRunning = true
                    ready += 1
                }
            }
            if reason == "Completed", hasRunning {
                reason = hasCondition("Ready") ? "Running" : "NotReady"
            }
        }

        private static func ending(_ terminated: JSON) -> String {
            let reason = terminated.text("reason")
            if !reason.isEmpty { return reason }
            let signal = terminated["signal"]?.integer ?? 0
            return signal != 0
                ? "Signal:\(signal)" : "ExitCode:\(terminated["exitCode"]?.integer ?? 0)"
        }
    }
}
