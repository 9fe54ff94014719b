import Base
import JSON
import Objects

/// A change of a running Pod's resources (`pods/resize`).
///
/// ``ContainerTrack/spec`` holds what the machine has set aside for a container, the Pod's own
/// spec what is wished, and ``ContainerInstance/resources`` what the runtime was told.
struct ResizeTrack: Sendable, Equatable {
    /// Why the wish waits: `Deferred` until there is room, `Infeasible` for ever.
    struct Pending: Sendable, Equatable {
        var reason: String
        var message: String
    }

    var pending: Pending?
    /// What the runtime refused, until it takes it.
    var error: String?
    /// The last change was told as begun and not yet as done.
    var isTold = false
    var retry = Retry()
}

extension PodLifecycle {
    /// The containers whose resources a wish changes: those that run or will run again.
    private func resizable(_ container: ContainerTrack) -> Bool {
        container.role == .application || container.role == .sidecar
    }

    private func wish(for container: ContainerTrack) -> JSON? {
        (pod.containers + pod.initContainers).first { $0.name == container.name }?
            .json["resources"]
    }

    /// Whether the Pod wishes for other resources than it has.
    var wishesToResize: Bool {
        stage == .active
            && containers.contains { resizable($0) && wish(for: $0) != $0.spec.json["resources"] }
    }

    /// What the Pod's containers have been given, by resource.
    func reserved(_ resource: String) -> Int64 {
        sum(resource, containers.filter(resizable).map(\.spec))
    }

    func wished(_ resource: String) -> Int64 {
        sum(resource, pod.containers + pod.initContainers.filter {
            $0.json["restartPolicy"]?.string == "Always"
        })
    }

    private func sum(_ resource: String, _ containers: [Container]) -> Int64 {
        containers.reduce(0) { total, container in
            let quantity = container.requests[resource] ?? container.limits[resource] ?? .zero
            return total + (resource == "cpu" ? quantity.milli : quantity.value)
        }
    }

    /// The machine has set the wished resources aside.
    mutating func grantResize(_ turn: inout PodTurn) {
        for index in containers.indices where resizable(containers[index]) {
            guard let wish = wish(for: containers[index]) else { continue }
            containers[index].spec.json["resources"] = wish
        }
        resize.pending = nil
        resize.retry = Retry()
        if !isResizing { return }
        resize.isTold = true
        turn.note("ResizeStarted", "Pod resize started: \(resizeText.text)")
        advance(&turn)
    }

    mutating func holdResize(_ pending: ResizeTrack.Pending, _ turn: inout PodTurn) {
        guard resize.pending != pending else { return }
        resize.pending = pending
        let reason = "Resize\(pending.reason)"
        var text = resizeText
        text["error"] = .string(pending.message)
        turn.warn(reason, "Pod resize \(pending.reason.lowercased()): \(text.text)")
    }

    /// Running containers whose resources the runtime has not been told yet.
    var isResizing: Bool {
        containers.contains { container in
            resizable(container) && container.isRunning
                && container.instance?.resources != container.spec.json["resources"]
        }
    }

    /// Tells the runtime, or restarts the container where its policy says so.
    mutating func advanceResize(_ turn: inout PodTurn) {
        if resize.isTold, !isResizing {
            resize = ResizeTrack(pending: resize.pending)
            turn.note("ResizeCompleted", "Pod resize completed: \(resizeText.text)")
        }
        guard resize.retry.isDue(turn.instant) else { return }
        for index in containers.indices {
            let container = containers[index]
            guard resizable(container), container.isRunning, container.stop == nil,
                let instance = container.instance,
                instance.resources != container.spec.json["resources"],
                !isInFlight(.resize(container.name, id: instance.id))
            else { continue }
            if mustRestart(container) {
                beginStop(
                    index, deadline: turn.instant + .seconds(pod.terminationGracePeriodSeconds),
                    "Container \(container.name) resize requires restart", &turn)
                containers[index].mustRunAgain = true
                continue
            }
            containers[index].resizingTo = container.spec.json["resources"]
            var resources = PodResources.linux(
                container.spec, pod: pod, memoryCapacity: turn.machine.memoryBytes)
            resources.ofPod = builder(turn).cgroup
            send(
                .resize(container.name, id: instance.id),
                .updateResources(id: instance.id, resources), &turn)
        }
    }

    private func mustRestart(_ container: ContainerTrack) -> Bool {
        let (old, new) = (container.instance?.resources, container.spec.json["resources"])
        return (container.spec.json["resizePolicy"]?.array ?? []).contains { policy in
            guard policy["restartPolicy"]?.string == "RestartContainer",
                let name = policy["resourceName"]?.string
            else { return false }
            return ["requests", "limits"].contains { old?[$0]?[name] != new?[$0]?[name] }
        }
    }

    mutating func onResized(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        switch result {
        case .success:
            let resources = containers[index].resizingTo
            containers[index].instance?.resources = resources
            resize.error = nil
            resize.retry.noteSuccess()
        case .failure(let error):
            resize.retry.noteFailure(turn.limits, now: turn.instant)
            guard resize.error != error.message else { return }
            resize.error = error.message
            var text = resizeText
            text["error"] = .string(error.message)
            turn.warn("ResizeError", "Pod resize error: \(text.text)")
        }
    }

    /// The containers and their resources as the Events of a resize print them.
    private var resizeText: JSON {
        let list: [JSON] = containers.filter(resizable).map { container in
            ["name": .string(container.name), "resources": container.spec.json["resources"] ?? [:]]
        }
        return [
            "containers": .array(list), "generation": .integer(pod.metadata.generation),
        ]
    }

    /// `PodResizePending` and `PodResizeInProgress`, while they hold.
    var resizeConditions: [(type: String, reason: String?, message: String?)] {
        var result: [(String, String?, String?)] = []
        if let pending = resize.pending, wishesToResize {
            result.append(("PodResizePending", pending.reason, pending.message))
        }
        if resize.isTold, isResizing {
            result.append(
                ("PodResizeInProgress", resize.error == nil ? nil : "Error", resize.error))
        }
        return result
    }
}

/// Whether wished resources fit on the machine is a question about all of its Pods.
extension KubeletCore {
    mutating func settleResizes(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        guard !resizing.isEmpty, let machine = node.machine else { return }
        let capacities = [("cpu", machine.cpuMilli), ("memory", machine.memoryBytes)]
        for uid in order where resizing.contains(uid) {
            guard let pod = pods[uid] else { continue }
            var pending: ResizeTrack.Pending?
            for (resource, capacity) in capacities where capacity > 0 && pending == nil {
                let wished = pod.wished(resource)
                let others = order.reduce(Int64(0)) { total, other in
                    guard other != uid, let pod = pods[other], pod.isHoldingRoom else {
                        return total
                    }
                    return total + pod.reserved(resource)
                }
                guard wished > pod.reserved(resource), wished + others > capacity else { continue }
                pending = wished > capacity
                    ? .init(
                        reason: "Infeasible",
                        message: "Node didn't have enough capacity: \(resource), "
                            + "requested: \(wished), capacity: \(capacity)")
                    : .init(
                        reason: "Deferred",
                        message: "Node didn't have enough resource: \(resource), "
                            + "requested: \(wished), used: \(others), capacity: \(capacity)")
            }
            if let pending {
                guard pod.resize.pending != pending else { continue }
                withPod(uid, now, &out) { $0.holdResize(pending, &$1) }
            } else {
                withPod(uid, now, &out) { $0.grantResize(&$1) }
            }
        }
    }
}

extension PodLifecycle {
    var isHoldingRoom: Bool { stage == .active || stage == .terminating }
}
