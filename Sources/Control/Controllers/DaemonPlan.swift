import Base
import JSON
import Objects

/// A DaemonSet with its Pods sorted by the Nodes that they belong to.
struct DaemonPlan {
    private let set: ObjectRecord
    private let placement: DaemonPlacement
    private let hash: String
    private let state: ClusterState
    private let context: ControlContext
    private let places: [Place]
    /// Pods on Nodes that are gone, or made for none.
    private let stray: [PodRecord]
    private let minReadySeconds: Int64

    /// One Node and the set's Pods there, the oldest first.
    private struct Place {
        let node: String
        let shouldRun: Bool
        let mayStay: Bool
        let pods: [PodRecord]
    }

    init(
        _ set: ObjectRecord, _ members: [PodRecord], hash: String, in state: ClusterState,
        _ context: ControlContext
    ) {
        self.set = set
        self.hash = hash
        self.state = state
        self.context = context
        minReadySeconds = set.spec["minReadySeconds"]?.integer ?? 0
        let placement = DaemonPlacement(set.spec["template"] ?? [:])
        self.placement = placement
        var byNode = Dictionary(
            grouping: members.sorted { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }
        ) { DaemonPlacement.target(of: $0, in: state) ?? "" }
        places = state.sortedNodes.map { node in
            let (shouldRun, mayStay) = placement.judge(node, in: state)
            return Place(
                node: node.name, shouldRun: shouldRun, mayStay: mayStay,
                pods: byNode.removeValue(forKey: node.name) ?? [])
        }
        stray = byNode.keys.sorted().flatMap { byNode[$0] ?? [] }
    }

    var isRolling: Bool { self.set.spec["updateStrategy"]?["type"]?.string != "OnDelete" }

    private func isCurrent(_ pod: PodRecord) -> Bool {
        pod.labels[RevisionHistory.podLabel] == hash
    }

    private func isAvailable(_ pod: PodRecord) -> Bool {
        state.isActive(pod)
            && pod.isAvailable(minReadySeconds: minReadySeconds, at: context.wall)
    }

    /// Makes what is missing and deletes what has ended, what is too many and what must not stay.
    func manage(_ result: inout Reconciliation) {
        var missing: [String] = []
        for place in places {
            if place.shouldRun, place.pods.isEmpty { missing.append(place.node) }
            guard place.mayStay else {
                for pod in place.pods { delete(pod, "its Node is not the set's", &result) }
                continue
            }
            let running = place.pods.filter { !$0.isFinished && !state.isDeparting($0) }
            for pod in place.pods where pod.isFinished { replace(pod, place.node, &result) }
            // While one Pod takes over from another there are two.
            let groups =
                maxSurge > 0
                ? [running.filter(isCurrent), running.filter { !isCurrent($0) }] : [running]
            for pod in groups.flatMap({ $0.dropFirst() }) {
                delete(pod, "its Node has another", &result)
            }
        }
        for pod in stray where state.isActive(pod) { delete(pod, "its Node is gone", &result) }
        let limit = context.refusals > 0 ? 1 : context.configuration.burstMax
        for node in missing.prefix(limit) { create(on: node, &result) }
    }

    private func create(on node: String, _ result: inout Reconciliation) {
        result.propose(
            .create(.pods, placement.pod(on: node, of: set, hash: hash)),
            why: "\(node) has no Pod of the set",
            event: event("SuccessfulCreate", "Created pod: ", .name),
            failureEvent: event("FailedCreate", "Error creating: ", .refusal))
    }

    private func delete(_ pod: PodRecord, _ why: String, _ result: inout Reconciliation) {
        guard !state.isDeparting(pod) else { return }
        result.propose(
            .delete(pod.key, uid: pod.uid), why: why,
            event: event("SuccessfulDelete", "Deleted pod: \(pod.key.name)", .none),
            failureEvent: event("FailedDelete", "Error deleting: ", .refusal))
    }

    /// Deletes a Pod that has ended; not at once when its machine refused it as soon as it came.
    private func replace(_ pod: PodRecord, _ node: String, _ result: inout Reconciliation) {
        guard !state.isDeparting(pod) else { return }
        let hasFailed = pod.pod.phase == "Failed"
        let due = pod.createdAt + context.configuration.daemonRetryDelay
        let isRefused = hasFailed && !(pod.pod.status["reason"]?.string ?? "").isEmpty
        guard !isRefused || due <= context.wall else {
            return result.requeue(after: due - context.wall)
        }
        result.events.append(
            EventDraft(
                about: set.key, uid: set.uid, isWarning: hasFailed,
                reason: hasFailed ? "FailedDaemonPod" : "SucceededDaemonPod",
                message: hasFailed
                    ? "Found failed daemon pod \(pod.key.namespace)/\(pod.key.name) on node "
                        + "\(node), will try to kill it"
                    : "Found succeeded daemon pod \(pod.key.namespace)/\(pod.key.name) on node "
                        + "\(node), will try to delete it",
                component: DaemonSetController.component))
        delete(pod, "it has ended", &result)
    }

