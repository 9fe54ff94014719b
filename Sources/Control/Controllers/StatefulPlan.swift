import Base
import JSON
import Objects

/// A StatefulSet with its Pods in the order of their numbers.
struct StatefulPlan {
    private let set: ObjectRecord
    private let current: ObjectRecord
    private let update: ObjectRecord
    private let state: ClusterState
    private let context: ControlContext
    private let start: Int
    private let replicas: Int
    private let minReadySeconds: Int64
    /// Of all numbers, the lowest first.
    private let members: [StatefulMember]

    init(
        _ set: ObjectRecord, _ pods: [PodRecord], current: ObjectRecord, update: ObjectRecord,
        in state: ClusterState, _ context: ControlContext
    ) {
        self.set = set
        self.current = current
        self.update = update
        self.state = state
        self.context = context
        start = Int(clamping: set.spec["ordinals"]?["start"]?.integer ?? 0)
        replicas = Int(clamping: set.spec["replicas"]?.integer ?? 1)
        minReadySeconds = set.spec["minReadySeconds"]?.integer ?? 0
        members = pods.compactMap { pod in
            StatefulMember.ordinal(of: pod.key.name, in: set.key.name).map {
                StatefulMember(ordinal: $0, pod: pod)
            }
        }.sorted { $0.ordinal < $1.ordinal }
    }

    private var range: Range<Int> { start..<start + replicas }
    private var condemned: [StatefulMember] { members.filter { !range.contains($0.ordinal) } }
    private var isInOrder: Bool { self.set.spec["podManagementPolicy"]?.string != "Parallel" }
    private var strategy: JSON? { self.set.spec["updateStrategy"] }
    private var isRolling: Bool { strategy?["type"]?.string != "OnDelete" }
    private var partition: Int {
        Int(clamping: strategy?["rollingUpdate"]?["partition"]?.integer ?? 0)
    }

    private func revision(of pod: PodRecord) -> String {
        pod.labels[RevisionHistory.podLabel] ?? ""
    }

    private func isRunningAndReady(_ pod: PodRecord) -> Bool {
        pod.isReady && !pod.isFinished && pod.pod.phase == "Running"
    }

    private func isAvailable(_ pod: PodRecord) -> Bool {
        isRunningAndReady(pod)
            && pod.isAvailable(minReadySeconds: minReadySeconds, at: context.wall)
    }

    private func isHealthy(_ pod: PodRecord) -> Bool {
        isAvailable(pod) && !state.isDeparting(pod)
    }

    private func identity(_ ordinal: Int) -> StatefulIdentity {
        StatefulIdentity(set: set, ordinal: ordinal)
    }

    var liveRevisions: Set<String> {
        Set(members.map { revision(of: $0.pod) } + [current.key.name, update.key.name])
    }

    /// Takes the next steps: what is missing or broken, then what is too much, then the update.
    func act(_ result: inout Reconciliation) {
        let byOrdinal = Dictionary(members.map { ($0.ordinal, $0.pod) }) { first, _ in first }
        var creations = 0
        for ordinal in range {
            let mayGoOn = settle(ordinal, byOrdinal[ordinal], creations: &creations, &result)
            if !mayGoOn, isInOrder { return }
        }
        guard condemn(byOrdinal, &result) else { return }
        guard isRolling, result.proposals.isEmpty else { return }
        roll(byOrdinal, &result)
    }

    /// Brings one number to a Pod that runs; false while those behind it have to wait.
    private func settle(
        _ ordinal: Int, _ pod: PodRecord?, creations: inout Int, _ result: inout Reconciliation
    ) -> Bool {
        guard let pod else {
            let limit = context.refusals > 0 ? 1 : context.configuration.burstMax
            if creations < limit { create(ordinal, &result) }
            creations += 1
            return false
        }
        if pod.isFinished {
            delete(pod, "it has ended", &result)
            return false
        }
        if state.isDeparting(pod) { return false }
        if pod.nodeName == nil { createClaims(ordinal, &result) }
        guard isAvailable(pod) else {
            if pod.isReady, let since = pod.readySince {
                let due = since + .seconds(minReadySeconds)
                if due > context.wall { result.requeue(after: due - context.wall) }
            }
            return false
        }
        return true
    }

    private func create(_ ordinal: Int, _ result: inout Reconciliation) {
        let identity = identity(ordinal)
        let isStale = identity.claimKeys().contains { state.record($0)?.isBeingDeleted ?? false }
        guard !isStale else {
            result.explanation = "a claim of \(identity.name) is still being deleted"
            return
        }
        createClaims(ordinal, &result)
        // What the update has not come to yet is restored as it was.
        let isOld = isRolling && ordinal < start + partition
        let revision = isOld ? current : update
        let name = identity.name
        result.propose(
            .create(
                .pods,
                identity.pod(
                    RevisionHistory.template(of: revision), revision: revision.key.name)),
            why: "the set has no \(name)",
            event: event(
                "SuccessfulCreate",
                "create Pod \(name) in StatefulSet \(set.key.name) successful", .none),
            failureEvent: event(
                "FailedCreate",
                "create Pod \(name) in StatefulSet \(set.key.name) failed error: ", .refusal))
    }

