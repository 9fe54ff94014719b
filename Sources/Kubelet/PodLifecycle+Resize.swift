import Base
import JSON
import Objects

/// A change of a running Pod's resources (`pods/resize`).
///
/// ``ContainerTrack/spec`` and ``granted`` hold what the machine has set aside, the Pod's own spec
/// what is wished, and ``ContainerInstance/resources`` what the runtime was told.
struct ResizeTrack: Sendable, Equatable {
    /// Why the wish waits: `Deferred` until there is room, `Infeasible` for ever.
    struct Pending: Sendable, Equatable {
        var reason: String
        var message: String
        var since: Instant
    }

    /// What is set aside for the Pod as a whole (`spec.resources`).
    var granted: JSON?
    /// The wish may be another than when all wishes were last looked at.
    var isWishNew = false
    var pending: Pending?
    /// What the runtime refused, or would do harm, until it takes it.
    var error: String?
    /// The last change was told as begun and not yet as done.
    var isTold = false
    var retry = Retry()

    init(granted: JSON? = nil) { self.granted = granted }
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
        guard stage == .active else { return false }
        return pod.spec["resources"] != resize.granted
            || containers.contains {
                resizable($0) && wish(for: $0) != $0.spec.json["resources"]
            }
    }

    /// The Pod with the resources that were set aside in place of those that are wished.
    var grantedPod: Pod {
        guard wishesToResize else { return pod }
        var json = pod.json
        json["spec"]?["resources"] = resize.granted
        for list in ["containers", "initContainers"] {
            guard let specs = json["spec"]?[list]?.array else { continue }
            json["spec"]?[list] = .array(
                specs.map { spec in
                    let track = containers.first { $0.name == spec["name"]?.string }
                    guard let track, resizable(track) else { return spec }
                    var spec = spec
                    spec["resources"] = track.spec.json["resources"]
                    return spec
                })
        }
        return Pod(json)
    }

    /// What the Pod has been given, by resource.
    func reserved(_ resource: String) -> Int64 {
        NodeFit.request(resource, grantedPod)
    }

    func wished(_ resource: String) -> Int64 { NodeFit.request(resource, pod) }

    /// The machine has set the wished resources aside.
    mutating func grantResize(_ turn: inout PodTurn) {
        for index in containers.indices where resizable(containers[index]) {
            guard let wish = wish(for: containers[index]) else { continue }
            containers[index].spec.json["resources"] = wish
        }
        resize.granted = pod.spec["resources"]
        resize.pending = nil
        resize.error = nil
        resize.retry = Retry()
        if !isResizing { return }
        resize.isTold = true
        turn.note("ResizeStarted", "Pod resize started: \(resizeText.text)")
        advance(&turn)
    }

    mutating func holdResize(_ pending: ResizeTrack.Pending, _ turn: inout PodTurn) {
        let known = resize.pending
        guard known?.reason != pending.reason || known?.message != pending.message else { return }
        resize.pending = pending
        if let known { resize.pending?.since = known.since }
        let reason = "Resize\(pending.reason)"
        var text = resizeText
        text["error"] = .string(pending.message)
        turn.warn(reason, "Pod resize \(pending.reason.lowercased()): \(text.text)")
    }

    /// Running containers whose resources the runtime has not been told yet.
    var isResizing: Bool {
        containers.contains { container in
            resizable(container) && container.isRunning && isBehind(container)
        }
    }

    /// The runtime was told of other resources than are set aside now.
    private func isBehind(_ container: ContainerTrack) -> Bool {
        guard let instance = container.instance else { return false }
        return instance.resources != container.spec.json["resources"]
            || instance.podResources != resize.granted
    }

    /// Tells the runtime, or restarts the container where its policy says so.
    mutating func advanceResize(_ turn: inout PodTurn) {
        if resize.isTold, !isResizing {
            var done = ResizeTrack(granted: resize.granted)
            (done.pending, done.isWishNew) = (resize.pending, resize.isWishNew)
            resize = done
            turn.note("ResizeCompleted", "Pod resize completed: \(resizeText.text)")
        }
        guard resize.retry.isDue(turn.instant), isResizing else { return }
        let pod = grantedPod
        if let error = decreaseError(pod, turn) { return noteResizeError(error, &turn) }
        for index in containers.indices {
            let container = containers[index]
            guard resizable(container), container.isRunning, container.stop == nil,
                isBehind(container), let instance = container.instance,
                !isInFlight(.resize(container.name, id: instance.id))
            else { continue }
            if mustRestart(container) {
                beginStop(
                    index, deadline: turn.instant + .seconds(pod.terminationGracePeriodSeconds),
                    "Container \(container.name) resize requires restart", &turn)
                containers[index].mustRunAgain = true
                continue
            }
            containers[index].resizingTo = (container.spec.json["resources"], resize.granted)
            var resources = PodResources.linux(
                container.spec, pod: pod, memoryCapacity: turn.machine.memoryBytes)
            resources.ofPod = builder(turn).cgroup
            send(
                .resize(container.name, id: instance.id),
                .updateResources(id: instance.id, resources), &turn)
        }
    }

    /// Containers without a limit of their own have the Pod's, so a change of that one counts.
    private func mustRestart(_ container: ContainerTrack) -> Bool {
        let old = (container.instance?.resources, container.instance?.podResources)
        let new = (container.spec.json["resources"], resize.granted)
        return (container.spec.json["resizePolicy"]?.array ?? []).contains { policy in
            guard policy["restartPolicy"]?.string == "RestartContainer",
                let name = policy["resourceName"]?.string
            else { return false }
            func limit(_ own: JSON?, _ ofPod: JSON?) -> JSON? {
                own?["limits"]?[name] ?? ofPod?["limits"]?[name]
            }
            return old.0?["requests"]?[name] != new.0?["requests"]?[name]
                || limit(old.0, old.1) != limit(new.0, new.1)
        }
    }

    /// Less memory than is in use would have the kernel end processes. What is in use is known from
    /// the last look at the machine, as far as there was one.
    private func decreaseError(_ granted: Pod, _ turn: PodTurn) -> String? {
        var errors: [String] = []
        func check(_ what: String, from old: Int64?, to new: Int64?, _ used: Int64) {
            guard let new, new > 0, new < old ?? .max, new < used else { return }
            errors.append(
                "attempting to set \(what) memory limit (\(new)) below current usage (\(used))")
        }
        let used = turn.usage.values.reduce(Int64(0)) { $0 + $1.workingSetBytes }
        var before = granted.json
        before["spec"]?["resources"] = containers.lazy.compactMap(\.instance?.podResources).first
        before["spec"]?["containers"] = .array(
            containers.filter { $0.role == .application }.map {
                ["name": .string($0.name), "resources": $0.instance?.resources ?? [:]]
            })
        check(
            "pod", from: PodResources.memoryLimit(of: Pod(before)),
            to: PodResources.memoryLimit(of: granted), used)
        for container in containers
        where resizable(container) && container.isRunning && !mustRestart(container) {
            guard let used = turn.usage[container.name]?.workingSetBytes else { continue }
            let old = Container(["resources": container.instance?.resources ?? [:]])
            check(
                "container \"\(container.name)\"", from: old.limits["memory"]?.value,
                to: container.spec.limits["memory"]?.value, used)
        }
        guard let first = errors.first else { return nil }
        let list = errors.count == 1 ? first : "[\(errors.joined(separator: ", "))]"
        return "cannot decrease memory limits: \(list)"
    }

    mutating func onResized(
        _ index: Int, _ result: Result<RuntimeResponse, RuntimeError>, _ turn: inout PodTurn
    ) {
        switch result {
        case .success:
            let told = containers[index].resizingTo
            containers[index].instance?.resources = told?.resources
            containers[index].instance?.podResources = told?.ofPod
            resize.error = nil
            resize.retry.noteSuccess()
        case .failure(let error): noteResizeError(error.message, &turn)
        }
    }

    private mutating func noteResizeError(_ message: String, _ turn: inout PodTurn) {
        resize.retry.noteFailure(turn.limits, now: turn.instant)
        guard resize.error != message else { return }
        resize.error = message
        var text = resizeText
        text["error"] = .string(message)
        turn.warn("ResizeError", "Pod resize error: \(text.text)")
    }

    /// The containers and their resources as the Events of a resize print them.
    private var resizeText: JSON {
        let list: [JSON] = containers.filter(resizable).map { container in
            ["name": .string(container.name), "resources": container.spec.json["resources"] ?? [:]]
        }
        var text: JSON = ["containers": .array(list)]
        if let granted = resize.granted { text["pod"] = ["resources": granted] }
        text["generation"] = .integer(pod.metadata.generation)
        return text
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
    /// Looks at the wishes when one is new, or when Pods came, went or changed what they hold.
    mutating func settleResizes(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        guard areResizesStale, let machine = node.machine else { return }
        areResizesStale = false
        guard !resizing.isEmpty else { return }
        for wish in resizeWishes {
            guard let pod = pods[wish.uid] else { continue }
            if let pending = obstacle(to: pod, on: machine, now) {
                withPod(wish.uid, now, &out) { $0.holdResize(pending, &$1) }
            } else {
                // What the Pod gives back may be what another one waits for.
                areResizesStale = true
                withPod(wish.uid, now, &out) { $0.grantResize(&$1) }
            }
        }
    }

    /// By priority, then by class, then by how long they wait (KEP-1287).
    private var resizeWishes: [ResizeWish] {
        order.filter(resizing.contains).compactMap { uid in
            pods[uid].map { ResizeWish(uid: uid, $0) }
        }.sorted()
    }

    private func obstacle(
        to pod: PodLifecycle, on machine: MachineFacts, _ now: Instant
    ) -> ResizeTrack.Pending? {
        for (resource, capacity) in NodeFit.capacities(machine) where capacity > 0 {
            let (wished, reserved) = (pod.wished(resource), pod.reserved(resource))
            guard wished > reserved else { continue }
            let others = order.reduce(Int64(0)) { total, uid in
                guard uid != pod.uid, let other = pods[uid], other.isHoldingRoom else {
                    return total
                }
                return total + other.reserved(resource)
            }
            if wished > capacity {
                return .init(
                    reason: "Infeasible",
                    message: "Node didn't have enough capacity: \(resource), "
                        + "requested: \(wished), capacity: \(capacity)", since: now)
            }
            if wished + others > capacity {
                return .init(
                    reason: "Deferred",
                    message: "Node didn't have enough resource: \(resource), "
                        + "requested: \(wished), used: \(others), capacity: \(capacity)",
                    since: now)
            }
        }
        return nil
    }
}

/// A Pod that wishes for other resources, before those that wait behind it.
private struct ResizeWish: Comparable {
    let uid: String
    private let rank: (priority: Int64, quality: Int, since: Instant)

    init(uid: String, _ pod: PodLifecycle) {
        self.uid = uid
        let quality: Int =
            switch PodResources.qualityOfService(pod.pod) {
            case .guaranteed: 0
            case .burstable: 1
            case .bestEffort: 2
            }
        rank = (
            -(pod.pod.spec["priority"]?.integer ?? 0), quality,
            pod.resize.pending?.since ?? .distantFuture
        )
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.rank.priority, left.rank.quality, left.rank.since, left.uid)
            < (right.rank.priority, right.rank.quality, right.rank.since, right.uid)
    }

    static func == (left: Self, right: Self) -> Bool { left.uid == right.uid }
}

extension PodLifecycle {
    var isHoldingRoom: Bool { stage == .active || stage == .terminating }
}