    private func event(
        _ reason: String, _ message: String, _ ending: EventDraft.Ending
    ) -> EventDraft {
        EventDraft(
            about: set.key, uid: set.uid, isWarning: ending == .refusal, reason: reason,
            message: message, ending: ending, component: DaemonSetController.component)
    }
}

extension DaemonPlan {
    private var rolling: JSON? { self.set.spec["updateStrategy"]?["rollingUpdate"] }
    private var desired: Int { places.count(where: \.shouldRun) }

    private var maxSurge: Int {
        isRolling ? IntOrPercent.resolve(rolling?["maxSurge"] ?? 0, of: desired) : 0
    }

    private var maxUnavailable: Int {
        let given = rolling?["maxUnavailable"] ?? (maxSurge > 0 ? 0 : 1)
        let count = IntOrPercent.resolve(given, of: desired)
        return count == 0 && maxSurge == 0 ? 1 : count
    }

    /// Moves Pods of older templates on, some at a time.
    func roll(_ result: inout Reconciliation) {
        if maxSurge > 0 { surge(&result) } else { swap(&result) }
    }

    /// Deletes old Pods; their successors are made when they are gone.
    private func swap(_ result: inout Reconciliation) {
        var unavailable = 0
        var broken: [PodRecord] = []
        var candidates: [PodRecord] = []
        for place in places where place.shouldRun {
            let old = place.pods.first { !isCurrent($0) && !$0.isFinished }
            let new = place.pods.first { isCurrent($0) && !$0.isFinished }
            if let old {
                if state.isDeparting(old) {
                    unavailable += 1
                } else if isAvailable(old) {
                    candidates.append(old)
                } else {
                    unavailable += 1
                    broken.append(old)
                }
            } else if !(new.map(isAvailable) ?? false) {
                unavailable += 1
                if let new { requeue(for: new, &result) }
            }
        }
        let room = max(0, maxUnavailable - unavailable)
        for pod in broken + candidates.prefix(room) {
            delete(pod, "its template is old", &result)
        }
    }

    /// Makes new Pods beside old ones, and deletes the old where the new are available.
    private func surge(_ result: inout Reconciliation) {
        var surging = 0
        var broken: [String] = []
        var candidates: [String] = []
        for place in places where place.shouldRun {
            let old = place.pods.first { !isCurrent($0) && state.isActive($0) }
            let new = place.pods.first { isCurrent($0) && state.isActive($0) }
            guard let old else { continue }
            if let new {
                surging += 1
                if isAvailable(new) {
                    delete(old, "its successor is available", &result)
                } else {
                    requeue(for: new, &result)
                }
            } else if isAvailable(old) {
                candidates.append(place.node)
            } else {
                broken.append(place.node)
            }
        }
        let room = max(0, maxSurge - surging)
        for node in broken + candidates.prefix(room) { create(on: node, &result) }
    }

    /// Looks again when a ready Pod has been so for long enough.
    private func requeue(for pod: PodRecord, _ result: inout Reconciliation) {
        guard pod.isReady, minReadySeconds > 0, let since = pod.readySince else { return }
        let due = since + .seconds(minReadySeconds)
        if due > context.wall { result.requeue(after: due - context.wall) }
    }

    func updateStatus(_ result: inout Reconciliation) {
        var status = set.status
        func store(_ name: String, _ count: Int, isOptional: Bool = false) {
            status[name] = isOptional && count == 0 ? JSON?.none : .integer(Int64(count))
        }
        let wanted = places.filter(\.shouldRun)
        /// The Pod that stands for the Node: a new one before an old one, a ready one first.
        let chosen = wanted.compactMap { place in
            place.pods.filter(state.isActive).max {
                (isCurrent($0) ? 1 : 0, $0.isReady ? 1 : 0)
                    < (isCurrent($1) ? 1 : 0, $1.isReady ? 1 : 0)
            }
        }
        let available = chosen.count(where: isAvailable)
        for pod in chosen where !isAvailable(pod) { requeue(for: pod, &result) }
        store("currentNumberScheduled", wanted.count { !$0.pods.isEmpty })
        store("numberMisscheduled", places.count { !$0.shouldRun && !$0.pods.isEmpty })
        store("desiredNumberScheduled", wanted.count)
        store("numberReady", chosen.count(where: \.isReady))
        store("updatedNumberScheduled", chosen.count(where: isCurrent), isOptional: true)
        store("numberAvailable", available, isOptional: true)
        store("numberUnavailable", wanted.count - available, isOptional: true)
        status["observedGeneration"] = .integer(set.generation)
        result.proposeStatus(status, of: set, why: "its counts changed")
    }
}