    private func createClaims(_ ordinal: Int, _ result: inout Reconciliation) {
        let identity = identity(ordinal)
        for claim in identity.missingClaims(in: state) {
            let text =
                "create Claim \(claim["metadata"]?["name"]?.string ?? "") Pod \(identity.name) in "
                + "StatefulSet \(set.key.name)"
            result.propose(
                .create(.persistentVolumeClaims, claim), why: "\(identity.name) mounts it",
                event: event("SuccessfulCreate", "\(text) success", .none),
                failureEvent: event("FailedCreate", "\(text) failed error: ", .refusal))
        }
    }

    private func delete(_ pod: PodRecord, _ why: String, _ result: inout Reconciliation) {
        guard !state.isDeparting(pod) else { return }
        let text = "delete Pod \(pod.key.name) in StatefulSet \(set.key.name)"
        result.propose(
            .delete(pod.key, uid: pod.uid), why: why,
            event: event("SuccessfulDelete", "\(text) successful", .none),
            failureEvent: event("FailedDelete", "\(text) failed error: ", .refusal))
    }

    private func event(
        _ reason: String, _ message: String, _ ending: EventDraft.Ending
    ) -> EventDraft {
        EventDraft(
            about: set.key, uid: set.uid, isWarning: ending == .refusal, reason: reason,
            message: message, ending: ending, component: StatefulSetController.component)
    }

    /// Deletes Pods beyond the replicas, the last one first; false while the update has to wait.
    private func condemn(_ byOrdinal: [Int: PodRecord], _ result: inout Reconciliation) -> Bool {
        let broken = firstUnhealthy(byOrdinal)
        for member in condemned.reversed() {
            let pod = member.pod
            identity(member.ordinal).condemnClaims(with: pod, in: state, &result)
            if state.isDeparting(pod) {
                if isInOrder { return false }
                continue
            }
            // One that is broken itself may go though it is not healthy; others wait for it.
            if isInOrder, !isAvailable(pod), pod.uid != broken { return false }
            delete(pod, "it is beyond the replicas", &result)
            if isInOrder { return false }
        }
        return true
    }

    /// The Pod of the lowest number that is not healthy; nil when that number has no Pod.
    private func firstUnhealthy(_ byOrdinal: [Int: PodRecord]) -> String? {
        let missing = range.first { byOrdinal[$0] == nil }
        let member = members.first { !isHealthy($0.pod) }
        guard let member, member.ordinal < missing ?? .max else { return nil }
        return member.pod.uid
    }

    private func roll(_ byOrdinal: [Int: PodRecord], _ result: inout Reconciliation) {
        let bound = strategy?["rollingUpdate"]?["maxUnavailable"] ?? 1
        let maxUnavailable = max(
            1, IntOrPercent.resolve(bound, of: replicas, roundingUp: false))
        var unavailable = range.count { !(byOrdinal[$0].map(isHealthy) ?? false) }
        for ordinal in range.dropFirst(partition).reversed() {
            guard let pod = byOrdinal[ordinal] else { return }
            guard revision(of: pod) != update.key.name else {
                // With one at a time each has to be there again before the next one goes.
                if maxUnavailable == 1, !isHealthy(pod) { return }
                continue
            }
            if state.isDeparting(pod) {
                if maxUnavailable == 1 { return }
                continue
            }
            if isHealthy(pod), maxUnavailable > 1 {
                guard unavailable < maxUnavailable else { return }
                unavailable += 1
            }
            delete(pod, "its template is old", &result)
            if maxUnavailable == 1 { return }
        }
    }
}

extension StatefulPlan {
    func updateStatus(_ result: inout Reconciliation) {
        let pods = members.map(\.pod)
        var status = set.status
        func count(_ isCounted: (PodRecord) -> Bool) -> Int64 {
            Int64(pods.count(where: isCounted))
        }
        func store(_ name: String, _ count: Int64) {
            status[name] = count == 0 ? JSON?.none : .integer(count)
        }
        func updated(_ revision: ObjectRecord) -> Int64 {
            count { !state.isDeparting($0) && self.revision(of: $0) == revision.key.name }
        }
        let ready = count(isRunningAndReady)
        status["replicas"] = .integer(Int64(pods.count))
        store("readyReplicas", ready)
        status["availableReplicas"] = .integer(count(isAvailable))
        store("currentReplicas", updated(current))
        store("updatedReplicas", updated(update))
        status["currentRevision"] = .string(current.key.name)
        status["updateRevision"] = .string(update.key.name)
        if status["collisionCount"] == nil { status["collisionCount"] = 0 }
        status["observedGeneration"] = .integer(set.generation)
        let total = Int64(pods.count)
        if isRolling, updated(update) == total, ready == total {
            status["currentRevision"] = .string(update.key.name)
            store("currentReplicas", total)
        }
        result.proposeStatus(status, of: set, why: "its counts changed")
    }
}
